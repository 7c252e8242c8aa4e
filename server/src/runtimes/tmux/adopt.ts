/** The user's own tmux: what runs there, and taking one pane of it over for a while. */
import type { Adoptable } from '@afield/shared/api/machines.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Host } from '../../core/machine-ports.ts';
import { printable } from '../../core/printable.ts';
import type { Connection } from './connection.ts';
import { nameOf } from './names.ts';
import { MARK, type PaneFacts } from './panes.ts';
import { quoted } from './quote.ts';
import { LIST_FOREIGN } from './scripts.ts';

/** Texts that programs and people chose come last, and tabs are replaced in them. */
const SAFE = (name: string) => `#{s/\t/ /:${name}}`;
const FORMAT = [
  'P',
  '#{pane_id}',
  '#{pane_pid}',
  '#{pane_width}',
  '#{pane_height}',
  '#{session_attached}',
  '#{pane_dead}',
  SAFE('session_name'),
  SAFE('pane_current_command'),
  SAFE('pane_current_path'),
  SAFE('pane_title'),
].join('\t');
const MAX_TEXT = 200;

/** `own`: the socket of our own tmux. Errors: machine_unreachable. */
export async function listAdoptable(host: Host, tmux: string, own: string): Promise<Adoptable[]> {
  const { stdout } = await host.run(['sh', '-c', LIST_FOREIGN, 'sh', tmux, FORMAT, own]);
  const found = new Map<string, Adoptable>();
  let socket = '';
  for (const line of stdout.toString().split('\n')) {
    if (line.startsWith('socket=')) socket = line.slice('socket='.length);
    const [sign, pane = '', pid, cols, rows, attached, dead, session_name = '', command = '', cwd = '', title = ''] = line.split('\t');
    if (sign !== 'P' || !/^%\d+$/.test(pane) || dead === '1') continue;
    const text = (value: string) => printable(value).slice(0, MAX_TEXT);
    const size = { cols: Number(cols), rows: Number(rows) };
    const texts = { session_name: text(session_name), command: text(command), title: text(title), cwd: text(cwd) };
    found.set(`${socket} ${pane}`, { socket, pane, pid: Number(pid), ...size, ...texts, attached: attached !== '0' });
  }
  return [...found.values()];
}

/** Errors: not_found, conflict. */
export async function findPane(connection: Connection, pane: string): Promise<PaneFacts> {
  const facts = (await connection.panes()).get(pane);
  if (facts === undefined || facts.dead) throw new AfieldError('not_found', 'This window is not there any more. List the programs again.');
  if (facts.name !== '' && facts.piped) throw new AfieldError('conflict', 'This program is adopted already.');
  if (!facts.piped) return facts;
  throw new AfieldError(
    'conflict',
    'The output of this window is piped to a program of yours already (tmux pipe-pane), and tmux allows one. End that, then adopt it.',
  );
}

/** What is to be set back later: the window's own size policy, if it had one. */
export async function markAdopted(connection: Connection, facts: PaneFacts, session_id: string): Promise<void> {
  const [[policy = ''] = []] = await connection.run(`show-options -wqv -t ${quoted(facts.window)} window-size`);
  const keep = policy === '' ? [] : [`set-option -p -t ${quoted(facts.pane)} ${MARK}-size ${quoted(policy)}`];
  await connection.run(`set-option -p -t ${quoted(facts.pane)} ${MARK} ${quoted(nameOf(session_id))}`, ...keep);
}

/** Leaves the pane as it was found. Errors: `TmuxRefusal` when it is gone. */
export async function unmarkAdopted(connection: Connection, { pane, window }: { pane: string; window: string }): Promise<void> {
  const [at, around] = [quoted(pane), quoted(window)];
  const [[before = ''] = []] = await connection.run(`show-options -pqv -t ${at} ${MARK}-size`);
  const size = before === '' ? `set-option -uw -t ${around} window-size` : `set-option -w -t ${around} window-size ${quoted(before)}`;
  await connection.run(
    `pipe-pane -t ${at}`,
    `set-option -pu -t ${at} ${MARK}`,
    `set-option -pu -t ${at} ${MARK}-size`,
    `resize-window -A -t ${around}`,
    size,
  );
}
