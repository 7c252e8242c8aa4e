/** A home server with years of history: 10,000 sessions, a million log entries in one of them. Asked over HTTP, as a page asks. */
import { rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { LogHit } from '@afield/shared/api/history.ts';
import type { LogEntry, LogType } from '@afield/shared/api/logs.ts';
import { uuidv7 } from 'uuidv7';
import { sampleRow } from '../server/src/sample-row.ts';
import { openStore, type Store } from '../server/src/store/store.ts';
import { newHome, startTestServer, type TestServer } from '../server/src/testing.ts';
import { median } from './figures.ts';
import type { BenchResult } from './result.ts';

const SESSIONS = 10_000;
const ENTRIES = 1_000_000;
const QUICK_ENTRIES = 100_000;
/** Entries of all the other sessions together, one in so many of the large one. */
const OTHERS = 10;
const BATCH = 10_000;
const ROUNDS = 7;
const SYLLABLES =
  'con ser ver tion re lay src log out put in fo bar ter min al ses sion ag ent mod el file path key data test run ing ed pre pro'.split(
    ' ',
  );
const WORDS = 50_000;

interface Filled {
  home: string;
  large: string;
  small: string;
  /** What one entry cost to write, in ms. */
  perEntry: number;
}

/** The same numbers in every run. */
function numbers(): () => number {
  let state = 12_345;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

/** Some words stand everywhere and most nearly nowhere, as in any text. */
function vocabulary(random: () => number): () => string {
  const words = Array.from({ length: WORDS }, (_, i) => {
    const syllables = Array.from({ length: 1 + Math.floor(random() * 4) }, () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]);
    return syllables.join('') + (random() < 0.3 ? i : '');
  });
  return () => words[Math.floor(WORDS ** random()) - 1] ?? 'end';
}

function addSessions(store: Store): string[] {
  const now = Date.now();
  return store.atomically(() =>
    Array.from({ length: SESSIONS }, (_, i) => {
      const id = uuidv7();
      const at = new Date(now - (SESSIONS - i) * 60_000).toISOString();
      const about = { id, name: `session ${i}`, agent: 'claude', cwd: `/home/mia/project-${i % 50}`, runtime: 'tmux' };
      store.sessions.insert(sampleRow({ ...about, status: 'finished', exit_code: 0, ended_at: at, last_output_at: at }, at));
      return id;
    }),
  );
}

function addEntries(store: Store, sessions: readonly string[], count: number): number {
  const random = numbers();
  const word = vocabulary(random);
  const types: LogType[] = ['output', 'output', 'output', 'output', 'tool', 'message', 'input', 'state', 'probe'];
  const begin = performance.now();
  const all = count + Math.floor(count / OTHERS);
  for (let done = 0; done < all; done += BATCH) {
    store.atomically(() => {
      for (let i = done; i < Math.min(all, done + BATCH); i++) {
        const session_id = i % (OTHERS + 1) === 0 ? sessions[1 + Math.floor(random() * (SESSIONS - 1))]! : sessions[0]!;
        const text = `everywhere ${i % 2 === 0 ? 'even' : 'odd'} ${Array.from({ length: 5 + Math.floor(random() * 30) }, word).join(' ')}`;
        const timestamp = new Date(Date.now() - (all - i) * 1_000).toISOString();
        const entry = {
          seq: 0,
          session_id,
          timestamp,
          type: types[i % types.length]!,
          text: i % 99_991 === 7 ? `${text} needle in src/relay.ts` : text,
        };
        store.events.append({ type: 'log', session_id, timestamp, payload: { entry } });
      }
    });
  }
  return (performance.now() - begin) / all;
}

function fill(entries: number): Filled {
  const home = newHome();
  const store = openStore(path.join(home, 'afield.db'));
  const sessions = addSessions(store);
  const perEntry = addEntries(store, sessions, entries);
  // As a server does while it runs.
  store.events.prune(200_000);
  store.close();
  return { home, large: sessions[0]!, small: sessions[5]!, perEntry };
}

interface Asked<T> {
  ms: number;
  /** Of this process, in which server and caller are: what a loaded machine does not lengthen. */
  cpuMs: number;
  bytes: number;
  body: T;
}

async function ask<T>(server: TestServer, target: string): Promise<Asked<T>> {
  const times: number[] = [];
  const busy: number[] = [];
  let text = '';
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    const used = process.cpuUsage();
    const response = await fetch(`${server.url}/api/v1${target}`, { headers: { authorization: `Bearer ${server.app.token}` } });
    text = await response.text();
    times.push(performance.now() - begin);
    const { user, system } = process.cpuUsage(used);
    busy.push((user + system) / 1_000);
    if (response.status !== 200) throw new Error(`${target}: ${response.status} ${text}`);
  }
  return { ms: median(times), cpuMs: median(busy), bytes: Buffer.byteLength(text), body: JSON.parse(text) as T };
}

