/** A `ws` socket as the two kinds of line that the layers above know: a link pipe (this machine) and a message socket (a channel). */
import type { LinkPipe, MessageSocket, PipeEnd } from '@afield/shared/link/pipe.ts';
import { CLOSE, sendableCode } from '@afield/shared/rendezvous.ts';
import type { RawData, WebSocket } from 'ws';

/** How long the other side may take to answer a close before the line is cut. */
const CLOSE_MS = 2_000;

/** RFC 6455, section 7.4.1. Null: cut without a word, which the other side takes for a broken line, as it should. */
const CODES: Record<PipeEnd['kind'], number | null> = {
  goodbye: CLOSE.normal,
  broken: null,
  refused: CLOSE.policy,
  unavailable: CLOSE.tryLater,
  protocol: 1002,
};

const bytesOf = (data: RawData): Buffer => (Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data));

/** Closes politely; but who lost access gets nothing more, not even what still waits in our own buffers. */
function shut(socket: WebSocket, code: number | null): void {
  if (code === null || (code === CLOSE.policy && socket.bufferedAmount > 0)) {
    socket.terminate();
    return;
  }
  socket.close(sendableCode(code));
  const late = setTimeout(() => socket.terminate(), CLOSE_MS);
  late.unref();
  socket.once('close', () => clearTimeout(late));
}

/** The link itself, in text and binary messages. */
export function linkPipe(socket: WebSocket): LinkPipe {
  let over = false;
  const finish = (end: PipeEnd) => {
    if (over) return;
    over = true;
    pipe.onClose(end);
  };
  const pipe: LinkPipe = {
    onText: () => {},
    onFrame: () => {},
    onClose: () => {},
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    sendText(text) {
      if (!over && socket.readyState === socket.OPEN) socket.send(text, { binary: false });
    },
    sendFrame(frame) {
      if (!over && socket.readyState === socket.OPEN) socket.send(frame, { binary: true });
    },
    close(end) {
      if (over) return;
      shut(socket, CODES[end.kind]);
      finish(end);
    },
  };
  // `ws` still delivers what it has after a close: nothing of that may be acted on.
  socket.on('message', (data, binary) => {
    if (over) return;
    if (binary) pipe.onFrame(bytesOf(data));
    else pipe.onText(bytesOf(data).toString('utf8'));
  });
  socket.on('close', (code) =>
    finish(code === CLOSE.normal ? { kind: 'goodbye', detail: 'Closed.' } : { kind: 'broken', detail: `Closed with ${code}.` }),
  );
  socket.on('error', () => socket.terminate());
  return pipe;
}

/** Binary messages for a channel. */
export function messageSocket(socket: WebSocket): MessageSocket {
  const line: MessageSocket = {
    onMessage: () => {},
    onText: () => {},
    onClose: () => {},
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(message) {
      if (socket.readyState === socket.OPEN) socket.send(message, { binary: true });
    },
    close(code) {
      shut(socket, code);
    },
  };
  socket.on('message', (data, binary) => {
    if (binary) line.onMessage(bytesOf(data));
    else line.onText();
  });
  socket.on('close', (code) => line.onClose(code));
  socket.on('error', () => socket.terminate());
  return line;
}
