import { ConnectFailed, type Door } from '../../link/door.ts';
import type { LinkPipe, PipeEnd } from '../../link/pipe.ts';
import { CLOSE } from '../../rendezvous.ts';
import type { Token } from './http.ts';
import { listen, OWN_CLOSE_CODE, openSocket, type WebSocketConstructor, type WebSocketLike } from './web-socket.ts';

export interface WebsocketOptions {
  /** Root of the server: `http://127.0.0.1:4096`, or `ws:`. */
  url: string;
  /** Sent in the first message; never in the URL. */
  token?: Token;
  WebSocket: WebSocketConstructor;
}

/** The server's own WebSocket, `/ws`. */
export function websocketDoor({ url, token, WebSocket }: WebsocketOptions): Door {
  const address = `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/ws`;
  return {
    via: 'local',
    ...(token === undefined ? {} : { token }),
    async connect(signal) {
      try {
        return new WebSocketPipe(await openSocket({ WebSocket, url: address, signal }));
      } catch (cause) {
        throw new ConnectFailed('home_offline', `Nothing answers at ${url}. Is the home server running? Start it with: afield serve`, {
          cause,
        });
      }
    },
  };
}

/** Text frames are messages, binary ones stream frames. */
class WebSocketPipe implements LinkPipe {
  onText: (text: string) => void = () => {};
  onFrame: (frame: Uint8Array) => void = () => {};
  onClose: (end: PipeEnd) => void = () => {};
  readonly #socket: WebSocketLike;
  #over = false;

  constructor(socket: WebSocketLike) {
    this.#socket = socket;
    listen(socket, {
      onText: (text) => this.#over || this.onText(text),
      onBytes: (bytes) => this.#over || this.onFrame(bytes),
      onClose: (code) => this.#finish(endOf(code)),
    });
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  sendText(text: string): void {
    if (!this.#over) this.#socket.send(text);
  }

  sendFrame(frame: Uint8Array): void {
    if (!this.#over) this.#socket.send(frame as Uint8Array<ArrayBuffer>);
  }

  close(end: PipeEnd): void {
    if (this.#over) return;
    this.#socket.close(end.kind === 'goodbye' ? CLOSE.normal : OWN_CLOSE_CODE);
    this.#finish(end);
  }

  #finish(end: PipeEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.onClose(end);
  }
}

/** What a close code of the home server means (RFC 6455, section 7.4.1). */
function endOf(code: number): PipeEnd {
  switch (code) {
    case CLOSE.normal:
    case CLOSE.goingAway:
      return { kind: 'goodbye', detail: 'The home server closed the connection; it is stopping or starting again.' };
    case CLOSE.policy:
      return { kind: 'refused', detail: 'The home server does not accept this token.' };
    case CLOSE.tryLater:
      return { kind: 'unavailable', detail: 'The home server has too much to do.' };
    case CLOSE.tooLarge:
      return { kind: 'protocol', detail: 'The home server refused a message as too large.' };
    default:
      return { kind: 'broken', detail: `The connection was lost (${code}).` };
  }
}
