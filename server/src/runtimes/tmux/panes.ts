/** What tmux tells about panes: asked for as one line each, of which no part can be what a program chose freely. */
import { constants } from 'node:os';
import type { ProcessExit } from '../../core/machine-ports.ts';
import { quoted } from './quote.ts';

export interface PaneFacts {
  /** `%12` and `@7`: tmux' own ids, never used again while its server runs. */
  pane: string;
  window: string;
  /** Null while it runs, or while tmux has not collected it yet. */
  exit: ProcessExit | null;
  /** It ended, whether tmux knows how or not. */
  dead: boolean;
  piped: boolean;
  pid: number;
  cols: number;
  rows: number;
  windowCols: number;
  windowRows: number;
  /** When it printed last, in seconds since 1970. */
  activity: number;
  /** `nameOf` its session; empty when it is none of ours. */
  name: string;
  /** Name of the program that holds the terminal, unusual characters replaced. */
  command: string;
}

/** The option of a pane that holds the name of its session. */
export const MARK = '@afield';

const FORMAT = [
  'P',
  '#{pane_id}',
  '#{window_id}',
  '#{pane_dead}',
  '#{pane_dead_status}',
  '#{pane_dead_signal}',
  '#{pane_pipe}',
  '#{pane_pid}',
  '#{pane_width}',
  '#{pane_height}',
  '#{window_width}',
  '#{window_height}',
  '#{window_activity}',
  `#{s/[^A-Za-z0-9_-]/_/:${MARK}}`,
  '#{s/[^A-Za-z0-9._+-]/_/:pane_current_command}',
].join(',');

export const LIST_PANES = `list-panes -a -F ${quoted(FORMAT)}`;

/** By pane; a window in several tmux sessions is listed in each. */
export function readPanes(lines: readonly string[]): Map<string, PaneFacts> {
  const panes = new Map<string, PaneFacts>();
  for (const line of lines) {
    const facts = readPane(line);
    if (facts !== null) panes.set(facts.pane, facts);
  }
  return panes;
}

function readPane(line: string): PaneFacts | null {
  const [sign, pane = '', window = '', dead, status = '', signal = '', piped, ...rest] = line.split(',');
  if (sign !== 'P' || !/^%\d+$/.test(pane)) return null;
  const [pid = 0, cols = 0, rows = 0, windowCols = 0, windowRows = 0, activity = 0] = rest.slice(0, 6).map(Number);
  const [name = '', command = ''] = rest.slice(6);
  const ended = dead === '1' && (status !== '' || signal !== '');
  const exit = ended ? { code: signal === '' ? Number(status) : null, signal: signal === '' ? null : signalName(signal) } : null;
  const size = { cols, rows, windowCols, windowRows };
  return { pane, window, exit, dead: dead === '1', piped: piped === '1', pid, ...size, activity, name, command };
}

/** A number on Linux, a name without its first letters elsewhere. */
function signalName(signal: string): string {
  if (!/^\d+$/.test(signal)) return `SIG${signal.toUpperCase().replace(/^SIG/, '')}`;
  return Object.entries(constants.signals).find(([, number]) => number === Number(signal))?.[0] ?? `signal ${signal}`;
}
