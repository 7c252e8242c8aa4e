import type { MessageSocket, PipeEnd } from '../link/pipe.ts';
import { CLOSE } from '../rendezvous.ts';
import { ChannelError } from './channel-error.ts';
import type { HandshakeFault } from './opening.ts';

/** In either direction a handshake that takes longer is dead; the relay alone may wait 8 s for a spare. */
export const HANDSHAKE_TIMEOUT_MS = 20_000;

/** What a close code says before the channel stands. */
export function endOfCode(code: number): PipeEnd {
  if (code === CLOSE.policy)
    return { kind: 'refused', detail: 'The home server refused this device, or the pairing code is used or out of date.' };
  if (code === CLOSE.tryLater) return { kind: 'unavailable', detail: 'The home server is offline or busy.' };
  return { kind: 'broken', detail: `The connection was lost (${code}).` };
}

/**
 * A socket during the handshake: strictly one message at a time and each in its turn. Whatever else arrives ends it, since
 * neither side ever sends two handshake messages in a row.
 */
export class HandshakeLine {
  readonly #socket: MessageSocket;
  /** Rejects when it fails, whatever is awaited at that moment. */
  readonly failed: Promise<never>;
  #reject: (error: ChannelError) => void;
  #waiting: ((message: Uint8Array) => void) | null = null;
  #error: ChannelError | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What the time limit does; whoever takes the socket over before `stop` takes this over, too. */
  onTimeout: (end: PipeEnd, closeCode: number) => void = (end, closeCode) => this.fail(end, 'timeout', closeCode);

  constructor(socket: MessageSocket) {
    this.#socket = socket;
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.#reject = reject;
    // Whoever races against it hears of it; nobody else has to.
    promise.catch(() => {});
    socket.onMessage = (message) => this.#arrived(message);
    socket.onText = () => this.fail({ kind: 'protocol', detail: 'A text frame.' }, 'malformed', CLOSE.policy);
    socket.onClose = (code) => this.fail(endOfCode(code), 'closed', null);
  }

  /** Lets it fail unless `stop` is called within `timeoutMs`. */
  limit(timeoutMs: number, closeCode: number): void {
    this.#timer = setTimeout(
      () => this.onTimeout({ kind: 'broken', detail: 'The other side did not answer in time.' }, closeCode),
      timeoutMs,
    );
  }

  /** The next message; never, once it has failed. */
  receive(): Promise<Uint8Array> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  send(message: Uint8Array): void {
    this.assertAlive();
    this.#socket.send(message);
  }

  /** Throws what ended it while something else was awaited. */
  assertAlive(): void {
    if (this.#error !== null) throw this.#error;
  }

  /** Ends it once: closes the socket with `closeCode` (null: it is closed already) and rejects `failed`. */
  fail(end: PipeEnd, fault: HandshakeFault, closeCode: number | null): void {
    if (this.#error !== null) return;
    this.stop();
    this.#error = new ChannelError(end, fault);
    if (closeCode !== null) this.#socket.close(closeCode);
    this.#waiting = null;
    this.#reject(this.#error);
  }

  /** Takes the time limit away: the handshake is over. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #arrived(message: Uint8Array): void {
    if (this.#error !== null) return;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.fail({ kind: 'protocol', detail: 'A handshake message out of turn.' }, 'malformed', CLOSE.policy);
    // A plain view: a Buffer's `slice` would not copy.
    else waiting(new Uint8Array(message.buffer, message.byteOffset, message.byteLength));
  }
}
