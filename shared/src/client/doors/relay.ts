import { toBase64url } from '../../channel/base64url.ts';
import { ChannelError } from '../../channel/channel-error.ts';
import { openChannel } from '../../channel/open-channel.ts';
import type { DhKeyPair, Primitives } from '../../channel/primitives.ts';
import { ConnectFailed, type Door } from '../../link/door.ts';
import type { MessageSocket } from '../../link/pipe.ts';
import { CLOSE, SUBPROTOCOL } from '../../rendezvous.ts';
import { listen, OWN_CLOSE_CODE, openSocket, type WebSocketConstructor } from './web-socket.ts';

/** What a device knows of the home server it is paired with. */
export interface PairedHome {
  /** `wss://…` */
  relayUrl: string;
  /** 32 bytes. */
  room: Uint8Array;
  /** The home server's public key, 32 bytes. */
  serverKey: Uint8Array;
  /** 32 bytes, made when pairing. */
  devicePsk: Uint8Array;
}

export interface RelayOptions {
  home: PairedHome;
  /** This device's own key. */
  staticKey: DhKeyPair;
  primitives: Primitives;
  WebSocket: WebSocketConstructor;
  /** How the device calls itself in the home server's list: 'Pixel 9, Chrome'. */
  label: string;
  appVersion: string;
  /** Sequence number of the last event seen. Default 0. */
  lastSeq?: () => number;
}

/** Home through the relay, end-to-end encrypted. */
export function relayDoor({ home, lastSeq = () => 0, ...options }: RelayOptions): Door {
  return {
    via: 'relay',
    async connect(signal) {
      const socket = await dialRelay({ relayUrl: home.relayUrl, room: home.room, WebSocket: options.WebSocket, signal });
      const { staticKey, primitives, label, appVersion } = options;
      const { room, serverKey, devicePsk: secret } = home;
      return untilAborted(signal, socket, async () => {
        const opening = { socket, primitives, staticKey, room, serverKey, secret, label, appVersion, lastSeq: lastSeq() };
        return (await openChannel({ mode: 'session', ...opening })).channel;
      });
    },
  };
}

export interface DialOptions {
  relayUrl: string;
  room: Uint8Array;
  WebSocket: WebSocketConstructor;
  signal: AbortSignal;
}

/** A socket in the room, not yet met by the home server. Rejects with `ConnectFailed`. */
export async function dialRelay({ relayUrl, room, WebSocket, signal }: DialOptions): Promise<MessageSocket> {
  let opened: Awaited<ReturnType<typeof openSocket>>;
  try {
    opened = await openSocket({ WebSocket, url: relayUrl, protocols: [SUBPROTOCOL, toBase64url(room)], signal });
  } catch (cause) {
    throw new ConnectFailed('relay_down', `The relay at ${relayUrl} does not answer.`, { cause });
  }
  const socket = opened;
  if (socket.protocol !== SUBPROTOCOL) {
    socket.close(OWN_CLOSE_CODE);
    throw new ConnectFailed('relay_down', `What answers at ${relayUrl} is not a relay.`);
  }
  const message: MessageSocket = {
    send: (bytes) => socket.send(bytes as Uint8Array<ArrayBuffer>),
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    close: (code) => socket.close(code === CLOSE.normal ? code : OWN_CLOSE_CODE),
    onMessage: () => {},
    onText: () => {},
    onClose: () => {},
  };
  listen(socket, {
    onBytes: (bytes) => message.onMessage(bytes),
    onText: () => message.onText(),
    onClose: (code) => message.onClose(code),
  });
  return message;
}

/** Runs a handshake; an abort closes the socket and so ends it. What went wrong becomes a `ConnectFailed`. */
export async function untilAborted<T>(signal: AbortSignal, socket: MessageSocket, open: () => Promise<T>): Promise<T> {
  const abort = () => socket.close(CLOSE.normal);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  try {
    return await open();
  } catch (cause) {
    throw failure(cause);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function failure(cause: unknown): ConnectFailed {
  if (!(cause instanceof ChannelError)) return new ConnectFailed('broken', 'The connection could not be set up.', { cause });
  const { kind, detail } = cause.end;
  if (kind === 'refused') return new ConnectFailed('refused', detail, { cause });
  return new ConnectFailed(kind === 'unavailable' ? 'home_offline' : 'broken', detail, { cause });
}
