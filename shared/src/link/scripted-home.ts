import { AfieldError } from '../errors.ts';
import { type AfieldEvent, topicMatches } from '../events.ts';
import { ConnectFailed, type ConnectionCause, type Door } from './door.ts';
import { decodeFrame, encodeFrame, FRAME_OUTPUT, FRAME_SNAPSHOT, type StreamFrame } from './frames.ts';
import { type MemoryPipe, memoryPipePair, type Pair } from './memory-pair.ts';
import { encodeMessage, error, event, readRequest, response } from './message-codec.ts';
import { type Action, HEARTBEAT_MS, type RequestMessage, type Requests, type ResponseKind, type Responses } from './messages.ts';

type Followed = Requests['subscribe'] & { id: string };

/** One connection, seen from home. */
export interface Guest {
  readonly pair: Pair<MemoryPipe>;
  readonly subscriptions: Followed[];
  /** Session by stream. */
  readonly streams: Map<number, string>;
  readonly frames: StreamFrame[];
  respond<K extends ResponseKind>(id: string, kind: K, fields: Responses[K]): void;
  output(stream: number, offset: number, text: string): void;
  snapshot(stream: number, offset: number, text: string): void;
}

/**
 * A home server that does what a test tells it, over pipes in memory, by the same codec as the real one. For tests of the client's
 * half; the real server's half has its own.
 */
export class ScriptedHome {
  /** Null: it lets in. */
  unreachable: ConnectionCause | 'refused' | null = null;
  /** Takes the connection and never says a word. */
  mute = false;
  token: string | null = null;
  heartbeatMs = HEARTBEAT_MS;
  readonly events: AfieldEvent[] = [];
  /** Events below are deleted. */
  firstSeq = 1;
  readonly guests: Guest[] = [];
  dials = 0;
  /** Every request except pings, oldest first, over all connections. */
  readonly requests: RequestMessage[] = [];
  /** Pings that came. */
  pings = 0;
  /** Actions whose answer is kept back, and what is waiting. */
  readonly held = new Set<Action>();
  readonly waiting: (() => void)[] = [];
  /** What an action is answered with instead. */
  readonly refusals = new Map<Action, AfieldError>();
  http: (request: Requests['http']) => Responses['http'] = ({ path }) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: { path },
  });
  readonly #now: () => number;
  #lastStream = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get nextSeq(): number {
    return (this.events.at(-1)?.seq ?? this.firstSeq - 1) + 1;
  }

  /** The connection of the moment. */
  get guest(): Guest {
    const guest = this.guests.at(-1);
    if (guest === undefined) throw new Error('Nobody is connected.');
    return guest;
  }

  door(options: { token?: Door['token']; via?: Door['via'] } = {}): Door {
    return {
      via: options.via ?? 'relay',
      ...(options.token === undefined ? {} : { token: options.token }),
      connect: () => {
        this.dials++;
        if (this.unreachable !== null) throw new ConnectFailed(this.unreachable, `Unreachable: ${this.unreachable}.`);
        const pair = memoryPipePair();
        this.#serve(pair);
        return pair.a;
      },
    };
  }

  publish(type: AfieldEvent['type'], session_id: string | null = null): AfieldEvent {
    const told = { type, seq: this.nextSeq, session_id, timestamp: new Date(this.#now()).toISOString(), payload: {} } as AfieldEvent;
    this.events.push(told);
    for (const guest of this.guests) for (const followed of guest.subscriptions) this.#tell(guest, followed, told);
    return told;
  }

  /** Answers what was held. */
  release(): void {
    this.held.clear();
    for (const answer of this.waiting.splice(0)) answer();
  }

  /** Actions so far, pings left out. */
  get actions(): Action[] {
    return this.requests.map(({ payload }) => payload.action);
  }

  #serve(pair: Pair<MemoryPipe>): void {
    const pipe = pair.b;
    const send = (text: string) => pipe.sendText(text);
    const guest: Guest = {
      pair,
      subscriptions: [],
      streams: new Map(),
      frames: [],
      respond: (id, kind, fields) => send(encodeMessage(response(id, kind, fields, this.#now()))),
      output: (stream, offset, text) =>
        pipe.sendFrame(encodeFrame({ kind: FRAME_OUTPUT, stream, offset, bytes: new TextEncoder().encode(text) })),
      snapshot: (stream, offset, text) =>
        pipe.sendFrame(encodeFrame({ kind: FRAME_SNAPSHOT, stream, offset, bytes: new TextEncoder().encode(text) })),
    };
    this.guests.push(guest);
    pipe.onFrame = (frame) => guest.frames.push(decodeFrame(frame));
    pipe.onText = (text) => {
      const read = readRequest(text);
      if (!read.ok) throw read.error;
      if (!this.mute) this.#take(guest, read.message);
    };
    if (this.token === null && !this.mute) this.#welcome(guest, 'w1');
  }

  #welcome(guest: Guest, id: string): void {
    const { heartbeatMs: heartbeat_ms, nextSeq: next_seq } = this;
    guest.respond(id, 'welcome', { device_id: null, user: 'owner', scopes: ['*'], server_version: '0.1.0', heartbeat_ms, next_seq });
  }

  #take(guest: Guest, message: RequestMessage): void {
    const { action } = message.payload;
    if (action === 'ping') this.pings++;
    else this.requests.push(message);
    const refusal = this.refusals.get(action);
    const answer = () => {
      if (refusal === undefined) this.#answer(guest, message);
      else guest.pair.b.sendText(encodeMessage(error(message.id, refusal, this.#now())));
    };
    if (this.held.has(action)) this.waiting.push(answer);
    else answer();
  }

  #answer(guest: Guest, { id, payload }: RequestMessage): void {
    switch (payload.action) {
      case 'auth':
        if (payload.token === this.token) this.#welcome(guest, id);
        else guest.pair.b.sendText(encodeMessage(error(id, new AfieldError('unauthenticated', 'Wrong token.'), this.#now())));
        return;
      case 'http':
        guest.respond(id, 'http', this.http(payload));
        return;
      case 'subscribe':
        this.#subscribe(guest, { ...payload, id });
        return;
      case 'unsubscribe':
        guest.subscriptions.splice(0, guest.subscriptions.length, ...guest.subscriptions.filter((s) => s.id !== payload.subscription));
        guest.respond(id, 'ok', {});
        return;
      case 'attach': {
        const stream = ++this.#lastStream;
        guest.streams.set(stream, payload.session_id);
        const { cols, rows, lease } = payload;
        guest.respond(id, 'attached', { stream, viewer: `v${stream}`, cols, rows, lease: lease === 'take' ? 'held' : 'look', offset: 0 });
        return;
      }
      case 'ack':
        return;
      case 'ping':
        guest.respond(id, 'pong', {});
        return;
      default:
        guest.respond(id, 'ok', {});
    }
  }

  #subscribe(guest: Guest, followed: Followed): void {
    const { since } = followed;
    const gap = since !== undefined && (since < this.firstSeq - 1 || since >= this.nextSeq);
    guest.respond(followed.id, 'subscribed', { resume: gap ? 'gap' : 'ok', next_seq: this.nextSeq });
    guest.subscriptions.push(followed);
    if (since !== undefined && !gap) for (const told of this.events) if (told.seq > since) this.#tell(guest, followed, told);
  }

  #tell(guest: Guest, { id, topics, session_id }: Followed, told: AfieldEvent): void {
    if (session_id !== undefined && told.session_id !== session_id) return;
    if (topics.some((topic) => topicMatches(topic, told.type))) guest.pair.b.sendText(encodeMessage(event(told, this.#now(), id)));
  }
}
