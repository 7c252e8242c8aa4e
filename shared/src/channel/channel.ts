import { AfieldError } from '../errors.ts';
import type { LinkPipe, MessageSocket, PipeEnd } from '../link/pipe.ts';
import { CLOSE } from '../rendezvous.ts';
import type { CipherState } from './cipher-state.ts';
import { endOfCode } from './handshake-line.ts';
import type { Compression } from './primitives.ts';
import { MAX_RECORD_BODY_BYTES } from './records.ts';
import { type Opened, RecordOpener, RecordSealer } from './sealed-records.ts';

/** A channel older than this ends as broken; the device comes back with a new handshake, hence new keys. */
export const MAX_CHANNEL_AGE_MS = 12 * 3_600_000;
/** Kept for a caller that has not set its handlers yet: who is just being connected hears little more than a welcome. */
const MAX_HELD = 16;

const CLOSE_CODES: Record<PipeEnd['kind'], number> = {
  goodbye: CLOSE.normal,
  broken: CLOSE.goingAway,
  refused: CLOSE.policy,
  unavailable: CLOSE.tryLater,
  protocol: CLOSE.policy,
};

export interface ChannelParts {
  socket: MessageSocket;
  compression: Compression;
  send: CipherState;
  receive: CipherState;
  /** Milliseconds, never jumping. */
  clock: () => number;
  /** On the device: told once that the server's first record came, so that the channel stands, or why none will. Null on the server. */
  opening: { stands: () => void; failed: (end: PipeEnd) => void } | null;
}

/**
 * The encrypted pipe after the handshake. Sending is synchronous and in order. The first record that does not open, or that no
 * honest end would have sent, kills it for good: sockets still deliver after `close`, and nothing of that may be acted on.
 * What arrives before a handler is set waits for it.
 */
export class Channel implements LinkPipe {
  /** For every record that opens and does not end a message. */
  onHeard: () => void = () => {};
  readonly #parts: ChannelParts;
  readonly #sealer: RecordSealer;
  readonly #opener: RecordOpener;
  readonly #openedAt: number;
  #opening: ChannelParts['opening'];
  /** The server has said `welcome`, or this is the device. Before that no record may come. */
  #mayReceive: boolean;
  #end: PipeEnd | null = null;
  #endTold = false;
  #flowing = false;
  #held: Opened[] = [];
  #onText: (text: string) => void = () => {};
  #onFrame: (frame: Uint8Array) => void = () => {};
  #onClose: (end: PipeEnd) => void = () => {};

  constructor(parts: ChannelParts) {
    this.#parts = parts;
    this.#sealer = new RecordSealer(parts.send, parts.compression);
    this.#opener = new RecordOpener(parts.receive, parts.compression);
    this.#openedAt = parts.clock();
    this.#opening = parts.opening;
    this.#mayReceive = parts.opening !== null;
    parts.socket.onMessage = (message) => this.#receive(message);
    parts.socket.onText = () => this.#kill('The other side sent a text frame.');
    parts.socket.onClose = (code) => this.#finish(this.#opening === null ? lost(code) : endOfCode(code), null);
  }

  get bufferedBytes(): number {
    return this.#parts.socket.bufferedBytes;
  }

  get onText(): (text: string) => void {
    return this.#onText;
  }

  set onText(handler: (text: string) => void) {
    this.#onText = handler;
    this.#flowSoon();
  }

  get onFrame(): (frame: Uint8Array) => void {
    return this.#onFrame;
  }

  set onFrame(handler: (frame: Uint8Array) => void) {
    this.#onFrame = handler;
    this.#flowSoon();
  }

  get onClose(): (end: PipeEnd) => void {
    return this.#onClose;
  }

  set onClose(handler: (end: PipeEnd) => void) {
    this.#onClose = handler;
    this.#flowSoon();
  }

  /** Throws `too_large` above 8 MiB of UTF-8, and the channel goes on. After the end it does nothing. */
  sendText(text: string): void {
    this.#mayReceive = true;
    this.#send(() => this.#sealer.message(text));
  }

