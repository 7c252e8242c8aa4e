/** A file as it is now, on whatever machine. */
import type { Machine } from '../../core/machine-ports.ts';

/** `$1` file, `$2` bytes at most. 3: there is none. */
const READ = '[ -e "$1" ] || [ -L "$1" ] || exit 3; [ -f "$1" ] || exit 4; exec head -c "$2" -- "$1"';
const MAX_BYTES = 256 * 1024;
const READ_MS = 3_000;
const MISSING = 3;

/** `text` null: there is none. `cut`: there is more, or it could not be read. */
export interface FileNow {
  text: string | null;
  cut: boolean;
}

/** Never rejects. */
export async function fileNow(machine: Machine, path: string | null): Promise<FileNow> {
  if (path === null || !path.startsWith('/') || path.includes('\0')) return { text: '', cut: true };
  try {
    const command = { session_id: '', file: 'sh', args: ['-c', READ, 'afield', path, String(MAX_BYTES)], cwd: '/', env: {} };
    const { file, args, env } = await machine.wrap(command, { terminal: false });
    const { code, stdout } = await machine.host.run([file, ...args], { env, timeoutMs: READ_MS });
    if (code === MISSING) return { text: null, cut: false };
    return code === 0 ? { text: stdout.toString('utf8'), cut: stdout.length >= MAX_BYTES } : { text: '', cut: true };
  } catch {
    // Out of reach: what is not known is said to be cut.
    return { text: '', cut: true };
  }
}
