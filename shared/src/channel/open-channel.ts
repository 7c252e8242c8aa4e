import type { PipeEnd } from '../link/pipe.ts';
import { CLOSE } from '../rendezvous.ts';
import { Channel } from './channel.ts';
import { ChannelError } from './channel-error.ts';
import {
  CHANNEL_VERSION,
  checkDigits,
  decodeServerHello,
  devicePskOf,
  encodeHello,
  encodeIdentification,
  NOISE_PATTERN,
  pairingPsk,
  prologueOf,
  TICKET_ID_BYTES,
} from './handshake.ts';
import { HANDSHAKE_TIMEOUT_MS, HandshakeLine } from './handshake-line.ts';
import { concat, Handshake } from './noise.ts';
import type { Established, HandshakeFault, OpenChannelOptions, OpenedChannel } from './opening.ts';

const UNUSABLE: PipeEnd = { kind: 'protocol', detail: 'What this device knows of its home server is damaged. Pair it again.' };
const DECEIVED: PipeEnd = { kind: 'protocol', detail: 'The answer did not come from the home server that this device knows.' };
const OUTDATED: PipeEnd = {
  kind: 'protocol',
  detail: 'The home server speaks another version of the channel. Update Afield on this device.',
};

/**
 * The device's end: handshake, then an encrypted pipe that stands once the server's first record has come. Rejects with a
 * `ChannelError`, whose `end` says what to do: `refused` is final, `unavailable` and `broken` are worth a retry, `protocol` means
 * that somebody else answered. On rejection the socket is closed.
 */
export async function openChannel(options: OpenChannelOptions): Promise<OpenedChannel> {
  const line = new HandshakeLine(options.socket);
  line.limit(options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS, CLOSE.goingAway);
  try {
    return await Promise.race([negotiate(options, line), line.failed]);
  } catch (cause) {
    const error =
      cause instanceof ChannelError ? cause : new ChannelError({ kind: 'broken', detail: 'The connection failed.' }, 'closed', { cause });
    line.fail(error.end, error.fault, CLOSE.goingAway);
    throw error;
  } finally {
    line.stop();
  }
}

/** The handshake with msg1 written. */
async function begin(options: OpenChannelOptions): Promise<{ handshake: Handshake; msg1: Uint8Array }> {
  const { primitives, mode, secret } = options;
  const prologue = prologueOf(options.room);
  const handshake = new Handshake({
    pattern: NOISE_PATTERN,
    role: 'initiator',
    primitives,
    prologue,
    staticKey: options.staticKey,
    remoteStatic: options.serverKey,
    psk: () => (mode === 'pair' ? pairingPsk(primitives, secret, prologue) : secret),
  });
  const ticketId = options.mode === 'pair' ? options.ticketId : new Uint8Array(TICKET_ID_BYTES);
  return { handshake, msg1: concat(Uint8Array.of(CHANNEL_VERSION), await handshake.write(encodeHello({ mode, ticketId }))) };
}

async function negotiate(options: OpenChannelOptions, line: HandshakeLine): Promise<OpenedChannel> {
  const { primitives, mode, secret } = options;
  const { handshake, msg1 } = await orEnd(UNUSABLE, 'crypto', () => begin(options));
  line.send(msg1);
  const msg2 = await line.receive();
  const hello = await orEnd(DECEIVED, 'crypto', async () => decodeServerHello(await handshake.read(msg2)));
  if (CHANNEL_VERSION < hello.lowestVersion || CHANNEL_VERSION > hello.highestVersion) throw new ChannelError(OUTDATED, 'malformed');

  // The hash is final only once msg3 is composed; what depends on it must be safe before msg3 leaves.
  const msg3 = await handshake.write(encodeIdentification(options));
  const handshakeHash = handshake.hash;
  const devicePsk = mode === 'pair' ? devicePskOf(primitives, secret, handshakeHash) : null;
  const established: Established = { handshakeHash, check: checkDigits(primitives, handshakeHash), devicePsk };
  const unsaved: PipeEnd = { kind: 'broken', detail: 'The pairing could not be stored on this device.' };
  await orEnd(unsaved, 'commit', async () => options.beforeMsg3?.(established));

  line.send(msg3);
  return { channel: await standing(options, handshake, line), ...established, ...hello };
}

/** The channel, once the server's first record has come through it. */
function standing(options: OpenChannelOptions, handshake: Handshake, line: HandshakeLine): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const channel: Channel = new Channel({
      socket: options.socket,
      compression: options.primitives.compression,
      ...handshake.split(),
      clock: options.clock ?? (() => performance.now()),
      opening: {
        stands: () => resolve(channel),
        failed: (end) => reject(new ChannelError(end, end.kind === 'protocol' ? 'malformed' : 'closed')),
      },
    });
    line.onTimeout = (end) => channel.close(end);
  });
}

async function orEnd<T>(end: PipeEnd, fault: HandshakeFault, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new ChannelError(end, fault, { cause });
  }
}
