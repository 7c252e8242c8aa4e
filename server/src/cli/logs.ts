import type { LogHit } from '@afield/shared/api/history.ts';
import { type LogEntry, logType } from '@afield/shared/api/logs.ts';
import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { type Io, note, say, sayJson, sayJsonLine, sayPart, styleOf } from './io.ts';
import { clockTime, parseAge } from './print/age.ts';
import { hitLines } from './print/log-hit.ts';
import { PlainText } from './print/plain-text.ts';
import { printable, printableLines } from './print/printable.ts';
import { withProgress } from './print/progress.ts';
import { endSentence } from './print/status-mark.ts';
import { pad } from './print/width.ts';
import { printedText } from './reach/cast.ts';
import type { Home } from './reach/home.ts';
import { findSession } from './reach/sessions.ts';
import { signalled } from './signals.ts';

export const examples: CommandModule['examples'] = [
  ['afield logs web', 'the last 50 entries'],
  ['afield logs web -f --type output,state', 'goes on as it happens; Ctrl-C ends it'],
  ['afield logs web --since 2h -n 1000', 'of the last two hours'],
  ['afield logs --search "connection refused"', 'in all sessions, with where and when'],
  ['afield logs --search relay.ts web --from 3d --type output', 'in one, of the last three days'],
  ['afield logs web --raw text', 'all that its terminal printed, without colours'],
];

const DEFAULT_COUNT = 50;
const MAX_COUNT = 100_000;
const PAGE = 1000;
const TYPE_WIDTH = Math.max(...logType.options.map((type) => type.length));

interface Options {
  follow?: true;
  type?: string;
  since?: string;
  lines?: string;
  raw?: string | true;
  json?: true;
  search?: string;
  from?: string;
  to?: string;
}

/** From which entry on: by its number, or by its time in ms. */
type Since = { seq: number } | { time: number } | null;

interface Wanted {
  types: string[] | null;
  since: Since;
  count: number;
}

function readSince(text: string | undefined, now: number): Since {
  if (text === undefined) return null;
  if (/^\d{1,15}$/.test(text)) return { seq: Number(text) };
  const length = parseAge(text);
  if (length !== null) return { time: now - length };
  const time = Date.parse(text);
  if (Number.isNaN(time)) {
    throw new UsageError(
      `--since takes a length of time (90s, 10m, 2h, 3d), a time (2026-11-20T08:00) or an entry's number, not "${text}".`,
    );
  }
  return { time };
}

function wantedOf(options: Options, now: number): Wanted {
  const types = options.type?.split(',').map((type) => type.trim()) ?? null;
  const odd = types?.find((type) => !(logType.options as string[]).includes(type));
  if (odd !== undefined) throw new UsageError(`There are no entries of type "${odd}". Types: ${logType.options.join(', ')}.`);
  const count = Number(options.lines ?? DEFAULT_COUNT);
  if (!Number.isInteger(count) || count < 0 || count > MAX_COUNT) throw new UsageError(`-n takes a number from 0 to ${MAX_COUNT}.`);
  return { types, since: readSince(options.since, now), count };
}

const isAfter = (entry: LogEntry, since: Since): boolean => {
  if (since === null) return true;
  return 'seq' in since ? entry.seq > since.seq : Date.parse(entry.timestamp) >= since.time;
};

/** The newest entries that are wanted, in order. Pages come newest first. */
async function read(home: Home, id: string, { types, since, count }: Wanted): Promise<LogEntry[]> {
  let entries: LogEntry[] = [];
  let cursor: string | undefined;
  while (entries.length < count) {
    const query = {
      limit: Math.min(PAGE, count - entries.length),
      ...(types === null ? {} : { type: types.join(',') }),
      ...(since !== null && 'seq' in since ? { since: since.seq } : {}),
      ...(cursor === undefined ? {} : { cursor }),
    };
    const page = await home.ask('Reading the log', 'getLogs', { params: { id }, query });
    const fitting = page.items.filter((entry) => isAfter(entry, since));
    entries = [...fitting, ...entries];
    if (page.next_cursor === null || fitting.length < page.items.length) break;
    cursor = page.next_cursor;
  }
  return entries;
}

function print(io: Io, entry: LogEntry, json: boolean): void {
  if (json) {
    sayJsonLine(io, entry);
    return;
  }
  const time = clockTime(entry.timestamp, io.now());
  const indent = ' '.repeat(time.length + TYPE_WIDTH + 4);
  const text = printableLines(entry.text).trimEnd().replaceAll('\n', `\n${indent}`);
  say(io, `${styleOf(io)('quiet', `${time}  ${pad(entry.type, TYPE_WIDTH)}`)}  ${text}`);
}

/** Goes on until Ctrl-C, or until the session is over. */
async function follow(io: Io, home: Home, session: Session, wanted: Wanted, json: boolean): Promise<void> {
  const client = await home.live();
  const { promise: over, resolve: finish, reject: fail } = Promise.withResolvers<Session | null>();
  const interrupt = signalled('SIGINT', 'SIGTERM');
  void interrupt.promise.then(() => finish(null));
  try {
    client.link.start();
    await withProgress(io, 'Connecting to the home server', client.link.ready());
    const before = (client.link.welcome?.next_seq ?? 1) - 1;
    const entries = await read(home, session.id, wanted);
    for (const entry of entries) print(io, entry, json);
    let last = Math.max(before, entries.at(-1)?.seq ?? 0);
    const show = (entry: LogEntry): void => {
      if (entry.seq <= last) return;
      last = entry.seq;
      if (wanted.types === null || wanted.types.includes(entry.type)) print(io, entry, json);
    };
    const now = await home.ask('Asking the home server', 'getSession', { params: { id: session.id } });
    if (ENDED.has(now.status)) finish(now);
    client.link.subscribe(
      {
        topics: ['log', 'session.status_changed', 'session.deleted'],
        session_id: session.id,
        since: before,
        onGap: () => note(io, 'Some entries in between are not shown: the connection was away for too long.'),
        onError: fail,
      },
      (event) => {
        if (event.type === 'log') show(event.payload.entry);
        if (event.type === 'session.deleted') finish(null);
        if (event.type === 'session.status_changed' && ENDED.has(event.payload.session.status)) finish(event.payload.session);
      },
    );
    client.link.connection.subscribe((state) => {
      if (state.state === 'refused') fail(new AfieldError('unauthenticated', state.detail));
    });
    const ended = await over;
    if (ended !== null && !json) note(io, `${printable(ended.name)}: ${endSentence(ended)}`);
  } finally {
    interrupt.stop();
    client.close();
  }
}

