/** For tests: sessions with everything real around them, in a folder of their own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { FRAME_SNAPSHOT } from '@afield/shared/link/frames.ts';
import { uuidv7 } from 'uuidv7';
import type { ConfiguredAgent } from './agents/configured.ts';
import { createRecipes } from './agents/index.ts';
import { createApprovals } from './core/approvals/approvals.ts';
import type { ScriptedCompanion } from './core/chat/scripted-companion.ts';
import type { ScriptedRuntime } from './core/chat/scripted-runtime.ts';
import { systemClock } from './core/clock.ts';
import type { SessionDeps } from './core/deps.ts';
import { createEnvironments } from './core/environments/environments.ts';
import { createEventLog } from './core/event-log.ts';
import type { Recipe, RecipeBook } from './core/ports.ts';
import type { ViewerSink } from './core/service.ts';
import { createSessions } from './core/sessions/sessions.ts';
import type { World } from './core/sessions/surviving-runtime.ts';
import { createUsage } from './core/usage/usage.ts';
import { createMachines } from './machines/index.ts';
import { mortal, never, newLife } from './mortal.ts';
import { createPtyRuntime } from './runtimes/pty.ts';
import { openStore } from './store/store.ts';

export interface HouseOptions {
  /** Kept from an earlier house: a restart. */
  folder?: string;
  agents?: Record<string, ConfiguredAgent>;
  deps?: Partial<SessionDeps>;
  /** Where its programs run, and go on running without it. Default: behind terminals of its own, with which they end. */
  world?: World;
  /** The agent called `speaker` speaks in it. */
  chat?: ScriptedRuntime;
  /** Hears the agent called `heard`, behind a terminal. */
  companion?: ScriptedCompanion;
  /** Killed before it calls store or runtime for the n-th time, counted from 1; throws when that is at its start. */
  killAt?: number;
}

/** What was killed still holds files, which must not be closed at a moment of the garbage collector's choice. */
const graves: unknown[] = [];

