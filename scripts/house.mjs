/**
 * What every script needs before anything of ours can run: dependencies, a Node that is new enough, fresh bundles.
 * Plain JavaScript without dependencies, for it runs first, on whatever Node (20 or newer) the machine has.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..');
const STAMP = path.join(ROOT, 'node_modules', '.afield-install');

/** The oldest Node that the product itself runs on. */
export const NODE_NEEDED = [22, 12];

export function fail(message) {
  process.stderr.write(`\n${message}\n`);
  process.exit(1);
}

const enough = (version) => {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  return major > NODE_NEEDED[0] || (major === NODE_NEEDED[0] && minor >= NODE_NEEDED[1]);
};

/** Path of a Node that is new enough: this one, else the one that the repository brings through npm. */
export function nodePath() {
  if (enough(process.version)) return process.execPath;
  try {
    const require = createRequire(path.join(ROOT, 'package.json'));
    const bin = path.join(
      path.dirname(require.resolve(`node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}/package.json`)),
      'bin',
      process.platform === 'win32' ? 'node.exe' : 'node',
    );
    if (existsSync(bin)) return bin;
  } catch {
    // not one of the platforms for which npm has a Node package
  }
  return fail(
    `Afield needs Node ${NODE_NEEDED.join('.')} or newer; this is ${process.version}, and npm brought none for ${process.platform}-${process.arch}. Install Node 24 from https://nodejs.org and try again.`,
  );
}

/** Environment for children: our Node first, so that a script's `node` is the right one. */
export function childEnv(extra = {}) {
  const bins = [path.dirname(nodePath()), path.join(ROOT, 'node_modules', '.bin')];
  return { ...process.env, PATH: [...bins, process.env.PATH].join(path.delimiter), ...extra };
}

/** Runs a program to its end. Resolves with its exit code. */
export function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    // before the install there may be no Node of ours yet: whoever runs something then brings its environment
    const child = spawn(file, args, { cwd: ROOT, stdio: 'inherit', ...options, env: options.env ?? childEnv() });
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ? 1 : (code ?? 1)));
  });
}

/** Like `run`, but ends this script when the program fails. */
export async function must(what, file, args, options) {
  const code = await run(file, args, options).catch((error) => fail(`${what}: ${file} could not be started (${error.message}).`));
  if (code !== 0) fail(`${what} failed (exit code ${code}).`);
}

/** Installs exactly what the lockfile says, when that is not what is there. */
export async function ensureInstalled() {
  if (Number(process.versions.node.split('.')[0]) < 20)
    fail(`Node ${process.version} is too old even to install. Node 20 or newer is needed.`);
  const want = createHash('sha256')
    .update(readFileSync(path.join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === want) return;
  // npm would empty the folder behind the link, which is somebody else's
  if (lstatSync(path.dirname(STAMP), { throwIfNoEntry: false })?.isSymbolicLink())
    fail(
      'node_modules is a symbolic link, and what is behind it is not what package-lock.json asks for. Install there, or remove the link.',
    );
  console.log('Installing dependencies (about a minute the first time) …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const code = await run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { env: process.env });
  if (code !== 0) fail('npm ci failed. Is the package registry reachable? Then run the same command again.');
  writeFileSync(STAMP, want);
}

function newest(folder, skip) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist' || entry.name.includes('.test.') || skip?.has(entry.name)) continue;
    const full = path.join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(full) : statSync(full).mtimeMs);
  }
  return latest;
}

const BUNDLES = {
  server: ['server/dist/afield.mjs', ['server/src', 'shared/src']],
  relay: ['relay/dist/relay.mjs', ['relay/src', 'shared/src/rendezvous.ts']],
  pwa: ['pwa/dist/index.html', ['pwa', 'shared/src']],
};

/** Builds what is missing or older than its sources. */
export async function ensureBuilt(names = Object.keys(BUNDLES)) {
  const stale = names.filter((name) => {
    const [output, sources] = BUNDLES[name];
    const file = path.join(ROOT, output);
    if (!existsSync(file)) return true;
    const built = statSync(file).mtimeMs;
    return sources.some((source) => {
      const full = path.join(ROOT, source);
      return (statSync(full).isDirectory() ? newest(full) : statSync(full).mtimeMs) > built;
    });
  });
  if (stale.length > 0) await must('The build', nodePath(), ['scripts/build.mjs', ...stale]);
}

const CHROMIUMS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Path of Chromium: `CHROMIUM`, or where it usually is; undefined when there is none. */
export const findChromium = () => [process.env.CHROMIUM, ...CHROMIUMS].find((file) => file && existsSync(file));

const onPath = (program) => (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, program)));

/** Debian package to a program of it. */
const TEST_PROGRAMS = {
  tmux: 'tmux',
  vim: 'vim',
  'openssh-client': 'ssh',
  'openssh-server': '/usr/sbin/sshd',
  asciinema: 'asciinema',
  strace: 'strace',
};
const isThere = (program) => (program.startsWith('/') ? existsSync(program) : onPath(program));

/** Sees to the programs that the tests drive. Installs them where we are root on Debian, else says what is missing. */
export function ensureTestPrograms() {
  const missing = () => [
    ...(findChromium() ? [] : ['chromium']),
    ...Object.entries(TEST_PROGRAMS).flatMap(([name, program]) => (isThere(program) ? [] : [name])),
  ];
  const wanted = missing();
  if (wanted.length === 0) return;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log(`Installing ${wanted.join(', ')} with apt-get …`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...wanted], { stdio: 'inherit', env });
  }
  const still = missing();
  if (still.length > 0)
    fail(
      `The tests need ${still.join(', ')}. Install ${still.length > 1 ? 'them' : 'it'} with your system's packages (Debian: sudo apt-get install ${still.join(' ')}); CHROMIUM=/path names another browser.`,
    );
}

/** Like `must`, but says nothing unless it fails. */
export function mustQuietly(what, file, args, options = {}) {
  const result = spawnSync(file, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26, ...options, env: options.env ?? childEnv() });
  if (result.status !== 0)
    fail(`${result.stdout ?? ''}${result.stderr ?? ''}\n${what} failed (${result.error?.message ?? `exit code ${result.status}`}).`);
}
