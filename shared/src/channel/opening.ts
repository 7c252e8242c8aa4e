import type { LinkPipe, MessageSocket } from '../link/pipe.ts';
import type { DhKeyPair, Primitives } from './primitives.ts';

/** `session`: a device that the server knows. `pair`: a new one that holds an open ticket. */
export type ChannelMode = 'session' | 'pair';

/** What both ends give to `openChannel` and `acceptChannel`. */
interface Both {
  /** An open socket on which nothing has been exchanged yet; the channel takes its handlers. */
  socket: MessageSocket;
  primitives: Primitives;
  /** This end's long-term key. */
  staticKey: DhKeyPair;
  /** 32 bytes: the room the two meet in (rendezvous.ts). */
  room: Uint8Array;
  /** Milliseconds from any fixed point, never jumping: for the channel's greatest age. Default `performance.now`. */
  clock?: () => number;
}

/** The device's end (Noise initiator). The secret has 32 bytes: the device psk, or q of the pairing link with its ticket's 8-byte id. */
export type OpenChannelOptions = DeviceEnd &
  ({ mode: 'session'; secret: Uint8Array } | { mode: 'pair'; secret: Uint8Array; ticketId: Uint8Array });

interface DeviceEnd extends Both {
  /** The home server's public key, 32 bytes: from the pairing link, then from what was stored. */
  serverKey: Uint8Array;
  /** How the device calls itself; control characters are left out and 64 bytes of UTF-8 kept. */
  label: string;
  /** ASCII; 16 characters are kept. */
  appVersion: string;
  /** Sequence number of the last event seen, 0 for none. */
  lastSeq: number;
  /**
   * Called when the server has proved its key and nothing has been revealed to it yet. msg3 is sent once this resolves and never if
   * it rejects. When pairing, store here {key, server key, room, device psk, pending}: a lost reply is then repaired by an
   * ordinary handshake.
   */
  beforeMsg3?: (established: Established) => void | Promise<void>;
  /** From msg1 to the first record, in milliseconds. Default 20 000: the relay alone may wait 8 s for a spare. */
  timeoutMs?: number;
}

/** What the finished handshake gives to both ends. */
export interface Established {
  /** 32 bytes; both ends have the same, nobody else has it. */
  handshakeHash: Uint8Array;
  /** Six digits that both ends show: '407912'. */
  check: string;
  /** 32 bytes when pairing: the secret of every later session. Null in mode `session`. */
  devicePsk: Uint8Array | null;
}

export interface OpenedChannel extends Established {
  /** Its first text is the server's `welcome`; nothing is delivered until a handler is set. */
  channel: LinkPipe;
  /** The server's clock in unix seconds, and the span of channel versions it speaks. */
  serverTime: number;
  lowestVersion: number;
  highestVersion: number;
}

/** What the server knows of a device before it has proved anything but its key. */
export interface Attempt {
  mode: ChannelMode;
  /** 8 bytes; zeros in mode `session`. */
  ticketId: Uint8Array;
  devicePublicKey: Uint8Array;
}

/** What msg3 says, once the device has proved key and secret. */
export interface Device<Identity> extends Attempt, Established {
  /** What `lookupSecret` gave. */
  identity: Identity;
  label: string;
  appVersion: string;
  lastSeq: number;
}

/** The home server's end (Noise responder). */
export interface AcceptChannelOptions<Identity, Committed> extends Both {
  /** The home server's clock, unix seconds. */
  now: () => number;
  /** The spare is taken: a first message came. The moment to dial another. */
  onTaken?: () => void;
  /**
   * Synchronous; called once the device's key is decrypted. The secret is q of an open ticket (`pair`) or the device's psk
   * (`session`). Null for anything unknown, revoked, used, expired or too often: the handshake then goes on with a random secret
   * and fails in the same way and time as a wrong one.
   */
  lookupSecret: (attempt: Attempt) => { secret: Uint8Array; identity: Identity } | null;
  /**
   * Synchronous; called when everything is verified and before a byte is sent. When pairing: burn the ticket and write the device
   * row in one transaction. If it throws, the device is refused as if its secret were wrong.
   */
  commit: (device: Device<Identity>) => Committed;
  /** From msg1 to msg3, in milliseconds. Default 20 000. A spare waits for msg1 for as long as its socket lives. */
  timeoutMs?: number;
}

export interface AcceptedChannel<Identity, Committed> extends Device<Identity> {
  /** Send `welcome` first: a record that arrives before it kills the channel. */
  channel: LinkPipe;
  committed: Committed;
}

/** Why a handshake failed; on the server only for counters and the log, never told to the other side. */
export type HandshakeFault =
  /** The socket closed, or was closed by this side's caller. */
  | 'closed'
  | 'timeout'
  /** A text frame, a wrong size, a wrong version, padding that is not zero, a message out of turn. */
  | 'malformed'
  /** Does not decrypt before the secret matters: another server key, another room, or tampered with; or a point of low order. */
  | 'crypto'
  /** `lookupSecret` gave null. */
  | 'unknown'
  /** The secret of a known device or ticket does not fit: counts against the ticket. */
  | 'secret'
  /** `commit` or `beforeMsg3` threw; in `cause`. */
  | 'commit';
