/** What is measured: our relay as it ships, a bare `ws` forwarder, nginx. Each a process of its own, so that its time and memory can be read. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { findNginx, startNginx } from './nginx.ts';

export type Kind = 'relay' | 'forwarder' | 'nginx';

export interface Subject {
  kind: Kind;
  port: number;
  child: ChildProcess;
  stop(): Promise<void>;
}

const ROOT = path.resolve(import.meta.dirname, '..');

/** Which subjects this machine has. */
export function kindsHere(): Kind[] {
  return findNginx() ? ['relay', 'forwarder', 'nginx'] : ['relay', 'forwarder'];
}

/** Starts a subject. `homePort` is where the home ends listen, for a proxy that dials them. */
export async function startSubject(kind: Kind, homePort: number): Promise<Subject> {
  const { child, port } = await { relay: startRelay, forwarder: startForwarder, nginx: startProxy }[kind](homePort);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    kind,
    port,
    child,
    stop() {
      child.kill('SIGTERM');
      return gone;
    },
  };
}

async function startRelay(): Promise<{ child: ChildProcess; port: number }> {
  const bundle = path.join(ROOT, 'relay/dist/relay.mjs');
  if (!existsSync(bundle)) throw new Error('relay/dist/relay.mjs is missing. Run: npm run build relay');
  const env = { ...process.env, HOST: '127.0.0.1', PORT: '0', RELAY_LIMIT_LOOPBACK: 'false', RELAY_LOG: 'info' };
  // with the flags that the image starts it with
  const command = JSON.parse(/^CMD (\[.*\])$/m.exec(readFileSync(path.join(ROOT, 'relay/Dockerfile'), 'utf8'))?.[1] ?? '[]') as string[];
  const child = spawn(process.execPath, [...command.slice(1, -1), bundle], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line) as { event: string; port: number };
    if (entry.event !== 'listening') continue;
    child.stdout.resume();
    return { child, port: entry.port };
  }
  throw new Error('The relay ended before it listened.');
}

function startForwarder(): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(path.join(import.meta.dirname, 'relay-forwarder.ts'));
  return new Promise((resolve, reject) => {
    child.once('message', (port) => resolve({ child, port: Number(port) }));
    child.once('exit', () => reject(new Error('The forwarder ended before it listened.')));
  });
}

async function startProxy(homePort: number): Promise<{ child: ChildProcess; port: number }> {
  const found = findNginx();
  if (!found) throw new Error('There is no nginx here.');
  return startNginx(found.file, homePort);
}

/** How the two ends of pair `index` dial a subject; no `home` where the subject dials the home end itself. */
export function waysIn(kind: Kind, index: number): { phone: Way; home?: Way } {
  if (kind === 'nginx') return { phone: { path: `/${index}`, headers: [] } };
  if (kind === 'forwarder') return { phone: { path: `/phone/${index}`, headers: [] }, home: { path: `/home/${index}`, headers: [] } };
  const secret = randomBytes(32);
  const room = createHash('sha256').update('afield room v1\0').update(secret).digest('base64url');
  const offer = `Sec-WebSocket-Protocol: afield.v1, ${room}`;
  return {
    phone: { path: '/', headers: [offer] },
    home: { path: '/', headers: [offer, `Authorization: Bearer ${secret.toString('base64url')}`] },
  };
}
export interface Way {
  path: string;
  headers: string[];
}

const CLOCK_TICKS = 100; // USER_HZ, the same on every Linux that Node runs on

/** Processor seconds that a process has used so far (Linux). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

/** Memory of a process in bytes, without pages of files, such as its own program, which the system may share and drop (Linux). */
export function residentBytes(pid: number): number {
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}
