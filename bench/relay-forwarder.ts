/** The yardstick: the least that `ws` can be made to forward. No limits, no backpressure, no rooms: `/home/7` and `/phone/7` are a pair. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

const homes = new Map<string, WebSocket>();
const http = createServer();
const sockets = new WebSocketServer({ server: http, perMessageDeflate: false, clientTracking: false });
sockets.on('connection', (ws, request) => {
  const [, side, name = ''] = (request.url ?? '').split('/');
  if (side === 'home') {
    homes.set(name, ws);
    return;
  }
  const home = homes.get(name);
  homes.delete(name);
  if (home === undefined) return ws.terminate();
  ws.on('message', (frame, binary) => home.send(frame, { binary }));
  home.on('message', (frame, binary) => ws.send(frame, { binary }));
  ws.on('close', () => home.terminate());
  home.on('close', () => ws.terminate());
});
http.listen(0, '127.0.0.1', () => process.send?.((http.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
