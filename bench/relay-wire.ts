/** The two ends of a WebSocket, as cheap as they can be, so that a bench measures what lies between them. */
import { createHash, randomBytes } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Any mask but zero, which implementations may skip. */
const MASK = Buffer.from([0x5a, 0xc3, 0x0f, 0x96]);

/** One binary frame; `masked` as a client must send it (RFC 6455, section 5.3). */
export function frameOf(payload: Buffer, masked: boolean): Buffer {
  const long = payload.length > 125;
  const header = Buffer.alloc(long ? 4 : 2);
  header[0] = 0x82;
  header[1] = (masked ? 0x80 : 0) | (long ? 126 : payload.length);
  if (long) header.writeUInt16BE(payload.length, 2);
  if (!masked) return Buffer.concat([header, payload]);
  return Buffer.concat([header, MASK, payload.map((byte, index) => byte ^ (MASK[index & 3] as number))]);
}

/** One end of a WebSocket. Reads headers, skips payloads. */
export class End {
  readonly socket: Socket;
  /** Whether this end is the client of its connection, and so masks. */
  readonly masks: boolean;
  /** Hears the payload length of each frame, and the bytes of it that came along with its header. */
  onFrame: (length: number, start: Buffer) => void = () => {};
  #rest: Buffer = Buffer.alloc(0);
  #left = 0;

  constructor(socket: Socket, masks: boolean, head: Buffer) {
    this.socket = socket;
    this.masks = masks;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    if (head.length > 0) this.#read(head);
  }

  #read(chunk: Buffer): void {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (;;) {
      const skip = Math.min(this.#left, bytes.length);
      this.#left -= skip;
      bytes = bytes.subarray(skip);
      const second = bytes[1] ?? 0;
      const header = 2 + ((second & 0x7f) === 126 ? 2 : 0) + (second & 0x80 ? 4 : 0);
      if (bytes.length < Math.max(2, header)) break;
      this.#left = (second & 0x7f) === 126 ? bytes.readUInt16BE(2) : second & 0x7f;
      const isPing = bytes[0] === 0x89;
      bytes = bytes.subarray(header);
      if (!isPing) this.onFrame(this.#left, bytes);
    }
    this.#rest = bytes;
  }
}

/** Dials `port` as a WebSocket client, with more header lines such as `Authorization: …`. */
export function dial(port: number, path: string, headers: readonly string[] = []): Promise<End> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const key = randomBytes(16).toString('base64');
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
    ];
    socket.write(`${[...lines, `Sec-WebSocket-Key: ${key}`, ...headers].join('\r\n')}\r\n\r\n`);
    socket.once('error', reject);
    let answer = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onData);
      socket.off('error', reject);
      if (answer.toString('latin1', 9, 12) === '101') resolve(new End(socket, true, answer.subarray(end + 4)));
      else reject(new Error(`The dial was answered with ${answer.toString('latin1', 0, answer.indexOf('\r'))}`));
    };
    socket.on('data', onData);
  });
}

/** A WebSocket server for a proxy to dial: hands out each end under the path that was asked for. */
export function serve(onEnd: (path: string, end: End) => void): Promise<Server> {
  const server = createServer((socket) => {
    let request = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      request = Buffer.concat([request, chunk]);
      const end = request.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onData);
      const text = request.toString('latin1', 0, end);
      const key = /^sec-websocket-key: (\S+)/im.exec(text)?.[1] ?? '';
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      onEnd(text.split(' ', 2)[1] ?? '', new End(socket, false, request.subarray(end + 4)));
    };
    socket.on('data', onData);
    socket.on('error', () => socket.destroy());
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
