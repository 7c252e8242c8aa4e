import { delimiter, dirname, join } from 'node:path';
import { SESSION_MARK } from '../core/machine-ports.ts';

/**
 * What a child may see of the server's environment. Everything else stays out: tokens, NODE_OPTIONS, the marks of an agent that started
 * this server (CLAUDECODE makes Claude refuse to run), npm's own variables.
 */
const ALLOWED = [
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'LC_*',
  'TZ',
  'TMPDIR',
  'EDITOR',
  'VISUAL',
  'PAGER',
  'XDG_*',
  'SSH_AUTH_SOCK',
  'DBUS_SESSION_BUS_ADDRESS',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
];

/** Where programs are often installed, though a server that was started by the system does not have them in its PATH. */
const USUAL = (home: string) => [
  join(home, '.local/bin'),
  join(home, 'bin'),
  join(home, '.npm-global/bin'),
  join(home, '.bun/bin'),
  join(home, '.opencode/bin'),
  join(home, '.cargo/bin'),
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/usr/bin',
  '/bin',
];

/** Folders in which programs are looked for, in order, each once. `npm`: the package whose script npm runs now, if it does. */
export function searchPath(path: string, home: string, npm?: string): string[] {
  const own = path.split(delimiter).filter((folder) => folder.startsWith('/') && !(npm !== undefined && isOfNpm(folder, dirname(npm))));
  return [...new Set([...own, ...USUAL(home)])];
}

/** While it runs a script npm puts programs of that package, and of all folders above it, in front of the user's own. */
function isOfNpm(folder: string, root: string): boolean {
  if (folder.startsWith(join(root, 'node_modules/')) || folder.endsWith('/node-gyp-bin')) return true;
  return folder.endsWith('/node_modules/.bin') && `${root}/`.startsWith(`${dirname(dirname(folder))}/`);
}

/** Environment of a child. `extra` wins over what is passed on; our mark and the terminal's name win over all. */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  path: readonly string[],
  extra: Readonly<Record<string, string>>,
  pass: readonly string[],
  session_id?: string,
): Record<string, string> {
  const patterns = [...ALLOWED, ...pass];
  const fits = (name: string) => patterns.some((p) => (p.endsWith('*') ? name.startsWith(p.slice(0, -1)) : name === p));
  const seen = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && fits(entry[0]));
  return {
    ...Object.fromEntries(seen.filter(([name]) => !name.startsWith('AFIELD_'))),
    PATH: path.join(delimiter),
    ...extra,
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    ...(session_id === undefined ? {} : { [SESSION_MARK]: session_id }),
  };
}
