/** How our own tmux server is set up: nothing in it runs by itself, and nothing is bound to a key but the way out. */
import { TMUX_SESSION } from './names.ts';

/** Lines that tmux keeps of each screen, for whoever attaches at the desk. Our history is the byte log. */
const HISTORY_LINES = 2_000;

const OPTIONS: readonly (readonly [option: string, value: string])[] = [
  ['exit-empty', 'off'],
  ['exit-unattached', 'off'],
  ['message-limit', '0'],
  ['set-clipboard', 'off'],
  ['escape-time', '0'],
  ['default-terminal', 'xterm-256color'],
  ['history-limit', String(HISTORY_LINES)],
  ['update-environment', ''],
  ['destroy-unattached', 'off'],
  ['prefix', 'None'],
  ['prefix2', 'None'],
  ['status', 'off'],
  ['mouse', 'off'],
  ['set-titles', 'off'],
  ['lock-after-time', '0'],
  ['bell-action', 'none'],
  ['activity-action', 'none'],
  ['silence-action', 'none'],
  ['remain-on-exit', 'on'],
  ['automatic-rename', 'off'],
  ['allow-rename', 'off'],
  ['monitor-bell', 'off'],
];

/** The name that a window gets when its program ended: clients that only listen hear of a renamed window at once. */
export const DIED = 'ended';

/** Arguments of tmux, commands separated by `;`. */
export const SERVER_OPTIONS: readonly string[] = [
  ['start-server'],
  ...OPTIONS.map(([option, value]) => ['set-option', '-g', option, value]),
  ['unbind-key', '-a', '-T', 'prefix'],
  ['unbind-key', '-a', '-T', 'root'],
  // As in `afield attach`: who looks in from the desk must find the way out.
  ['bind-key', '-T', 'root', 'C-\\', 'detach-client'],
  // A hook may not make notices itself; what it puts off may.
  ['set-hook', '-g', 'pane-died', `run-shell -b -d 0 -C "rename-window -t #{pane_id} ${DIED}"`],
  // Keeps the place for control clients; its program ends at once and costs nothing.
  ['new-session', '-d', '-s', TMUX_SESSION, 'exit 0'],
].flatMap((command, i) => (i === 0 ? command : [';', ...command]));
