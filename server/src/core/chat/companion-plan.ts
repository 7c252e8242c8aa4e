/** A terminal session that is to have a chat face too: its command is changed before it starts, and what is needed to hear it is kept. */
import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { CompanionRuntime } from '../chat-ports.ts';
import type { SessionDeps } from '../deps.ts';
import type { Command } from '../machine-ports.ts';
import type { Recipe, SessionRow } from '../ports.ts';

/** Of a session; the companion's own files are in it too. */
const FOLDER = 'companion';
const FILE = 'memory.json';
/** A companion that is not ready by then goes without. */
const PATIENCE_MS = 5_000;

export interface Accompanied {
  companion: CompanionRuntime;
  folder: string;
  memory: Record<string, unknown>;
}

export interface AccompanyPlan {
  recipe: Recipe;
  row: SessionRow;
  command: Command;
  /** False: nobody wants it. */
  heard: boolean;
}

/**
 * The command to start, and why there is no chat face though there should be; null: there is one, or there never should. Changes the faces
 * of the row. Never throws.
 */
export async function accompany(deps: SessionDeps, plan: AccompanyPlan): Promise<{ command: Command; fault: string | null }> {
  const { row, recipe, command, heard } = plan;
  const companion = recipe.companion === undefined || !heard ? null : deps.companions.get(recipe.companion);
  const machine = deps.machines.get(row.machine);
  if (companion === null || machine === null || row.machine !== LOCAL_MACHINE) return { command, fault: null };
  const folder = join(deps.recordings, row.id, FOLDER);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const prepared = await inTime(deps, companion.prepare({ command, machine, folder }));
    if (prepared === null) {
      await rm(folder, { recursive: true, force: true });
      return { command, fault: null };
    }
    await keep(folder, { companion: companion.name, memory: prepared.memory });
    row.faces = ['terminal', 'chat'];
    return { command: prepared.command, fault: null };
  } catch (error) {
    deps.warn(`Session ${row.id} has no chat face.`, error);
    await rm(folder, { recursive: true, force: true }).catch(() => {});
    return { command, fault: 'It has no chat face beside its terminal: that could not be prepared.' };
  }
}

/** What an earlier `accompany` kept; null: nothing, or nobody knows that companion any more. */
export function accompanied(deps: SessionDeps, row: SessionRow): Accompanied | null {
  if (!row.faces.includes('chat')) return null;
  const folder = join(deps.recordings, row.id, FOLDER);
  try {
    const kept = JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as { companion: string; memory: Record<string, unknown> };
    const companion = deps.companions.get(kept.companion);
    return companion === null ? null : { companion, folder, memory: kept.memory };
  } catch {
    return null;
  }
}

async function keep(folder: string, kept: { companion: string; memory: Record<string, unknown> }): Promise<void> {
  const file = join(folder, FILE);
  await writeFile(`${file}.new`, JSON.stringify(kept), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function inTime<T>({ clock }: Pick<SessionDeps, 'clock'>, preparing: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = clock.setTimeout(() => reject(new Error(`It was not ready within ${PATIENCE_MS / 1_000} seconds.`)), PATIENCE_MS);
    preparing.then(resolve, reject).finally(() => late.cancel());
  });
}
