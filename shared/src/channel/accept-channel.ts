import type { PipeEnd } from '../link/pipe.ts';
import { CLOSE } from '../rendezvous.ts';
import { Channel } from './channel.ts';
import { ChannelError } from './channel-error.ts';
import {
  assertLength,
  CHANNEL_VERSION,
  checkDigits,
  decodeHello,
  decodeIdentification,
  devicePskOf,
  encodeServerHello,
  type Hello,
  MSG1_BYTES,
  MSG3_BYTES,
  NOISE_PATTERN,
  pairingPsk,
  prologueOf,
} from './handshake.ts';
import { HANDSHAKE_TIMEOUT_MS, HandshakeLine } from './handshake-line.ts';
import { Handshake } from './noise.ts';
import type { AcceptChannelOptions, AcceptedChannel, Attempt, Device, HandshakeFault } from './opening.ts';

const REFUSED: PipeEnd = { kind: 'refused', detail: 'The handshake failed.' };
const PSK_BYTES = 32;

/**
 * The home server's end on one spare socket: waits for a device, for as long as the socket lives, and lets it in or not. Rejects
 * with a `ChannelError` once the socket is closed; to the other side every failure is the same close 1008 without a reason.
 * Until `commit` is called nothing has changed but what the callbacks count.
 */
export async function acceptChannel<Identity, Committed>(
  options: AcceptChannelOptions<Identity, Committed>,
): Promise<AcceptedChannel<Identity, Committed>> {
  const line = new HandshakeLine(options.socket);
  const admission = new Admission(options, line);
  try {
    return await Promise.race([admission.run(), line.failed]);
  } catch (cause) {
    const fault = cause instanceof ChannelError ? cause.fault : admission.fault;
    const end = cause instanceof ChannelError ? cause.end : REFUSED;
    line.fail(end, fault, CLOSE.policy);
    throw new ChannelError(end, fault, { attempt: admission.attempt, cause });
  } finally {
    line.stop();
  }
}

/** One device's way in. `fault` says what an exception at the current step would mean. */
class Admission<Identity, Committed> {
  fault: HandshakeFault = 'malformed';
  attempt: Attempt | null = null;
  readonly #options: AcceptChannelOptions<Identity, Committed>;
  readonly #line: HandshakeLine;
  readonly #prologue: Uint8Array;
  readonly #handshake: Handshake;
  #hello: Hello | null = null;
  #found: { secret: Uint8Array; identity: Identity } | null = null;

  constructor(options: AcceptChannelOptions<Identity, Committed>, line: HandshakeLine) {
    this.#options = options;
    this.#line = line;
    this.#prologue = prologueOf(options.room);
    this.#handshake = new Handshake({
      pattern: NOISE_PATTERN,
      role: 'responder',
      primitives: options.primitives,
      prologue: this.#prologue,
      staticKey: options.staticKey,
      psk: (devicePublicKey) => this.#psk(devicePublicKey),
    });
  }

  async run(): Promise<AcceptedChannel<Identity, Committed>> {
    const msg1 = await this.#line.receive();
    this.#line.limit(this.#options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS, CLOSE.policy);
    this.#options.onTaken?.();
    assertLength(msg1, MSG1_BYTES, 'msg1');
    if (msg1[0] !== CHANNEL_VERSION) throw new Error('Another version of the channel.');
    const hello = await this.#reading(msg1.subarray(1));
    this.#hello = decodeHello(hello);

    const versions = { lowestVersion: CHANNEL_VERSION, highestVersion: CHANNEL_VERSION };
    this.#line.send(await this.#handshake.write(encodeServerHello({ serverTime: this.#options.now(), ...versions })));

    const msg3 = assertLength(await this.#line.receive(), MSG3_BYTES, 'msg3');
    const identification = await this.#reading(msg3);
    this.#line.assertAlive();
    return this.#admit(identification);
  }

  async #reading(message: Uint8Array): Promise<Uint8Array> {
    this.fault = 'crypto';
    const payload = await this.#handshake.read(message);
    this.fault = 'malformed';
    return payload;
  }

  /** An unknown device is given a random psk: its handshake fails where, and as late as, that of a wrong one does. */
  #psk(devicePublicKey: Uint8Array): Uint8Array {
    const { primitives, lookupSecret } = this.#options;
    const { mode, ticketId } = this.#hello as Hello;
    this.attempt = { mode, ticketId, devicePublicKey };
    this.fault = 'unknown';
    this.#found = lookupSecret(this.attempt);
    if (this.#found !== null) this.fault = 'secret';
    const secret = this.#found?.secret ?? primitives.random(PSK_BYTES);
    return mode === 'pair' ? pairingPsk(primitives, secret, this.#prologue) : secret;
  }

  #admit(payload: Uint8Array): AcceptedChannel<Identity, Committed> {
    const { primitives, socket, clock, commit } = this.#options;
    // Never so: nobody knows the random secret of an unknown device.
    if (this.#found === null) throw new Error('No secret fits an unknown device.');
    const { secret, identity } = this.#found;
    const attempt = this.attempt as Attempt;
    const handshakeHash = this.#handshake.hash;
    const device: Device<Identity> = {
      ...attempt,
      ...decodeIdentification(payload),
      identity,
      handshakeHash,
      check: checkDigits(primitives, handshakeHash),
      devicePsk: attempt.mode === 'pair' ? devicePskOf(primitives, secret, handshakeHash) : null,
    };
    this.fault = 'commit';
    const committed = commit(device);
    const channel = new Channel({
      socket,
      compression: primitives.compression,
      ...this.#handshake.split(),
      clock: clock ?? (() => performance.now()),
      opening: null,
    });
    return { ...device, committed, channel };
  }
}
