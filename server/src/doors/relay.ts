/** The relay door: dials out, keeps a few idle sockets in the room of this home server, and lets devices in through them. */
import type { RelayState } from '@afield/shared/api/system.ts';
import { HEARTBEAT_MS, STALE_MS } from '@afield/shared/link/messages.ts';
import { CLOSE, MAX_FRAME_BYTES, SUBPROTOCOL } from '@afield/shared/rendezvous.ts';
import { WebSocket } from 'ws';
import { timestamp } from '../core/clock.ts';
import type { Clock } from '../core/ports.ts';
import type { Admit } from './admission.ts';
import type { DoorLog } from './ports.ts';
import { faultOfClose, faultOfError, faultOfStatus } from './relay-faults.ts';
import { messageSocket } from './ws-lines.ts';

/** Devices connected through the relay at the same time; each costs a socket and some buffers. */
export const MAX_CHANNELS = 64;
/** Handshakes at the same time. Each costs a few milliseconds of arithmetic, which strangers may make us do. */
export const MAX_HANDSHAKES = 16;
const DIAL_MS = 10_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** A spare that the relay closes sooner than this counts as a failed attempt, so that a hostile relay cannot make us dial in a loop. */
const SETTLED_MS = 5_000;
const WATCH_MS = 5_000;
/** A relay, or strangers who know the room, can use up spares as fast as we dial: so often we do, and no more. */
const MAX_DIALS = 60;
const DIALS_MS = 10_000;

export interface RelayDoorOptions {
  url: string;
  /** base64url. */
  room: string;
  roomSecret: string;
  spares: number;
  clock: Clock;
  /** 0 ≤ x < 1, for jitter. */
  random(): number;
  admit: Admit;
  /** Called when it came up or went down, or the reason changed. */
  onState(state: RelayState): void;
  log: DoorLog;
}

interface Leg {
  socket: WebSocket;
  phase: 'dialling' | 'spare' | 'handshake' | 'channel';
  openedAt: number;
  heardAt: number;
  pingedAt: number;
}

export class RelayDoor {
  readonly #options: RelayDoorOptions;
  readonly #legs = new Set<Leg>();
  #state: RelayState['state'] = 'connecting';
  #detail: string | null = null;
  #since: string;
  #failures = 0;
  #wanted: number;
  #dials = { since: 0, count: 0 };
  #retry: { cancel(): void } | null = null;
  #watch: { cancel(): void } | null = null;
  #closed = false;
  /** Between the wall clock and the monotonic one. */
  #offset: number;

  constructor(options: RelayDoorOptions) {
    this.#options = options;
    this.#wanted = options.spares;
    this.#since = timestamp(options.clock);
    this.#offset = options.clock.now() - options.clock.monotonic();
  }

  get state(): RelayState {
    const { url } = this.#options;
    return {
      state: this.#state,
      url,
      spares: this.#count('spare'),
      channels: this.#count('channel'),
      detail: this.#detail,
      since: this.#since,
    };
  }

  /** True while the next attempt is planned, and none under way. */
  get waiting(): boolean {
    return this.#retry !== null;
  }

  start(): void {
    this.#look();
    this.#topUp();
  }

  /** Cuts everything that is still open; the links say goodbye before. */
  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#watch?.cancel();
    for (const { socket, phase } of this.#legs) {
      if (phase === 'dialling') socket.terminate();
      else socket.close(CLOSE.goingAway);
    }
    // A relay that does not answer a close must not hold up the end of the program.
    const late = setTimeout(() => {
      for (const { socket } of this.#legs) socket.terminate();
    }, 500);
    late.unref();
  }

  #count(...phases: Leg['phase'][]): number {
    let count = 0;
    for (const leg of this.#legs) if (phases.includes(leg.phase)) count++;
    return count;
  }

