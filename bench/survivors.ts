/** Many sessions in tmux at once: what fifty busy ones cost, how soon a hundred are attached after a restart, and a flood beside bare control mode. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '@afield/shared/api/sessions.ts';
import { type House, startHouse, until } from '../e2e/kit.ts';
import { cpuMs, residentBytes } from './figures.ts';
import type { BenchResult } from './result.ts';

/** An agent's screen: it redraws 1.5 kB ten times a second. bash alone, so that the programs cost next to nothing. */
const REDRAW = `exec {never}<> <(:); line=$(printf '%070d' 0); n=0
while :; do n=$((n+1)); printf '\\e[H'; for i in {1..20}; do printf '\\e[3%dm%s %06d\\e[K\\r\\n' $((i%8)) "\${line:0:60}" $n; done; read -t 0.1 -u $never; done`;
const REDRAW_BYTES_PER_S = 15_000;

type Call = <T>(method: string, below: string, body?: unknown) => Promise<{ status: number; body: T }>;

function caller(house: House): Call {
  const token = readFileSync(path.join(house.home, 'token'), 'utf8').trim();
  return async <T>(method: string, below: string, body?: unknown) => {
    const response = await fetch(`${house.url}/api/v1${below}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T };
  };
}

/** The tmux server that this home server's control client is attached to. */
function tmuxServer(session: Session): number {
  const socket = /-S '?([^' ]+)'?/.exec(session.attach_command ?? '')?.[1];
  if (socket === undefined) throw new Error(`This session is not in tmux: ${session.runtime}`);
  return Number(execFileSync('tmux', ['-S', socket, 'display-message', '-p', '#{pid}'], { encoding: 'utf8' }));
}

async function startMany(call: Call, count: number, agent: string): Promise<Session[]> {
  const sessions: Session[] = [];
  for (let i = 0; i < count; i++) {
    const { status, body } = await call<Session>('POST', '/sessions', { agent, cols: 80, rows: 24 });
    if (status !== 201) throw new Error(JSON.stringify(body));
    sessions.push(body);
  }
  return sessions;
}

const agents = {
  redraw: { command: ['/bin/bash', '-c', REDRAW] },
  still: { command: ['/bin/sh', '-c', 'echo ready; exec cat'] },
  flood: { command: ['/bin/sh', '-c', 'read -r _; seq 1 1000000; echo done; exec cat'] },
};

export async function benchSurvivors({ quick }: { quick: boolean }): Promise<BenchResult[]> {
  return [await flood(quick), ...(await busy(quick)), await restart(quick)];
}

async function busy(quick: boolean): Promise<BenchResult[]> {
  const count = quick ? 10 : 50;
  const house = await startHouse({ config: { agents } });
  try {
    const call = caller(house);
    const server = house.server.child.pid as number;
    await startMany(call, 1, 'still');
    await sleep(2_000);
    const before = residentBytes(server);
    const [first] = await startMany(call, count, 'redraw');
    await sleep(quick ? 5_000 : 20_000);
    const tmux = tmuxServer(first as Session);
    const watched = quick ? 5_000 : 20_000;
    const start = { at: performance.now(), server: cpuMs(server), tmux: cpuMs(tmux), bytes: await printed(call) };
    await sleep(watched);
    const took = performance.now() - start.at;
    const [ours, theirs] = [(cpuMs(server) - start.server) / took, (cpuMs(tmux) - start.tmux) / took];
    const rate = ((await printed(call)) - start.bytes) / (took / 1000) / count;
    const each = (residentBytes(server) - before) / count / 1024 / 1024;
    return [
      {
        name: `${count} busy sessions: cores used, server and tmux`,
        value: ours + theirs,
        unit: 'cores',
        target: '≤ 1',
        pass: ours + theirs <= 1,
        detail: `server ${ours.toFixed(2)}, tmux ${theirs.toFixed(2)}; each prints ${(rate / 1000).toFixed(1)} kB/s (meant ${REDRAW_BYTES_PER_S / 1000})`,
      },
      { name: `${count} busy sessions: memory each`, value: each, unit: 'MB', target: '< 3', pass: each < 3 },
    ];
  } finally {
    await house.stop();
  }
}

async function printed(call: Call): Promise<number> {
  const { body } = await call<{ items: Session[] }>('GET', '/sessions?limit=1000&agent=redraw');
  return body.items.reduce((sum, { output_bytes }) => sum + output_bytes, 0);
}

/** Until the last of them takes input again, counted from the start of the new server. */
async function restart(quick: boolean): Promise<BenchResult> {
  const count = quick ? 20 : 100;
  const house = await startHouse({ config: { agents } });
  try {
    const call = caller(house);
    const sessions = await startMany(call, count, 'still');
    await house.killServer();
    const start = performance.now();
    await house.startServer();
    const answered = performance.now() - start;
    const waits = sessions.map(({ id }) =>
      until(`session ${id} takes input`, async () => (await call('POST', `/sessions/${id}/input`, { text: 'x' })).status < 300, 30_000),
    );
    await Promise.all(waits);
    const took = (performance.now() - start) / 1000;
    return {
      name: `restart with ${count} live sessions until all are attached`,
      value: took,
      unit: 's',
      target: '< 2',
      pass: took < 2,
      detail: `the server itself answered after ${Math.round(answered)} ms`,
    };
  } finally {
    await house.stop();
  }
}

async function flood(quick: boolean): Promise<BenchResult> {
  const rounds = quick ? 1 : 3;
  const house = await startHouse({ config: { agents } });
  try {
    const call = caller(house);
    let ours = 0;
    let theirs = 0;
    for (let round = 0; round < rounds; round++) {
      const [session] = await startMany(call, 1, 'flood');
      ours = Math.max(ours, await ourFlood(call, session as Session));
      theirs = Math.max(theirs, await bareFlood());
    }
    const ratio = ours / theirs;
    return {
      name: 'flood through tmux into recording and mirror ÷ bare control mode',
      value: ratio,
      unit: '×',
      target: '≥ 0.5',
      pass: ratio >= 0.5,
      peer: `tmux -C alone ${theirs.toFixed(1)} MB/s, ours ${ours.toFixed(1)} MB/s`,
    };
  } finally {
    await house.stop();
  }
}

/** `seq 1 1000000` with a carriage return before each line feed. */
const FLOOD_BYTES = 7_888_896;

async function ourFlood(call: Call, { id }: Session): Promise<number> {
  await sleep(500);
  const start = performance.now();
  await call('POST', `/sessions/${id}/input`, { text: '\r' });
  await until(
    'the flood has arrived',
    async () => (await call<Session>('GET', `/sessions/${id}`)).body.output_bytes >= FLOOD_BYTES,
    60_000,
  );
  return FLOOD_BYTES / 1e6 / ((performance.now() - start) / 1000);
}

/** The same program in a tmux of its own, its `%output` read and thrown away. */
async function bareFlood(): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'afield-bare-tmux-'));
  const socket = path.join(folder, 's');
  const env = { PATH: process.env.PATH ?? '', HOME: folder, LANG: 'C.UTF-8' };
  const tmux = spawn('tmux', ['-S', socket, '-f', '/dev/null', '-C', 'new-session', '-x', '80', '-y', '24', ...agents.flood.command], {
    env,
  });
  try {
    let tail = '';
    let ended: () => void = () => {};
    const over = new Promise<void>((resolve) => {
      ended = resolve;
    });
    tmux.stdout.on('data', (bytes: Buffer) => {
      tail = (tail + bytes.toString('latin1')).slice(-2_000);
      if (tail.includes('1000000\\015\\012done')) ended();
    });
    await sleep(500);
    const start = performance.now();
    tmux.stdin.write('send-keys -H 0d\n');
    await Promise.race([over, sleep(60_000, undefined, { ref: false })]);
    return FLOOD_BYTES / 1e6 / ((performance.now() - start) / 1000);
  } finally {
    execFileSync('tmux', ['-S', socket, 'kill-server']);
    if (tmux.exitCode === null) await once(tmux, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}
