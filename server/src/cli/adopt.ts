import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Adoptable } from '@afield/shared/api/machines.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import { attachTo } from './attach.ts';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { say, sayJson, styleOf, tableWidth } from './io.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';
import { ensureRunning } from './reach/background.ts';
import { findProject } from './reach/projects.ts';
import { shortIds } from './reach/resolve.ts';

export const examples: CommandModule['examples'] = [
  ['afield adopt', 'lists what runs in your own tmux'],
  ['afield adopt %12 -s web', 'makes it a session; it goes on as it is'],
  ['afield adopt --machine box', 'the same on another machine'],
];

interface Options {
  machine: string;
  socket?: string;
  session?: string;
  agent?: string;
  project?: string;
  attach?: true;
  json?: true;
}

function list({ io }: Context, items: readonly Adoptable[], machine: string): void {
  if (items.length === 0) {
    say(io, `Nothing runs in a tmux of yours${machine === LOCAL_MACHINE ? '' : ` on ${machine}`}.`);
    return;
  }
  const style = styleOf(io);
  const several = new Set(items.map(({ socket }) => socket)).size > 1;
  const rows = items.map((one) => [
    one.pane,
    printable(one.session_name),
    printable(one.command),
    printable(one.cwd),
    one.attached ? 'yes' : '-',
    ...(several ? [printable(one.socket)] : []),
  ]);
  const columns = [
    { title: 'PANE' },
    { title: 'TMUX', cut: 'end' },
    { title: 'PROGRAM', cut: 'end' },
    { title: 'DIRECTORY', cut: 'start' },
    { title: 'ATTACHED' },
    ...(several ? [{ title: 'SOCKET', cut: 'start' } as const] : []),
  ] as const;
  say(io, ...table(columns, rows, { max: tableWidth(io), head: (text) => style('quiet', text) }));
  say(io, '', 'Adopt one with afield adopt <pane>.');
}

/** The pane that is meant; ids of panes count from 0 in each tmux. */
function paneOf(items: readonly Adoptable[], pane: string, socket: string | undefined): Adoptable {
  const found = items.filter((one) => one.pane === pane && (socket === undefined || one.socket === socket));
  if (found.length === 1) return found[0] as Adoptable;
  if (found.length === 0) throw new AfieldError('not_found', `There is no pane ${printable(pane)}. afield adopt lists which there are.`);
  throw new UsageError(
    `${pane} is in ${found.length} tmux. Say which with --socket: ${found.map((one) => printable(one.socket)).join(', ')}`,
  );
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('[pane]', 'as %12, tmux knows it as $TMUX_PANE')
    .option('--machine <name>', 'where it runs', LOCAL_MACHINE)
    .option('--socket <path>', 'of its tmux, when there are several')
    .option('-s, --session <name>', 'name of the session')
    .option('--agent <agent>', 'whose rules read its state (found by its program)')
    .option('--project <name>', 'project it belongs to')
    .option('-a, --attach', 'bring it to this terminal')
    .option('--json', 'machine readable')
    .action(async (pane: string | undefined, options: Options) => {
      const home = await context.home();
      await ensureRunning(home, io);
      const { machine } = options;
      const found = await home.ask(`Looking at ${machine}`, 'listAdoptable', { params: { name: machine } });
      if (pane === undefined) {
        if (options.json) sayJson(io, found);
        else list(context, found.items, machine);
        return;
      }
      const { socket } = paneOf(found.items, pane, options.socket);
      const body = {
        machine,
        socket,
        pane,
        ...(options.session === undefined ? {} : { name: options.session }),
        ...(options.agent === undefined ? {} : { agent: options.agent }),
        ...(options.project === undefined ? {} : { project_id: (await findProject(home, options.project)).id }),
      };
      const session = await home.ask(`Adopting ${pane}`, 'adoptSession', { body });
      if (options.json) sayJson(io, session);
      else if (options.attach) await attachTo(context, session, 'look');
      else say(io, `${shortIds([session.id]).get(session.id)}  ${printable(session.name)}`);
    });
}
