/**
 * `npm start`: installs, builds, starts a local relay, the home server and the PWA, and prints address, pairing link and QR.
 * `--only relay` and `--only serve` start one part alone. Environment: AFIELD_HOME, AFIELD_PORT (4096), AFIELD_RELAY_PORT (4097).
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { childEnv, ensureBuilt, ensureInstalled, fail, nodePath, run } from './house.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const only = values.only;
if (only !== undefined && only !== 'relay' && only !== 'serve') fail(`--only takes relay or serve, not ${only}.`);

const port = portOf('AFIELD_PORT', 4096);
const relayPort = portOf('AFIELD_RELAY_PORT', 4097);
if (port === relayPort && only === undefined) fail(`AFIELD_PORT and AFIELD_RELAY_PORT are both ${port}. Choose two different ones.`);

function portOf(name, fallback) {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    fail(`${name}=${text} is not a port. Give a number from 1 to 65535, such as ${name}=${fallback}.`);
  return number;
}

await ensureInstalled();
await ensureBuilt({ relay: ['relay'], serve: ['server', 'pwa'] }[only] ?? ['server', 'relay', 'pwa']);

/** Programs that we started, to be ended with us. */
const children = new Set();
let ending = false;

/**
 * Starts a program and waits until it says itself that it listens: whoever else answers on its port is not asked. It gets a process
 * group of its own, so that Ctrl-C reaches it once, through us: a second signal would cut its goodbye short.
 */
function start(name, args, env, listening) {
  const child = spawn(nodePath(), args, { stdio: ['ignore', 'pipe', 'pipe'], env: childEnv(env), detached: true });
  children.add(child);
  const slow = setTimeout(() => console.log(`Waiting for the ${name} …`), 1000);
  const late = setTimeout(() => void end(1, `The ${name} did not listen within 30 s.`), 30_000);
  const timers = () => [slow, late].forEach(clearTimeout);
  child.on('exit', (code, signal) => {
    timers();
    children.delete(child);
    if (!ending) void end(code ?? 1, `The ${name} ended by itself (${signal ?? `exit code ${code}`}). Its message stands above.`);
  });
  return new Promise((resolve) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        if (isNews(line)) console.log(line);
        if (!listening.test(line)) return;
        timers();
        resolve();
      });
    }
  });
}

/** Log lines that a person at the terminal should see: no everyday counts. Anything that is no log line is meant for them anyway. */
function isNews(line) {
  if (only !== undefined || !line.startsWith('{')) return only !== undefined || line.trim() !== '';
  try {
    return !['debug', 'info'].includes(JSON.parse(line).level);
  } catch {
    return true;
  }
}

async function end(code, message) {
  if (ending) return;
  ending = true;
  if (message) console.error(`\n${message}`);
  const left = [...children].map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const child of children) child.kill('SIGTERM');
  await Promise.race([Promise.all(left), sleep(15_000)]);
  for (const child of children) child.kill('SIGKILL');
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(0));

const server = 'server/dist/afield.mjs';
const relayUrl = `ws://127.0.0.1:${relayPort}`;

if (only !== 'serve') {
  const env = { HOST: process.env.HOST ?? '127.0.0.1', PORT: String(relayPort) };
  await start('relay', ['--max-semi-space-size=2', 'relay/dist/relay.mjs'], env, /"event":"listening"/);
}
if (only !== 'relay') {
  const relay = only === undefined ? ['--relay', relayUrl] : [];
  await start('home server', [server, 'serve', '--port', String(port), ...relay], {}, /^The home server listens at/);
}
if (only === undefined && !ending) {
  console.log(
    `\nAfield runs.\n\n  Address  http://127.0.0.1:${port}\n  Relay    ${relayUrl} (this machine only; for your phone: docs/guides/relay-on-a-vps.md)\n`,
  );
  await pair();
  console.log('\nCtrl-C ends it. Press Enter for a new pairing link.');
  process.stdin.on('data', () => void pair());
  process.stdin.on('error', () => {});
}

/** The link is good once, for two minutes. */
async function pair() {
  await run(nodePath(), [server, 'pair', '--no-wait'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: childEnv({ AFIELD_PORT: String(port) }),
  });
}
