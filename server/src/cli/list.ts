import { homedir } from 'node:os';
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import { ENDED, type Session, sessionStatus } from '@afield/shared/api/sessions.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { type Io, say, sayJson, styleOf, tableWidth } from './io.ts';
import { since } from './print/age.ts';
import { printable } from './print/printable.ts';
import { MARKS, STATUS_ORDER, statusWord } from './print/status-mark.ts';
import { table } from './print/table.ts';
import { shortIds } from './reach/resolve.ts';
import { allSessions } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield list', 'what runs, and what ended within a day; what waits for you first'],
  ['afield list --all', 'everything, archived sessions too'],
  ['afield list --machine box', 'only what runs there'],
  ['afield list --status waiting,failed --json', 'for scripts'],
];

/** Ended sessions are listed this long without `--all`. */
const RECENT_MS = 24 * 3_600_000;
const PINNED = '▴ ';

function statuses(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const words = text.split(',').map((word) => word.trim());
  const odd = words.find((word) => !(sessionStatus.options as string[]).includes(word));
  if (odd !== undefined) throw new UsageError(`There is no status "${odd}". Statuses: ${sessionStatus.options.join(', ')}.`);
  return words.join(',');
}

const isRecent = (session: Session, now: number): boolean =>
  session.pinned || !ENDED.has(session.status) || now - Date.parse(session.ended_at ?? session.updated_at) < RECENT_MS;

/** Pinned ones on top; what waits first, then what works, then what is over; newest first within each. */
function inOrder(sessions: readonly Session[]): Session[] {
  const rank = (session: Session) => STATUS_ORDER.indexOf(session.status) - (session.pinned ? STATUS_ORDER.length : 0);
  return [...sessions].sort((a, b) => rank(a) - rank(b) || b.created_at.localeCompare(a.created_at));
}

/** `~/web` for `/home/mia/web`. */
function shortPath(dir: string, home: string): string {
  return dir === home || dir.startsWith(`${home}/`) ? `~${dir.slice(home.length)}` : dir;
}

function print(io: Io, sessions: readonly Session[], local: boolean): void {
  const style = styleOf(io);
  const short = shortIds(sessions.map((session) => session.id));
  const home = local ? homedir() : '\0';
  const elsewhere = sessions.some(({ machine }) => machine !== LOCAL_MACHINE);
  const rows = sessions.map((session) => [
    `${statusWord(session)}${session.pending_approvals > 1 ? ` ×${session.pending_approvals}` : ''}`,
    `${session.pinned ? PINNED : ''}${session.production ? '[production] ' : ''}${printable(session.name)}${session.archived ? ' (archived)' : ''}`,
    printable(session.agent),
    ...(elsewhere ? [printable(session.machine)] : []),
    printable(session.machine === LOCAL_MACHINE ? shortPath(session.cwd, home) : session.cwd),
    since(session.created_at, io.now()),
    session.viewers === 0 ? '-' : String(session.viewers),
    short.get(session.id) as string,
  ]);
  const role = (row: number) => MARKS[(sessions[row] as Session).status].role;
  const lines = table(
    [
      { title: 'STATUS', paint: (text, row) => style(role(row), text) },
      { title: 'NAME', cut: 'end', min: 10 },
      { title: 'AGENT', cut: 'end' },
      ...(elsewhere ? [{ title: 'MACHINE', cut: 'end' } as const] : []),
      { title: 'DIRECTORY', cut: 'start', min: 10 },
      { title: 'AGE', align: 'right' },
      { title: 'VIEWERS', align: 'right' },
      { title: 'ID' },
    ],
    rows,
    { max: tableWidth(io), head: (text) => style('quiet', text) },
  );
  say(io, ...lines);
}

function nothing(status: string | undefined, machine: string | undefined): string {
  if (status !== undefined) return 'No session has this status.';
  if (machine !== undefined)
    return `No session runs on ${printable(machine)}. Start one with afield run <agent> --machine ${printable(machine)}.`;
  return 'No session runs. Start one with afield run <agent>.';
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .option('-a, --all', 'ended long ago and archived ones too')
    .option('--status <list>', `only these: ${sessionStatus.options.join(', ')}`)
    .option('--machine <name>', 'only sessions on this machine')
    .option('--json', 'machine readable, as the API answers')
    .action(async (options: { all?: true; status?: string; machine?: string; json?: true }) => {
      const status = statuses(options.status);
      const home = await context.home();
      const query = {
        ...(options.all ? { archived: true } : {}),
        ...(status === undefined ? {} : { status }),
        ...(options.machine === undefined ? {} : { machine: options.machine }),
      };
      const all = await allSessions(home, query);
      const shown = inOrder(options.all || status !== undefined ? all : all.filter((session) => isRecent(session, io.now())));
      if (options.json) {
        sayJson(io, { items: shown, next_cursor: null });
        return;
      }
      if (shown.length > 0) print(io, shown, home.local);
      else say(io, nothing(status, options.machine));
      const older = all.length - shown.length;
      if (older > 0) say(io, `${older} ended more than a day ago: afield list --all`);
    });
}
