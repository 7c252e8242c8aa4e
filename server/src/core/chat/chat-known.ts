/** What is known of a chat beside its items: what its agent can do, models, modes, commands, plan, version. Kept in a file of the session. */
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChatAbilities, ChatState, PlanStep } from '@afield/shared/api/chat.ts';
import type { ChatUpdate } from '../chat-ports.ts';
import type { Clock } from '../ports.ts';
import type { SessionRecord } from '../sessions/record.ts';
import { boundChoices, head, line, MAX } from './bounds.ts';

/** Agents tell a dozen of these at their start: told, and kept, once. */
const GATHER_MS = 100;
const FILE = 'chat.json';
const NOTHING: ChatAbilities = { steer: false, images: false, files: false, fork: false, resume: false, model: false, mode: false };

export interface KnownOptions {
  record: SessionRecord;
  /** Of the session; made when missing. */
  folder: string;
  clock: Clock;
  /** Before the agent has told; null: nobody knows. */
  can: ChatAbilities | null;
}

export class ChatKnown {
  readonly #options: KnownOptions;
  #state: ChatState;
  #timer: { cancel(): void } | null = null;
  #writing: Promise<void> | null = null;

  constructor(options: KnownOptions) {
    const { folder, can } = options;
    const { id: session_id, model, mode } = options.record.row;
    this.#options = options;
    const before = readKnown(session_id, folder);
    this.#state = before ?? { ...unknown(session_id), can: can ?? NOTHING, model, mode };
  }

  get state(): ChatState {
    return this.#state;
  }
  get can(): ChatAbilities {
    return this.#state.can;
  }

  /** False for an update that says nothing of this. */
  take(update: ChatUpdate): boolean {
    const changes = changesOf(update, this.#state);
    if (changes === null) return false;
    this.set(changes);
    return true;
  }

  plan(steps: PlanStep[]): void {
    this.set({ plan: steps.length === 0 ? null : steps });
  }

  set(changes: Partial<ChatState>): void {
    this.#state = { ...this.#state, ...changes };
    this.#timer ??= this.#options.clock.setTimeout(() => this.#tell(), GATHER_MS);
  }

  /** Tells and keeps what waits; resolves when it is written. Null: nothing is to be written. */
  settle(): Promise<void> | null {
    if (this.#timer !== null) this.#tell();
    return this.#writing;
  }

  #tell(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const text = JSON.stringify(this.#state);
    const writing = (this.#writing ?? Promise.resolve())
      .then(() => keep(this.#options.folder, text))
      .catch(() => {})
      .finally(() => {
        if (this.#writing === writing) this.#writing = null;
      });
    this.#writing = writing;
    this.#options.record.publish('session.chat_changed', { chat: this.#state });
  }
}

/** Null: none was kept, or it cannot be read. */
export function readKnown(session_id: string, folder: string): ChatState | null {
  try {
    const kept = JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as ChatState;
    return { ...unknown(session_id), ...kept, can: { ...NOTHING, ...kept.can }, session_id };
  } catch {
    return null;
  }
}

export function unknown(session_id: string): ChatState {
  return {
    session_id,
    can: NOTHING,
    model: null,
    models: [],
    mode: null,
    modes: [],
    commands: [],
    plan: null,
    version: null,
    version_note: null,
  };
}

async function keep(folder: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, FILE);
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function changesOf(update: ChatUpdate, state: ChatState): Partial<ChatState> | null {
  switch (update.type) {
    case 'abilities':
      return { can: { ...state.can, ...update.can } };
    case 'version':
      return { version: line(update.version, MAX.version), version_note: update.note === null ? null : line(update.note, MAX.notice) };
    case 'model':
      return {
        model: update.model === null ? null : head(update.model, MAX.choiceId),
        ...(update.models === undefined ? {} : { models: boundChoices(update.models) }),
      };
    case 'mode':
      return {
        mode: update.mode === null ? null : head(update.mode, MAX.choiceId),
        ...(update.modes === undefined ? {} : { modes: boundChoices(update.modes) }),
      };
    case 'commands':
      return { commands: boundChoices(update.commands) };
    default:
      return null;
  }
}
