/** A terminal at the desk: tmux on a socket of its own, ended with `close()`. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Desk {
  /** What the terminal shows now. */
  screen(): Promise<string>;
  /** Literal text, no Enter. */
  type(text: string): Promise<void>;
  /** Keys by tmux' names: `Enter`, `C-c`, `Escape`. */
  press(...keys: string[]): Promise<void>;
  close(): Promise<void>;
}

export async function openDesk(argv: string[], env: Record<string, string>, size = { cols: 100, rows: 30 }): Promise<Desk> {
  const socket = `afield-e2e-${process.pid}-${randomBytes(4).toString('hex')}`;
  const { TMUX: _, ...clean } = process.env;
  const tmux = (...args: string[]) =>
    run('tmux', ['-L', socket, '-f', '/dev/null', ...args], { env: { ...clean, ...env, TERM: 'xterm-256color' } });
  await tmux('new-session', '-d', '-x', String(size.cols), '-y', String(size.rows), ...argv);
  await tmux('set-option', '-g', 'remain-on-exit', 'on');
  return {
    screen: async () => (await tmux('capture-pane', '-p')).stdout,
    async type(text) {
      await tmux('send-keys', '-l', '--', text);
    },
    async press(...keys) {
      await tmux('send-keys', ...keys);
    },
    async close() {
      await tmux('kill-server').catch(() => {
        // it ended by itself with its last program
      });
    },
  };
}
