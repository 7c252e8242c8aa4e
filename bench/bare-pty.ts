/** The peer of the terminal benches: a PTY on a WebSocket and nothing else. No session, no screen, no log, no encryption. Given a port, it takes that. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawn } from 'node-pty';
import { WebSocketServer } from 'ws';

const http = createServer((_request, response) => response.end('ok'));
const sockets = new WebSocketServer({ server: http });
sockets.on('connection', (socket) => {
  const child = spawn('/bin/sh', [], {
    name: 'xterm-256color',
    cwd: process.cwd(),
    cols: 80,
    rows: 24,
    encoding: null,
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm-256color', PS1: '$ ' },
  });
  child.onData((bytes) => {
    socket.send(bytes);
    if (socket.bufferedAmount > 1 << 20) child.pause();
  });
  const drain = setInterval(() => socket.bufferedAmount < 1 << 18 && child.resume(), 1);
  socket.on('message', (bytes) => (child as typeof child & { write(keys: Buffer): void }).write(bytes as Buffer));
  socket.on('close', () => {
    clearInterval(drain);
    process.kill(child.pid, 'SIGHUP');
  });
});
http.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => process.send?.((http.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
