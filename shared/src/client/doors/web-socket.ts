/**
 * As much of a WebSocket as the doors use: the browser's, Node's and that of `ws` all fit. Handlers are declared unknown since each
 * of the three types its events differently; they are only ever set.
 */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly protocol: string;
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}
export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocketLike;

/** Sizes and codes that arrive with a close. 1006: it was cut, or never came to be. */
const ABNORMAL = 1006;

export interface OpenSocketOptions {
  WebSocket: WebSocketConstructor;
  url: string;
  protocols?: string[];
  signal: AbortSignal;
}

/**
 * An open socket. Rejects with `NotOpened` when it does not come to be; no runtime tells a page more about the reason than that.
 * Whoever gets it sets its handlers at once.
 */
export function openSocket({ WebSocket, url, protocols, signal }: OpenSocketOptions): Promise<WebSocketLike> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = protocols === undefined ? new WebSocket(url) : new WebSocket(url, protocols);
    socket.binaryType = 'arraybuffer';
    const abort = () => {
      settle();
      socket.close();
      reject(signal.reason);
    };
    const settle = () => {
      signal.removeEventListener('abort', abort);
      socket.onopen = null;
      socket.onclose = null;
    };
    signal.addEventListener('abort', abort);
    socket.onopen = () => {
      settle();
      resolve(socket);
    };
    socket.onclose = (event: CloseEventLike) => {
      settle();
      reject(new NotOpened(event.code ?? ABNORMAL));
    };
    // `close` follows and says the same; without a listener `ws` would throw.
    socket.onerror = () => {};
  });
}

export class NotOpened extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`The socket did not open (${code}).`);
    this.name = 'NotOpened';
    this.code = code;
  }
}

interface CloseEventLike {
  code?: number;
}

export interface SocketListener {
  onBytes(bytes: Uint8Array): void;
  onText(text: string): void;
  onClose(code: number): void;
}

/** Takes the socket's handlers. Nothing arrives after `onClose`. */
export function listen(socket: WebSocketLike, listener: SocketListener): void {
  let over = false;
  socket.onmessage = ({ data }: { data: unknown }) => {
    if (over) return;
    if (typeof data === 'string') listener.onText(data);
    else listener.onBytes(new Uint8Array(data as ArrayBuffer));
  };
  socket.onclose = ({ code }: CloseEventLike) => {
    if (over) return;
    over = true;
    listener.onClose(code ?? ABNORMAL);
  };
}

/** Browsers let a page close with 1000 or a code of the application's own only (WHATWG WebSockets, `close`). */
export const OWN_CLOSE_CODE = 4000;
