/** Why a session is quiet, from what can be seen of it: the judgement alone, without looking or waiting. */
import type { Probe } from '@afield/shared/api/probes.ts';
import type { ProcessFacts } from '../machine-ports.ts';
import { printable } from '../printable.ts';
import type { Reading } from './state-reader.ts';

/** What was looked at. Null: it could not be seen. */
export interface Look {
  /** What its rules read from title and screen. */
  reading: Reading | null;
  quietMs: number;
  facts: ProcessFacts | null;
  /** A shell, whose own face says nothing. */
  shell: boolean;
  /** Its recipe knows what it looks like when it is idle. */
  knownFace: boolean;
  /** Another program than a shell holds the terminal. */
  foreign: boolean | null;
  alternate: boolean;
}

export interface Judgement {
  verdict: Probe['verdict'];
  reason: string;
  /** The same for sentences that differ in figures only. */
  kind: string;
  /** Something of it uses the processor or the disk; null: nobody can tell. */
  working: boolean | null;
}

/** Of one processor; below it are timers and blinking cursors. */
const WORK_SHARE = 0.05;
/** The agent's own process draws, polls and collects garbage. */
const OWN_WORK_SHARE = 0.1;
const WORK_IO_BYTES_PER_S = 64 * 1024;
/** A model that says nothing for longer is not waited for in earnest. */
const PATIENCE_MS = 10 * 60_000;
const COMMAND_CHARACTERS = 40;
const LOOK_THERE = 'Look at its terminal.';

type Child = ProcessFacts['children'][number];

/** Uses more of a processor than timers do. */
export function works({ cpu_ms }: { cpu_ms: number }, sample_ms: number): boolean {
  return cpu_ms >= WORK_SHARE * sample_ms;
}

export function judge(look: Look): Judgement {
  const { reading, facts } = look;
  // What runs behind a shell that waits for a command is not its work.
  const atPrompt = look.shell && look.foreign === false;
  const child = facts === null || atPrompt ? null : busiest(facts);
  const own = facts !== null && ownWork(facts);
  const working = facts === null ? null : child !== null || own;
  const say = (verdict: Probe['verdict'], kind: string, reason: string): Judgement => ({ verdict, kind, reason, working });

  if (reading?.status === 'waiting')
    return say('waiting', `waits ${reading.reason}`, `${reading.reason ?? 'It asks something.'} It waits for an answer.`);
  if (reading?.status === 'idle')
    return say('done', `done ${facts?.children.length ?? ''}`, `It is done and waits for you.${stillRun(facts)}`);
  if (child !== null) {
    return say(
      'busy',
      `child ${nameOf(child)}`,
      `A program it started (${nameOf(child)}) works, and has run for ${span(child.running_ms)}.`,
    );
  }
  if (reading?.status === 'busy') return say(...saysItWorks(look, own));
  if (own)
    return say(
      'busy',
      'own',
      look.shell && look.foreign !== true ? 'The shell itself works: a loop of its own.' : 'It works: it uses the processor or the disk.',
    );
  return say(...(look.shell ? shellRests(look) : rests(look)));
}

type Said = [verdict: Probe['verdict'], kind: string, reason: string];

/** Its face says that it works, and none of its children does. */
function saysItWorks({ facts, quietMs }: Look, own: boolean): Said {
  const drew = `nothing was drawn for ${span(quietMs)}`;
  if (facts === null) return ['unknown', 'busy unseen', `It says that it works, but ${drew}, and its processes cannot be seen from here.`];
  if (own) return ['busy', 'own', 'It works: it uses the processor or the disk.'];
  const watched = 'used no processor time while it was watched';
  if (facts.sockets === null) return ['unknown', 'busy no work', `It says that it works, but ${watched}, and ${drew}. ${LOOK_THERE}`];
  if (facts.sockets === 0) return ['stuck', 'stuck', `It says that it works, but nothing of it does: it may be stuck. ${LOOK_THERE}`];
  const open = connections(facts.sockets);
  if (quietMs < PATIENCE_MS) return ['busy', 'model', `It waits for its model: it has ${open}, and ${watched}.`];
  return ['stuck', 'stuck model', `It has ${open}, but ${drew}: it may be stuck. ${LOOK_THERE}`];
}

function shellRests({ foreign, alternate, facts, quietMs }: Look): Said {
  if (foreign !== true) return ['done', `prompt ${facts?.children.length ?? ''}`, `The shell waits for a command.${stillRun(facts)}`];
  if (alternate) return ['waiting', 'full screen', 'A program with a screen of its own waits for keys.'];
  if (facts === null) return ['unknown', 'command unseen', `A command runs. It printed nothing for ${span(quietMs)}.`];
  const front = facts.children.toSorted((a, b) => a.running_ms - b.running_ms)[0];
  const command = front === undefined ? 'A command' : `A command (${nameOf(front)})`;
  return [
    'unknown',
    `command ${command}`,
    `${command} runs, but did nothing while it was watched: it waits for time, for the network or for keys.`,
  ];
}

/** Not a shell, nothing of it works, and no rule fits. */
function rests({ facts, knownFace, quietMs }: Look): Said {
  if (facts === null) return ['unknown', 'unseen', `It printed nothing for ${span(quietMs)}, and its processes cannot be seen from here.`];
  const { sockets } = facts;
  if (sockets !== null && sockets > 0) {
    return [
      'unknown',
      'connected',
      `Nothing of it works now, but it has ${connections(sockets)}: it waits for its model, or for you. ${LOOK_THERE}`,
    ];
  }
  if (knownFace) return ['stuck', 'no face', `Nothing of it works and its screen shows no known face: it may be stuck. ${LOOK_THERE}`];
  return ['done', 'rests', `Nothing of it works: most likely it waits for you.${stillRun(facts)}`];
}

function busiest({ children, sample_ms }: ProcessFacts): Child | null {
  const [first] = children.toSorted((a, b) => b.cpu_ms - a.cpu_ms);
  return first !== undefined && works(first, sample_ms) ? first : null;
}

/** Of the program that was started, or of all together on the disk. */
function ownWork({ cpu_ms, io_bytes, children, sample_ms }: ProcessFacts): boolean {
  const own = cpu_ms - children.reduce((sum, child) => sum + child.cpu_ms, 0);
  return own >= OWN_WORK_SHARE * sample_ms || (io_bytes !== null && io_bytes * 1_000 >= WORK_IO_BYTES_PER_S * sample_ms);
}

function stillRun(facts: ProcessFacts | null): string {
  const count = facts?.children.length ?? 0;
  if (count === 0) return '';
  return count === 1 ? ` One program that it started runs (${nameOf(facts!.children[0]!)}).` : ` ${count} programs that it started run.`;
}

function connections(count: number): string {
  return count === 1 ? 'one open connection' : `${count} open connections`;
}

/** A command is hostile text: a few printable words of it. */
function nameOf({ command }: Child): string {
  const words = printable(command).replace(/[()"]/g, '').replace(/\s+/g, ' ').trim();
  const [program = '', ...rest] = words.split(' ');
  const text = [program.slice(program.lastIndexOf('/') + 1), ...rest].join(' ');
  return text.length <= COMMAND_CHARACTERS ? text : `${text.slice(0, COMMAND_CHARACTERS - 1)}…`;
}

export function span(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
