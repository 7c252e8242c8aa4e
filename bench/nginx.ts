/** nginx as a WebSocket proxy: the peer that is written in C. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PLACES = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx', '/opt/homebrew/bin/nginx'];

/** Path and version of nginx, or undefined where there is none. */
export function findNginx(): { file: string; version: string } | undefined {
  const file = PLACES.find((place) => existsSync(place));
  if (file === undefined) return undefined;
  const version = /nginx\/(\S+)/.exec(String(spawnSync(file, ['-v']).stderr))?.[1] ?? '?';
  return { file, version };
}

const config = (folder: string, port: number, upstream: number) => `
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout 1h;
      proxy_send_timeout 1h;
    }
  }
}
`;

/** Starts nginx in front of `upstream`. One process, so that its time and memory are all its own. */
export async function startNginx(file: string, upstream: number): Promise<{ child: ChildProcess; port: number; folder: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'afield-nginx-'));
  const port = await freePort();
  mkdirSync(path.join(folder, 'logs'));
  writeFileSync(path.join(folder, 'nginx.conf'), config(folder, port, upstream));
  const child = spawn(file, ['-p', folder, '-c', path.join(folder, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'inherit'] });
  child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (let tries = 0; tries < 100 && !(await answers(port)); tries++) await sleep(50);
  return { child, port, folder };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
}
