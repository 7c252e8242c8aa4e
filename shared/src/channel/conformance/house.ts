import { type MemorySocket, memorySocketPair, type Pair } from '../../link/memory-pair.ts';
import type { LinkPipe, PipeEnd } from '../../link/pipe.ts';
import { acceptChannel } from '../accept-channel.ts';
import { toBase64url } from '../base64url.ts';
import { Channel } from '../channel.ts';
import { ChannelError } from '../channel-error.ts';
import { CipherState } from '../cipher-state.ts';
import { openChannel } from '../open-channel.ts';
import type { AcceptChannelOptions, AcceptedChannel, Attempt, Device, OpenChannelOptions, OpenedChannel } from '../opening.ts';
import type { DhKeyPair, Primitives } from '../primitives.ts';

export const GOODBYE: PipeEnd = { kind: 'goodbye', detail: 'Done.' };

/** Whose cryptography each end uses. */
export interface Ends {
  device: Primitives;
  server: Primitives;
}

export interface Ticket {
  ticketId: Uint8Array;
  secret: Uint8Array;
}

type Accepted = AcceptedChannel<string, number>;

/** The least home server that the channel needs: tickets, device rows and what happened, all in memory. */
export class Home {
  readonly primitives: Primitives;
  readonly key: DhKeyPair;
  readonly room: Uint8Array;
  /** By ticket id; a used one is gone. */
  readonly tickets = new Map<string, Uint8Array>();
  /** Device psk by public key. */
  readonly devices = new Map<string, Uint8Array>();
  readonly lookups: Attempt[] = [];
  readonly commits: Device<string>[] = [];
  readonly refusals: ChannelError[] = [];
  taken = 0;

  constructor(primitives: Primitives, key: DhKeyPair) {
    this.primitives = primitives;
    this.key = key;
    this.room = primitives.random(32);
  }

  openTicket(): Ticket {
    const ticket = { ticketId: this.primitives.random(8), secret: this.primitives.random(32) };
    this.tickets.set(toBase64url(ticket.ticketId), ticket.secret);
    return ticket;
  }

  /** Waits for a device on `socket` and welcomes it. */
  async accept(socket: MemorySocket, change: Partial<AcceptChannelOptions<string, number>> = {}): Promise<Accepted> {
    try {
      const accepted = await acceptChannel<string, number>({
        socket,
        primitives: this.primitives,
        staticKey: this.key,
        room: this.room,
        now: () => 1_790_000_000.9,
        onTaken: () => this.taken++,
        lookupSecret: (attempt) => this.#lookup(attempt),
        commit: (device) => this.#commit(device),
        ...change,
      });
      accepted.channel.sendText('welcome');
      return accepted;
    } catch (error) {
      if (error instanceof ChannelError) this.refusals.push(error);
      throw error;
    }
  }

  #lookup(attempt: Attempt): { secret: Uint8Array; identity: string } | null {
    this.lookups.push(attempt);
    const secret =
      attempt.mode === 'pair' ? this.tickets.get(toBase64url(attempt.ticketId)) : this.devices.get(toBase64url(attempt.devicePublicKey));
    return secret === undefined ? null : { secret, identity: 'ada' };
  }

  #commit(device: Device<string>): number {
    if (device.devicePsk !== null) {
      if (!this.tickets.delete(toBase64url(device.ticketId))) throw new Error('The ticket was used meanwhile.');
      this.devices.set(toBase64url(device.devicePublicKey), device.devicePsk);
    }
    return this.commits.push(device);
  }
}

/** A device and what it has stored. */
export class Phone {
  readonly primitives: Primitives;
  readonly key: DhKeyPair;
  psk: Uint8Array;

  constructor(primitives: Primitives, key: DhKeyPair) {
    this.primitives = primitives;
    this.key = key;
    this.psk = primitives.random(32);
  }

  open(socket: MemorySocket, home: Home, change: Partial<OpenChannelOptions> = {}): Promise<OpenedChannel> {
    const options = {
      socket,
      primitives: this.primitives,
      staticKey: this.key,
      serverKey: home.key.publicKey,
      room: home.room,
      mode: 'session',
      secret: this.psk,
      label: 'Pixel phone',
      appVersion: '0.1.0',
      lastSeq: 42,
      ...change,
    } as OpenChannelOptions;
    return openChannel(options);
  }