async function searches(server: TestServer, { large, small }: Filled): Promise<{ worst: number; detail: string }> {
  const asked: Record<string, string> = {
    'a rare word': 'q=needle',
    'a word of every entry': 'q=everywhere',
    'two words of half the entries each, never together': 'q=odd+even+',
    code: 'q=src/relay.ts',
    'a phrase that is nowhere': 'q="even+everywhere"',
    'a beginning of three letters': 'q=con',
    'a beginning of four letters': 'q=everywhere+serv',
    'a common word in a small session': `q=everywhere&session_id=${small}`,
    'a common word of a type that is nowhere': 'q=everywhere&type=approval',
    'two common words of two types in the large session, never together': `q=odd+even+&type=output,state&session_id=${large}`,
    'a common word of an hour long ago': `q=everywhere&from=${ago(20)}&to=${ago(19)}`,
  };
  const times: { name: string; ms: number; cpuMs: number; hits: number }[] = [];
  for (const [name, query] of Object.entries(asked)) {
    const { ms, cpuMs, body } = await ask<{ items: LogHit[] }>(server, `/logs?${query}`);
    times.push({ name, ms, cpuMs, hits: body.items.length });
  }
  times.sort((a, b) => b.ms - a.ms);
  const each = times.map(({ name, ms, cpuMs, hits }) => `${name} ${ms.toFixed(1)} ms (${cpuMs.toFixed(1)} of computing, ${hits} hits)`);
  return { worst: times[0]!.ms, detail: each.join(', ') };
}

const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

export async function benchHistory({ quick }: { quick: boolean }): Promise<BenchResult[]> {
  const entries = quick ? QUICK_ENTRIES : ENTRIES;
  const filled = fill(entries);
  const database = statSync(path.join(filled.home, 'afield.db')).size;
  const server = await startTestServer({ home: filled.home, env: { AFIELD_HISTORY_DAYS: '0' } });
  try {
    const found = await searches(server, filled);
    const opened = await ask<{ items: LogEntry[] }>(server, `/sessions/${filled.large}/logs`);
    const rare = await ask<{ items: LogEntry[] }>(server, `/sessions/${filled.large}/logs?type=approval`);
    const listed = await ask<{ items: unknown[] }>(server, '/sessions');
    const thousand = await ask<{ items: unknown[] }>(server, '/sessions?limit=1000');
    const judged = (met: boolean) => (quick ? null : met);
    const many = `${entries.toLocaleString('en')} entries`;
    return [
      {
        ...{
          name: `slowest of eleven searches over ${many}`,
          value: found.worst,
          unit: 'ms',
          target: '< 100',
          pass: judged(found.worst < 100),
        },
        detail: found.detail,
      },
      {
        ...{ name: `log of a session with ${many}, opened`, value: opened.ms, unit: 'ms', target: '< 100', pass: judged(opened.ms < 100) },
        detail: `${opened.body.items.length} entries; of a type that it has none of: ${rare.ms.toFixed(1)} ms`,
      },
      {
        ...{ name: 'the same, bytes', value: opened.bytes / 1_000, unit: 'kB', target: '< 100', pass: judged(opened.bytes < 100_000) },
      },
      {
        ...{
          name: `list of ${SESSIONS.toLocaleString('en')} sessions, first page`,
          value: listed.ms,
          unit: 'ms',
          target: '< 50',
          pass: listed.ms < 50,
        },
        detail: `${listed.body.items.length} sessions; a page of ${thousand.body.items.length}: ${thousand.ms.toFixed(1)} ms`,
      },
      {
        ...{ name: 'database, per entry', value: database / (entries * (1 + 1 / OTHERS)), unit: 'B', target: '–', pass: null },
        detail: `${(database / 1e6).toFixed(0)} MB; written in batches, an entry took ${(filled.perEntry * 1_000).toFixed(0)} µs`,
      },
    ];
  } finally {
    await server.stop();
    rmSync(filled.home, { recursive: true, force: true });
  }
}
