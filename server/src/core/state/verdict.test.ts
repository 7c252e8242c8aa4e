import { describe, expect, it } from 'vitest';
import type { ProcessFacts } from '../machine-ports.ts';
import { judge, type Look, span } from './verdict.ts';

const NOTHING: ProcessFacts = { sample_ms: 1_000, processes: 1, cpu_ms: 5, io_bytes: 0, sockets: 0, children: [] };
const child = (command: string, cpu_ms: number, running_ms = 180_000) => ({ pid: 7, command, cpu_ms, running_ms });
const with_ = (...children: ProcessFacts['children']): ProcessFacts => ({
  ...NOTHING,
  processes: 1 + children.length,
  cpu_ms: children.reduce((sum, one) => sum + one.cpu_ms, 0),
  children,
});
const QUIET: Look = { reading: null, quietMs: 40_000, facts: NOTHING, shell: false, knownFace: true, foreign: null, alternate: false };
const reads = (status: 'busy' | 'idle' | 'waiting', reason: string | null = null): Partial<Look> => ({
  reading: { status, reason, activity: null, seen: true },
});
const test = { children: with_(child('/usr/bin/npm test', 400)), sleeps: with_(child('sleep 100', 0)) };
const shell: Partial<Look> = { shell: true, knownFace: false, foreign: false };
const noRules: Partial<Look> = { knownFace: false };

describe('the verdict', () => {
  it.each<[what: string, look: Partial<Look>, verdict: string, reason: string, working: boolean | null]>([
    ['asks', reads('waiting', 'It asks for permission.'), 'waiting', 'It asks for permission. It waits for an answer.', false],
    ['is idle', reads('idle'), 'done', 'It is done and waits for you.', false],
    ['is idle, unseen', { ...reads('idle'), facts: null }, 'done', 'It is done and waits for you.', null],
    [
      'is idle, with a program that runs',
      { ...reads('idle'), facts: test.sleeps },
      'done',
      'It is done and waits for you. One program that it started runs (sleep 100).',
      false,
    ],
    [
      'is busy, a program works',
      { ...reads('busy'), facts: test.children },
      'busy',
      'A program it started (npm test) works, and has run for 3 min.',
      true,
    ],
    [
      'is busy itself',
      { ...reads('busy'), facts: { ...NOTHING, cpu_ms: 300 } },
      'busy',
      'It works: it uses the processor or the disk.',
      true,
    ],
    [
      'reads much',
      { ...reads('busy'), facts: { ...NOTHING, io_bytes: 200_000 } },
      'busy',
      'It works: it uses the processor or the disk.',
      true,
    ],
    [
      'waits for its model',
      { ...reads('busy'), facts: { ...NOTHING, sockets: 1 } },
      'busy',
      'It waits for its model: it has one open connection, and used no processor time while it was watched.',
      false,
    ],
    [
      'waits for its model too long',
      { ...reads('busy'), facts: { ...NOTHING, sockets: 2 }, quietMs: 720_000 },
      'stuck',
      'It has 2 open connections, but nothing was drawn for 12 min: it may be stuck. Look at its terminal.',
      false,
    ],
    ['is stuck', reads('busy'), 'stuck', 'It says that it works, but nothing of it does: it may be stuck. Look at its terminal.', false],
    [
      'is busy, unseen',
      { ...reads('busy'), facts: null },
      'unknown',
      'It says that it works, but nothing was drawn for 40 s, and its processes cannot be seen from here.',
      null,
    ],
    [
      'is busy, without a view of the network',
      { ...reads('busy'), facts: { ...NOTHING, sockets: null } },
      'unknown',
      'It says that it works, but used no processor time while it was watched, and nothing was drawn for 40 s. Look at its terminal.',
      false,
    ],
    [
      'has no known face',
      {},
      'stuck',
      'Nothing of it works and its screen shows no known face: it may be stuck. Look at its terminal.',
      false,
    ],
    [
      'has no known face, and works',
      { facts: test.children },
      'busy',
      'A program it started (npm test) works, and has run for 3 min.',
      true,
    ],
    [
      'has no known face, and is connected',
      { facts: { ...NOTHING, sockets: 1 } },
      'unknown',
      'Nothing of it works now, but it has one open connection: it waits for its model, or for you. Look at its terminal.',
      false,
    ],
    ['has no rules', noRules, 'done', 'Nothing of it works: most likely it waits for you.', false],
    [
      'cannot be seen',
      { ...noRules, facts: null },
      'unknown',
      'It printed nothing for 40 s, and its processes cannot be seen from here.',
      null,
    ],
    ['is a shell', shell, 'done', 'The shell waits for a command.', false],
    [
      'is a shell with a job behind it',
      { ...shell, facts: test.children },
      'done',
      'The shell waits for a command. One program that it started runs (npm test).',
      false,
    ],
    [
      'is a shell in a loop of its own',
      { ...shell, facts: { ...NOTHING, cpu_ms: 990 } },
      'busy',
      'The shell itself works: a loop of its own.',
      true,
    ],
    [
      'is a shell whose command works',
      { ...shell, foreign: true, facts: test.children },
      'busy',
      'A program it started (npm test) works, and has run for 3 min.',
      true,
    ],
    [
      'is a shell whose command rests',
      { ...shell, foreign: true, facts: test.sleeps },
      'unknown',
      'A command (sleep 100) runs, but did nothing while it was watched: it waits for time, for the network or for keys.',
      false,
    ],
    ['is an editor', { ...shell, foreign: true, alternate: true }, 'waiting', 'A program with a screen of its own waits for keys.', false],
  ])('%s', (_, look, verdict, reason, working) => {
    expect(judge({ ...QUIET, ...look })).toMatchObject({ verdict, reason, working });
  });

  it('E8: the name of a process is one short printable piece of a sentence', () => {
    const facts = with_(child(`/opt/\x1b[31mevil\n"). Approve? (\u202eyes ${'x'.repeat(100)}`, 500));
    const { reason } = judge({ ...QUIET, facts });
    expect(reason).toBe(`A program it started ([31mevil. Approve? yes ${'x'.repeat(16)}…) works, and has run for 3 min.`);
  });

  it('two sentences are of one kind when only figures differ', () => {
    const kind = (running_ms: number, command = 'make') => judge({ ...QUIET, facts: with_(child(command, 500, running_ms)) }).kind;
    expect(kind(60_000)).toBe(kind(600_000));
    expect(kind(60_000)).not.toBe(kind(60_000, 'npm test'));
  });
});

it.each([
  [900, '1 s'],
  [59_400, '59 s'],
  [60_000, '1 min'],
  [7_000_000, '117 min'],
  [36_000_000, '10 h'],
])('%i ms are %s', (ms, text) => {
  expect(span(ms)).toBe(text);
});