export function openHouse(options: HouseOptions = {}) {
  const { folder = mkdtempSync(join(tmpdir(), 'afield-')), agents = {}, deps = {}, world, chat, companion } = options;
  const life = newLife();
  if (options.killAt !== undefined) life.killAt(options.killAt);
  const clock = life.clock(deps.clock ?? systemClock());
  const opened = openStore(join(folder, 'afield.db'));
  const store = mortal(opened, life, 2);
  const events = bornOrBuried(() => createEventLog(store.events, clock, deps.disk === undefined ? {} : { disk: deps.disk }), opened);
  const heard: AfieldEvent[] = [];
  const warnings: string[] = [];
  events.subscribe((event) => heard.push(event));
  const runtimeFor = async () =>
    world === undefined
      ? createPtyRuntime(clock)
      : mortal(
          world.runtime(() => !life.dead),
          life,
          1,
          never,
        );
  const recipes = withScripted(createRecipes({ shell: '/bin/bash', agents }));
  const buildDesks = () => ({
    approvals: createApprovals({ clock, newId: uuidv7, store, events, recipes, warn: () => {} }),
    usage: createUsage({ clock, store, events, prices: {}, budgets: { session_usd: null, day_usd: null } }),
  });
  const desks = bornOrBuried(buildDesks, opened);
  const build = () =>
    createSessions({
      newId: uuidv7,
      companions: { get: (name) => (companion?.name === name ? mortal(companion, life, 1, never) : null) },
      chatRuntimes: { get: (name) => (chat?.name === name ? chat : null) },
      approvals: desks.approvals.desk,
      usage: desks.usage.desk,
      environments: createEnvironments({
        environments: {},
        recipes,
        machines: {} as never,
        env: {},
        home: folder,
        readSecretFile: () => null,
        reach: async () => ({ ok: false, detail: '' }),
      }),
      snapshots: { take: async () => null },
      store,
      events,
      recipes,
      machines: createMachines({
        env: { ...process.env, HOME: folder },
        home: folder,
        folder: join(folder, 'run'),
        sshFolder: join(folder, 'ssh'),
        homeId: 'home',
        clock,
        store: store.machines,
        runtimeFor,
        onLine: () => {},
      }).book,
      workDir: folder,
      recordings: join(folder, 'recordings'),
      warn: (message, cause) => warnings.push(`${message} ${cause instanceof Error ? cause.message : ''}`),
      ...deps,
      clock,
    });
  const sessions = bornOrBuried(build, opened);
  const stop = async () => {
    if (life.dead) return;
    await sessions.close();
    opened.close();
  };
  return {
    folder,
    store: opened,
    life,
    events,
    sessions,
    approvals: desks.approvals.service,
    heard,
    warnings,
    /** As `kill -9` would: nothing is told, nothing is flushed. Processes are left to the caller. */
    async crash() {
      life.end();
      graves.push(sessions);
      // What the kernel was given already still reaches the disk.
      await new Promise((resolve) => setTimeout(resolve, 30));
      opened.close();
    },
    stop,
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
/** An agent that speaks what `ScriptedRuntime` is told, and one behind a terminal that `ScriptedCompanion` hears. */
function withScripted(book: RecipeBook): RecipeBook {
  const { modelOption: _none, ...shell } = book.get('shell')!;
  const speaker: Recipe = {
    ...shell,
    name: 'speaker',
    title: 'Speaker',
    program: 'true',
    args: [],
    faces: ['chat'],
    chat: [{ runtime: 'scripted', args: ['--speak'], mode: 'asks', tested: { from: '1.2', to: '1.9' } }],
  };
  const heard: Recipe = {
    ...shell,
    name: 'heard',
    title: 'Heard',
    program: 'true',
    args: ['--work'],
    faces: ['terminal'],
    companion: 'scripted',
    goesOn: { resume: ['--earlier', '{id}'], fork: ['--earlier', '{id}', '--copy'], keeps: { valued: ['--careful'], plain: ['--loud'] } },
    states: [
      { status: 'waiting', screen: /ALLOW\?/, reason: 'It shows a dialog.' },
      { status: 'busy', screen: /WORKING/ },
      { status: 'idle', screen: /READY/ },
    ],
    readyWhen: 'idle',
    foregroundDecides: false,
    quietMs: 300,
  };
  const own = new Map([speaker, heard].map((recipe) => [recipe.name, recipe]));
  return { get: (name) => own.get(name) ?? book.get(name), list: () => [...book.list(), ...own.values()] };
}
/** Killed at its very start, it holds nothing any more. */
function bornOrBuried<T>(build: () => T, store: { close(): void }): T {
  try {
    return build();
  } catch (error) {
    store.close();
    throw error;
  }
}
export type House = ReturnType<typeof openHouse>;

/** An agent that runs a line of shell script, without any rule: silence of 300 ms is idle. */
export function script(line: string): ConfiguredAgent {
  return { command: ['/bin/bash', '-c', line], quiet_ms: 300 };
}

export interface CollectingSink extends ViewerSink {
  frames: { kind: number; offset: number; bytes: Uint8Array }[];
  ended: string | null;
  /** Bytes of everything that arrived. */
  received(): number;
  snapshots(): number;
  text(): string;
  /** Called for every frame. */
  heard: (frame: { kind: number; offset: number; bytes: Uint8Array }) => void;
}

/** A viewer that keeps what it gets. */
export function collectingSink(id: string, device_name = id): CollectingSink {
  const sink: CollectingSink = {
    id,
    device_name,
    frames: [],
    ended: null,
    heard: () => {},
    send(kind, offset, bytes) {
      const frame = { kind, offset, bytes: Uint8Array.from(bytes) };
      sink.frames.push(frame);
      sink.heard(frame);
    },
    closed(reason) {
      sink.ended = reason;
    },
    received: () => sink.frames.reduce((sum, frame) => sum + frame.bytes.length, 0),
    snapshots: () => sink.frames.filter((frame) => frame.kind === FRAME_SNAPSHOT).length,
    text: () => Buffer.concat(sink.frames.map((frame) => frame.bytes)).toString(),
  };
  return sink;
}