/** All that the terminal printed: `ansi` as it was, for a terminal to obey; `text` without escape sequences. */
async function raw(io: Io, home: Home, session: Session, format: string): Promise<void> {
  const plain = new PlainText();
  const recording = await withProgress(io, 'Reading the recording', home.download(`/sessions/${session.id}/recording`));
  for await (const text of printedText(recording)) {
    await sayPart(io, format === 'ansi' ? text : plain.push(text));
  }
  if (io.stdout.isTTY) io.stdout.write('\x1b[0m\n');
}

function checkRaw(options: Options): string | null {
  if (options.raw === undefined) return null;
  const format = options.raw === true ? 'ansi' : options.raw;
  if (format !== 'ansi' && format !== 'text') throw new UsageError(`--raw takes ansi or text, not "${format}".`);
  if (options.follow) throw new UsageError('--raw shows what was recorded. To see the terminal live: afield attach --look.');
  if (options.json || options.type !== undefined || options.since !== undefined) {
    throw new UsageError('--raw is the whole recording; it goes with none of --json, --type and --since.');
  }
  return format;
}

/** ISO 8601, from a length of time before now or a time. */
function readTime(name: string, text: string | undefined, now: number): string | undefined {
  if (text === undefined) return undefined;
  const length = parseAge(text);
  const time = length === null ? Date.parse(text) : now - length;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new UsageError(`${name} takes a length of time (90s, 10m, 2h, 3d) or a time (2026-11-20T08:00), not "${text}".`);
}

async function search({ io, home: open }: Context, text: string | undefined, options: Options): Promise<void> {
  const q = options.search as string;
  const { since, ...rest } = options;
  if (options.follow || options.raw !== undefined) throw new UsageError('--search goes with none of --follow and --raw.');
  if (since !== undefined && options.from !== undefined) throw new UsageError('--since and --from are the same here. Give one.');
  const { types, count } = wantedOf(rest, io.now());
  const from = readTime('--from', options.from ?? since, io.now());
  const to = readTime('--to', options.to, io.now());
  const home = await open();
  const session = text === undefined ? null : await findSession(home, text, io.now());
  const query = {
    q,
    ...(types === null ? {} : { type: types.join(',') }),
    ...(session === null ? {} : { session_id: session.id }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
  const hits: LogHit[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: LogHit[]; next_cursor: string | null } = await home.ask('Searching', 'searchLogs', {
      query: { ...query, limit: Math.min(PAGE, Math.max(1, count - hits.length)), ...(cursor === null ? {} : { cursor }) },
    });
    hits.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && hits.length < count);
  if (options.json) {
    sayJson(io, { items: hits, next_cursor: cursor });
    return;
  }
  for (const hit of hits) say(io, ...hitLines(hit, io.now(), styleOf(io)));
  if (hits.length === 0) say(io, `Nothing was found for ${printable(q)}. All words must stand in one entry; the last may be a beginning.`);
  else if (cursor !== null)
    note(io, `These are the newest ${hits.length}. More: -n ${Math.min(MAX_COUNT, count * 4)}, or --to ${hits.at(-1)!.timestamp}`);
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('[session]', 'name, id or beginning of an id; may be left out with --search')
    .option('--search <words>', 'find entries by their words, newest first; "words in quotes" stand together')
    .option('--from <when>', 'with --search: not older than; a length of time (10m, 2h, 3d) or a time')
    .option('--to <when>', 'with --search: older than')
    .option('-f, --follow', 'go on as it happens, until Ctrl-C or the end of the session')
    .option('--type <list>', `only these: ${logType.options.join(', ')}`)
    .option('--since <when>', 'a length of time (10m, 2h, 3d), a time, or the number of an entry')
    .option('-n, --lines <count>', `how many of the newest (${DEFAULT_COUNT})`)
    .option('--raw [format]', 'what the terminal printed: ansi (as it was) or text')
    .option('--json', 'machine readable; with -f one entry a line')
    .action(async (text: string | undefined, options: Options) => {
      if (options.search !== undefined) return search(context, text, options);
      if (options.from !== undefined || options.to !== undefined)
        throw new UsageError('--from and --to go with --search. Without it: --since.');
      if (text === undefined) throw new UsageError('Say which session, or what to look for in all of them: afield logs --search <words>.');
      const format = checkRaw(options);
      const wanted = wantedOf(options, io.now());
      const home = await context.home();
      const session = await findSession(home, text, io.now());
      if (format !== null) return raw(io, home, session, format);
      if (options.follow) return follow(io, home, session, wanted, options.json === true);
      const entries = await read(home, session.id, wanted);
      if (options.json) sayJson(io, { items: entries, next_cursor: null });
      else if (entries.length === 0) say(io, 'No entries of this kind.');
      else for (const entry of entries) print(io, entry, false);
    });
}
