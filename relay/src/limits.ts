/** Who is let in and how much at once: counts for each address, the list of rooms, the byte rate of a room. */
import { isLoopback } from './address.ts';
import type { Tally } from './metrics.ts';
import type { Offer, Refusal, Role } from './offer.ts';
import type { Meter } from './relay.ts';
import type { RelaySettings } from './settings.ts';

const WINDOW_MS = 60_000;
/** Addresses remembered at once, so that a flood from everywhere cannot fill the memory; beyond it the minute starts afresh. */
const MAX_ADDRESSES = 65_536;
/** A room that was quiet may send this much of its next second at once. */
const BURST_MS = 1000;

interface Bucket {
  /** Until when (ms) the bytes seen so far are paid for at the room's rate. */
  paidUntil: number;
  wakes: Set<() => void>;
  timer: NodeJS.Timeout | undefined;
}

/** The limits of one relay. `now` is a monotonic clock in milliseconds. */
export class Limits {
  readonly #settings: RelaySettings;
  readonly #tally: Tally;
  readonly #now: () => number;
  readonly #connects: Record<Role, Map<string, number>> = { client: new Map(), server: new Map() };
  readonly #unpaired: Record<Role, Map<string, number>> = { client: new Map(), server: new Map() };
  readonly #pending = new Map<string, number>();
  readonly #buckets = new Map<string, Bucket>();
  #windowStart: number;

  constructor(settings: RelaySettings, tally: Tally, now: () => number) {
    this.#settings = settings;
    this.#tally = tally;
    this.#now = now;
    this.#windowStart = now();
  }

  /** Counts a connection and says why it may not come in, if so. `direct`: no proxy has passed it on. */
  admit(offer: Offer | Refusal, address: string, direct: boolean): Refusal | undefined {
    if ('status' in offer) return this.#connect('client', address, direct) ?? offer;
    const { room, role } = offer;
    const { rooms } = this.#settings;
    // A client with a room that is not listed waits as with any unknown room: the list is no oracle either.
    if (role === 'server' && rooms !== undefined) return rooms.has(room) ? undefined : { status: 403, reason: 'not_listed' };
    const refusal = this.#connect(role, address, direct);
    if (refusal || this.#exempt(address, direct)) return refusal;
    const most = role === 'client' ? this.#settings.unpairedPerAddress : this.#settings.serverUnpairedPerAddress;
    return (this.#unpaired[role].get(address) ?? 0) >= most ? { status: 429, reason: 'unpaired' } : undefined;
  }

  /** Counts a leg as unpaired until the answered function is called (more than once does no harm). */
  holdUnpaired(role: Role, address: string): () => void {
    return hold(this.#unpaired[role], address);
  }

  /** Counts a TCP connection that is no WebSocket yet; undefined when its address has too many of them. */
  holdPending(address: string): (() => void) | undefined {
    const { trustProxy, pendingPerAddress } = this.#settings;
    if (trustProxy > 0 || this.#exempt(address, true)) return () => {}; // all come from the proxy, which has limits of its own
    return (this.#pending.get(address) ?? 0) >= pendingPerAddress ? undefined : hold(this.#pending, address);
  }

  /** The meter of a room: counts what is forwarded and, where a rate is set, holds all pairs of the room to it together. */
  meterOf(room: string): Meter {
    const rate = this.#settings.roomBytesPerSecond;
    const tally = this.#tally;
    return (bytes, wake) => {
      if (bytes > 0) tally.frames += 1;
      tally.bytes += bytes;
      return rate > 0 && this.#overdrawn(room, bytes / rate, wake);
    };
  }

  /** Forgets rooms whose bytes are long paid for. */
  sweep(): void {
    const now = this.#now();
    for (const [room, bucket] of this.#buckets)
      if (bucket.timer === undefined && bucket.paidUntil < now - BURST_MS) this.#buckets.delete(room);
  }

  /** Stops what is still timed. */
  close(): void {
    for (const bucket of this.#buckets.values()) clearTimeout(bucket.timer);
    this.#buckets.clear();
  }

  #exempt(address: string, direct: boolean): boolean {
    return !this.#settings.limitLoopback && direct && isLoopback(address);
  }

  #connect(role: Role, address: string, direct: boolean): Refusal | undefined {
    if (this.#exempt(address, direct)) return undefined;
    const counts = this.#connects[role];
    if (this.#now() - this.#windowStart >= WINDOW_MS || counts.size >= MAX_ADDRESSES) {
      for (const each of Object.values(this.#connects)) each.clear();
      this.#windowStart = this.#now();
    }
    const seen = (counts.get(address) ?? 0) + 1;
    counts.set(address, seen);
    const most = role === 'client' ? this.#settings.connectsPerMinute : this.#settings.serverConnectsPerMinute;
    return seen > most ? { status: 429, reason: 'connects' } : undefined;
  }

  #overdrawn(room: string, seconds: number, wake: () => void): boolean {
    const now = this.#now();
    const bucket = this.#buckets.get(room) ?? { paidUntil: 0, wakes: new Set(), timer: undefined };
    this.#buckets.set(room, bucket);
    bucket.paidUntil = Math.max(bucket.paidUntil, now - BURST_MS) + seconds * 1000;
    if (bucket.paidUntil <= now) return false;
    bucket.wakes.add(wake);
    bucket.timer ??= setTimeout(() => {
      const wakes = [...bucket.wakes];
      bucket.wakes.clear();
      bucket.timer = undefined;
      for (const rested of wakes) rested();
    }, bucket.paidUntil - now);
    return true;
  }
}

function hold(counts: Map<string, number>, key: string): () => void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    const left = (counts.get(key) ?? 1) - 1;
    if (left > 0) counts.set(key, left);
    else counts.delete(key);
  };
}