  /** Dials what is missing. While the relay is down one attempt is under way at a time, and the rest follows when it succeeds. */
  #topUp(): void {
    if (this.#closed || this.#retry !== null) return;
    const room = Math.min(MAX_HANDSHAKES - this.#count('handshake'), MAX_CHANNELS - this.#count('handshake', 'channel'));
    const most = Math.min(this.#state === 'up' ? this.#wanted : 1, room);
    for (let have = this.#count('dialling', 'spare'); have < most; have++) {
      const wait = this.#dialPause();
      if (wait > 0) {
        this.#topUpIn(wait);
        return;
      }
      this.#dial();
    }
  }

  /** Milliseconds until the next dial is allowed. */
  #dialPause(): number {
    const now = this.#options.clock.monotonic();
    if (now - this.#dials.since >= DIALS_MS) this.#dials = { since: now, count: 0 };
    return ++this.#dials.count <= MAX_DIALS ? 0 : this.#dials.since + DIALS_MS - now;
  }

  #topUpIn(ms: number): void {
    this.#retry ??= this.#options.clock.setTimeout(() => {
      this.#retry = null;
      this.#topUp();
    }, ms);
  }

  #dial(): void {
    const { url, room, roomSecret, clock } = this.#options;
    const socket = new WebSocket(url, [SUBPROTOCOL, room], {
      headers: { Authorization: `Bearer ${roomSecret}` },
      handshakeTimeout: DIAL_MS,
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    });
    const now = clock.monotonic();
    const leg: Leg = { socket, phase: 'dialling', openedAt: now, heardAt: now, pingedAt: now };
    let fault: string | null = null;
    this.#legs.add(leg);
    socket.on('unexpected-response', (_request, response) => {
      fault = faultOfStatus(response.statusCode ?? 0, room);
      // Whoever looks at the answer must also end the attempt.
      socket.terminate();
    });
    socket.on('error', (error) => {
      fault ??= faultOfError(error);
    });
    socket.on('open', () => this.#opened(leg));
    socket.on('close', (code) => this.#gone(leg, code, fault));
    for (const sign of ['message', 'ping', 'pong'] as const) {
      socket.on(sign, () => {
        leg.heardAt = clock.monotonic();
      });
    }
  }

  #opened(leg: Leg): void {
    const { admit, clock } = this.#options;
    leg.phase = 'spare';
    leg.openedAt = clock.monotonic();
    leg.heardAt = leg.openedAt;
    const taken = () => {
      leg.phase = 'handshake';
      this.#failures = 0;
      this.#topUp();
    };
    void admit(messageSocket(leg.socket), 'relay', taken).then((admitted) => {
      // Who was refused counts as a handshake until its socket is closed.
      if (admitted) leg.phase = 'channel';
      this.#topUp();
    });
    this.#tell('up', null);
    this.#topUp();
  }

  #gone(leg: Leg, code: number, fault: string | null): void {
    const { phase } = leg;
    this.#legs.delete(leg);
    if (this.#closed) return;
    if (phase === 'handshake' || phase === 'channel') {
      this.#topUp();
      return;
    }
    const lived = phase === 'spare' ? this.#options.clock.monotonic() - leg.openedAt : 0;
    if (lived > SETTLED_MS) this.#failures = 0;
    // The relay keeps fewer spares than we want, or another server of ours uses the room: do not fight over it.
    if (phase === 'spare' && code === CLOSE.tryLater) this.#wanted = Math.max(1, this.#count('spare'));
    if (this.#count('spare') === 0) this.#tell('down', fault ?? faultOfClose(code));
    this.#retryLater(phase === 'spare' && lived > SETTLED_MS);
  }

  /** At once after a line that had stood, then 1 s, 2 s … 30 s, each shortened by chance to as little as the half. */
  #retryLater(stood: boolean): void {
    if (this.#retry !== null) return;
    const exponential = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1));
    const delay = this.#failures === 0 && stood ? 0 : Math.max(FIRST_RETRY_MS, exponential) * (1 - this.#options.random() / 2);
    this.#failures++;
    this.#topUpIn(delay);
  }

  #tell(state: 'up' | 'down', detail: string | null): void {
    if (state === this.#state && detail === this.#detail) return;
    const { clock, log, onState, spares, url } = this.#options;
    if (state !== this.#state) this.#since = timestamp(clock);
    if (state === 'up' && this.#state !== 'up') this.#wanted = spares;
    this.#state = state;
    this.#detail = detail;
    if (state === 'up') log.info('The relay is reached', { url });
    else log.warn('The relay cannot be reached', { url, detail });
    onState(this.state);
  }

  /** Finds lines that only look connected: a cable that was pulled says nothing. */
  #look(): void {
    const { clock } = this.#options;
    const now = clock.monotonic();
    // The wall clock goes on while the machine sleeps, the other does not: after a minute of that the relay has given us up.
    const slept = clock.now() - now - this.#offset > STALE_MS;
    this.#offset = clock.now() - now;
    for (const leg of this.#legs) {
      if (leg.phase === 'dialling') continue;
      if (slept || now - leg.heardAt > STALE_MS - WATCH_MS) {
        leg.socket.terminate();
      } else if (now - leg.pingedAt >= HEARTBEAT_MS) {
        leg.pingedAt = now;
        leg.socket.ping();
      }
    }
    this.#watch = clock.setTimeout(() => this.#look(), WATCH_MS);
  }
}
