/** Pairing and forwarding: all that the relay does with frames. It sees a frame's size, never into it (docs/protocol.md, section 1). */
import { CLOSE, sendableCode } from '@afield/shared/rendezvous.ts';
import type { WebSocket } from 'ws';

/** Told the size of every frame; true means that the room must rest, and `wake` is called when it has. */
export type Meter = (bytes: number, wake: () => void) => boolean;
/** At most so many legs in one room; reading stops above and goes on below so many bytes that the other leg has not taken. */
export type Rules = Readonly<Record<'spares' | 'waiting' | 'pauseBytes' | 'resumeBytes', number>>;
const isOpen = (leg: WebSocket) => leg.readyState === leg.OPEN;

/** Joins clients and home servers by the name of their room. `paired` hears of the two legs that have found each other. */
export function createRelay(rules: Rules, meterOf: (room: string) => Meter, paired: (client: WebSocket, server: WebSocket) => void) {
  const rooms = new Map<string, { spares: Set<WebSocket>; waiting: Map<WebSocket, Buffer> }>();
  function enter(name: string, leg: WebSocket) {
    leg.once('close', () => leave(name, leg));
    return rooms.get(name) ?? rooms.set(name, { spares: new Set(), waiting: new Map() }).get(name)!;
  }
  function leave(name: string, leg: WebSocket) {
    const room = rooms.get(name);
    if (room && (room.spares.delete(leg) || room.waiting.delete(leg)) && room.spares.size + room.waiting.size === 0) rooms.delete(name);
  }
  function addServer(name: string, spare: WebSocket) {
    const room = enter(name, spare);
    const [client, first] = [...room.waiting].find(([leg]) => isOpen(leg)) ?? [];
    if (client && first) return pair(name, client, spare, first);
    const [oldest] = room.spares.add(spare); // the likeliest to hang on a dead line, which is why clients get the newest
    if (room.spares.size > rules.spares && room.spares.delete(oldest!)) oldest!.close(CLOSE.tryLater);
  }
  function addClient(name: string, client: WebSocket, first: Buffer) {
    const room = enter(name, client);
    const spare = [...room.spares].findLast(isOpen);
    if (spare) pair(name, client, spare, first);
    else if (room.waiting.size < rules.waiting) room.waiting.set(client, first);
    else client.close(CLOSE.tryLater);
  }
  function pair(name: string, client: WebSocket, server: WebSocket, first: Buffer) {
    for (const leg of [client, server]) leave(name, leg);
    paired(client, server);
    const meter = meterOf(name);
    forward(server, client, meter);
    forward(client, server, meter)(first, true);
  }
  function forward(from: WebSocket, to: WebSocket, meter: Meter) {
    const settle = () => from.isPaused && to.bufferedAmount <= rules.resumeBytes && !meter(0, settle) && from.resume();
    const pass = (frame: Buffer, binary: boolean) => {
      to.send(frame, { binary }, settle);
      if (meter(frame.length, settle) || to.bufferedAmount > rules.pauseBytes) from.pause();
    };
    from.removeAllListeners('message').on('message', pass);
    from.once('close', (code) => {
      to.removeAllListeners('message').resume(); // a paused leg would never read the answer to our close
      to.close(sendableCode(code));
    });
    return pass;
  }
  return { rooms, addServer, addClient };
}