  pair(socket: MemorySocket, home: Home, ticket: Ticket, change: Partial<OpenChannelOptions> = {}): Promise<OpenedChannel> {
    return this.open(socket, home, {
      mode: 'pair',
      ...ticket,
      beforeMsg3: ({ devicePsk }) => {
        if (devicePsk !== null) this.psk = devicePsk;
      },
      ...change,
    } as Partial<OpenChannelOptions>);
  }
}

export interface Scene {
  home: Home;
  phone: Phone;
  line: Pair<MemorySocket>;
}

/** A home, a phone that it knows already, and a fresh line between them: `a` is the phone's end. */
export async function scene(ends: Ends): Promise<Scene> {
  const home = new Home(ends.server, await ends.server.generateKeyPair());
  const phone = new Phone(ends.device, await ends.device.generateKeyPair());
  home.devices.set(toBase64url(phone.key.publicKey), phone.psk);
  return { home, phone, line: memorySocketPair() };
}

/** What came out of a pipe, in order. */
export interface Heard {
  texts: string[];
  frames: number[][];
  ends: PipeEnd[];
}

export function listen(pipe: LinkPipe): Heard {
  const heard: Heard = { texts: [], frames: [], ends: [] };
  pipe.onText = (text) => heard.texts.push(text);
  pipe.onFrame = (frame) => heard.frames.push([...frame]);
  pipe.onClose = (end) => heard.ends.push(end);
  return heard;
}

export interface Connected extends Scene {
  device: OpenedChannel;
  server: Accepted;
  /** What the device hears; its welcome is first. */
  atDevice: Heard;
  atServer: Heard;
}

/** A scene whose channel stands. */
export async function connected(ends: Ends, given?: Scene): Promise<Connected> {
  const stage = given ?? (await scene(ends));
  const [server, device] = await Promise.all([stage.home.accept(stage.line.b), stage.phone.open(stage.line.a, stage.home)]);
  const atServer = listen(server.channel);
  const atDevice = listen(device.channel);
  await stage.line.settled();
  return { ...stage, server, device, atServer, atDevice };
}

/** How a failed handshake looked from both ends. Throws when it did not fail. */
export interface Failed {
  device: ChannelError;
  server: ChannelError;
}

/** Lets both ends try on the scene's line and gives both errors. */
export async function failing(opened: Promise<unknown>, accepted: Promise<unknown>): Promise<Failed> {
  const [device, server] = await Promise.allSettled([opened, accepted]);
  return { device: reasonOf(device), server: reasonOf(server) };
}

function reasonOf(outcome: PromiseSettledResult<unknown>): ChannelError {
  if (outcome.status === 'rejected' && outcome.reason instanceof ChannelError) return outcome.reason;
  throw new Error(outcome.status === 'rejected' ? `No ChannelError: ${outcome.reason}` : 'The handshake succeeded.');
}

const NO_AD = new Uint8Array(0);

/** Two channels past the handshake, with keys that the test has, too. */
export interface Bare {
  device: Channel;
  server: Channel;
  line: Pair<MemorySocket>;
  atDevice: Heard;
  atServer: Heard;
  /** Seals any plaintext as the device's next record and lets it arrive at the server. */
  forge(plaintext: Uint8Array): Promise<void>;
}

/** The server has said 'welcome' unless `silent`. `firstNonce` and `clock` are those of both ends. */
export async function bareChannels(
  { device, server }: Ends,
  { silent = false, firstNonce = 0n, clock = (): number => 0 } = {},
): Promise<Bare> {
  const line = memorySocketPair();
  const keys = [device.random(32), device.random(32)] as const;
  const cipher = (primitives: Primitives, key: 0 | 1) => new CipherState(primitives, keys[key].slice(), firstNonce);
  const forger = cipher(device, 0);
  const opening = { stands: () => {}, failed: () => {} };
  const ends = {
    device: new Channel({
      socket: line.a,
      compression: device.compression,
      send: cipher(device, 0),
      receive: cipher(device, 1),
      clock,
      opening,
    }),
    server: new Channel({
      socket: line.b,
      compression: server.compression,
      send: cipher(server, 1),
      receive: cipher(server, 0),
      clock,
      opening: null,
    }),
  };
  const heard = { atDevice: listen(ends.device), atServer: listen(ends.server) };
  await Promise.resolve();
  if (!silent) ends.server.sendText('welcome');
  await line.settled();
  const forge = async (plaintext: Uint8Array) => {
    line.aToB.inject(forger.seal(NO_AD, plaintext));
    await line.settled();
  };
  return { ...ends, ...heard, line, forge };
}