  /** Throws `too_large` above 8 MiB, and the channel goes on. After the end it does nothing. */
  sendFrame(frame: Uint8Array): void {
    this.#send(() => this.#sealer.frame(frame));
  }

  /** A record that says nothing, with `length` bytes of it (at most 65,515): keeps a line alive, or hides how much is said. */
  sendPadding(length = 0): void {
    this.#send(() => this.#sealer.padding(new Uint8Array(Math.min(length, MAX_RECORD_BODY_BYTES))));
  }

  close(end: PipeEnd): void {
    if (this.#end !== null) return;
    if (end.kind === 'goodbye') this.#send(() => this.#sealer.goodbye());
    this.#held = [];
    this.#finish(end, CLOSE_CODES[end.kind]);
  }

  #send(seal: () => Uint8Array[]): void {
    if (this.#end !== null || this.#endedByAge()) return;
    let records: Uint8Array[];
    try {
      records = seal();
    } catch (error) {
      // Too large is the caller's affair; anything else leaves the cipher unusable.
      if (!(error instanceof AfieldError)) this.#finish({ kind: 'broken', detail: 'Nothing more can be encrypted.' }, CLOSE.goingAway);
      throw error;
    }
    for (const record of records) this.#parts.socket.send(record);
  }

  #receive(message: Uint8Array): void {
    if (this.#end !== null || this.#endedByAge()) return;
    const opened = this.#open(message);
    if (this.#end !== null) return;
    if (opened === null) this.onHeard();
    else if (opened.kind === 'goodbye') this.#finish({ kind: 'goodbye', detail: 'The other side said goodbye.' }, CLOSE.normal);
    else if (this.#flowing) this.#deliver(opened);
    else if (this.#held.push(opened) > MAX_HELD) this.#kill('More than anybody listened to.');
  }

  /** Null when there is nothing to deliver, or when the channel has just died of it. */
  #open(message: Uint8Array): Opened | null {
    if (!this.#mayReceive) return this.#kill('A record came before the welcome.');
    let opened: Opened | null;
    try {
      // A plain view: a Buffer's `slice` would not copy.
      opened = this.#opener.open(new Uint8Array(message.buffer, message.byteOffset, message.byteLength));
    } catch {
      // What exactly was wrong is told to nobody: whoever tampers learns nothing from it.
      return this.#kill('A record that does not open or breaks the rules.');
    }
    if (opened === null || this.#opening === null) return opened?.kind === 'nothing' ? null : opened;
    if (opened.kind !== 'message') return this.#kill('The first record is no welcome.');
    const { stands } = this.#opening;
    this.#opening = null;
    stands();
    return opened;
  }

  #deliver(opened: Opened): void {
    if (opened.kind === 'message') this.#onText(opened.text);
    else if (opened.kind === 'frame') this.#onFrame(opened.frame);
  }

  /** Once any handler is set, what was held is delivered after the current turn, when all of them are. */
  #flowSoon(): void {
    if (this.#flowing) return;
    queueMicrotask(() => {
      this.#flowing = true;
      // A handler may end the channel, which empties the list.
      for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) this.#deliver(next);
      this.#tellEnd();
    });
  }

  #endedByAge(): boolean {
    if (this.#parts.clock() - this.#openedAt <= MAX_CHANNEL_AGE_MS) return false;
    this.#finish({ kind: 'broken', detail: 'The channel is 12 hours old; a new one gets new keys.' }, CLOSE.goingAway);
    return true;
  }

  #kill(detail: string): null {
    this.#finish({ kind: 'protocol', detail }, CLOSE.policy);
    return null;
  }

  /** Dead from here on. `closeCode` null: the socket is closed already. */
  #finish(end: PipeEnd, closeCode: number | null): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#parts.send.destroy();
    this.#parts.receive.destroy();
    if (closeCode !== null) this.#parts.socket.close(closeCode);
    this.#opening?.failed(end);
    this.#opening = null;
    if (this.#flowing) this.#tellEnd();
  }

  #tellEnd(): void {
    if (this.#end === null || this.#endTold) return;
    this.#endTold = true;
    this.#onClose(this.#end);
  }
}

const lost = (code: number): PipeEnd => ({ kind: 'broken', detail: `The connection was lost (${code}).` });
