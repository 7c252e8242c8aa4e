/** A line to an app-server: JSON-RPC in the frames of a WebSocket, over a socket in the file system. */
import { realpath } from 'node:fs/promises';
import { connect } from 'node:net';
import { WebSocket } from 'ws';

/** Larger than any conversation that it tells at once. */
const MAX_BYTES = 128 * 1024 * 1024;
const OPEN_MS = 5_000;

export interface Line {
  onMessage: (message: string) => void;
  /** Once, unless it is closed here. */
  onCut: () => void;
  send(message: string): void;
  close(): void;
}

/** Listen in the same turn in which it resolves. Errors: those of connecting. */
export async function openLine(socket: string): Promise<Line> {
  // Codex puts the socket elsewhere, where paths are short, and a link to it here.
  const at = await realpath(socket);
  const web = new WebSocket('ws://localhost/', {
    createConnection: () => connect(at),
    handshakeTimeout: OPEN_MS,
    maxPayload: MAX_BYTES,
    perMessageDeflate: false,
    // What follows an answer is read after whoever waited for it went on.
    allowSynchronousEvents: false,
  });
  await new Promise<void>((resolve, reject) => {
    web.once('open', () => resolve());
    web.once('error', reject);
  });
  const line: Line = {
    onMessage: () => {},
    onCut: () => {},
    send: (message) => web.send(message),
    close() {
      line.onCut = () => {};
      web.terminate();
    },
  };
  web.on('message', (data) => line.onMessage(String(data)));
  // Its close follows.
  web.on('error', () => {});
  web.on('close', () => line.onCut());
  return line;
}
