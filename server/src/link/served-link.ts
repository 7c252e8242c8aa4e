/** One authenticated connection: reads requests, answers them, and passes on what its subscriptions and terminals have to say. */

import type { Connection } from '@afield/shared/api/system.ts';
import { API_BASE } from '@afield/shared/api.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { decodeFrame, FRAME_INPUT } from '@afield/shared/link/frames.ts';
import { encodeMessage, error, event, readRequest, response } from '@afield/shared/link/message-codec.ts';
import { type LinkMessage, type RequestMessage, type ResponseKind, type Responses, STALE_MS } from '@afield/shared/link/messages.ts';
import type { LinkPipe, PipeEnd } from '@afield/shared/link/pipe.ts';
import type { PromptInput } from '../core/chat-service.ts';
import { timestamp } from '../core/clock.ts';
import { allows, type Identity } from '../core/identity.ts';
import type { Clock } from '../core/ports.ts';
import type { PromptStream } from '../core/prompts/prompt-stream.ts';
import type { Dispatch } from '../core/request.ts';
import type { EventLog, SessionService } from '../core/service.ts';
import { callHttp, settle } from './http.ts';
import { Silence } from './silence.ts';
import { Streams } from './streams.ts';
import { Subscriptions } from './subscriptions.ts';

/** API calls of one connection that are under way at the same time. */
export const MAX_CALLS = 32;
/** Above this, events wait on disk until the line has drained. */
const FULL_BYTES = 512 * 1024;
/** A client that does not read at all is cut above this: two of the largest messages, and what its terminals may have open. */
const CUT_BYTES = 24 * 1024 * 1024;
export interface LinkDeps {
  clock: Clock;
  newId(): string;
  version: string;
  dispatch: Dispatch;
  sessions: SessionService;
  prompts: {
    stream(options: { session_id: string; prompt: PromptInput; identity: Identity; signal: AbortSignal }): Promise<PromptStream>;
  };
  events: EventLog;
  /** Errors: too_many. */
  connections: { add(connection: LinkConnection): () => void };
  /** An unexpected error; the caller is told only that there was one. */
  onFault(error: unknown): void;
  /** False: too many requests of this identity. */
  take(identity: Identity): boolean;
}

/** What the list of live connections is told; `end` sends nothing more. */
export interface LinkConnection {
  readonly id: string;
  readonly identity: Identity;
  readonly door: Connection['door'];
  readonly since: string;
  sessions(): string[];
  bytesQueued(): number;
  end(reason: PipeEnd): void;
}

export const REFUSED: PipeEnd = { kind: 'refused', detail: 'The token is not valid, or this device was revoked.' };

export class ServedLink implements LinkConnection {
  readonly id: string;
  readonly since: string;
  readonly identity: Identity;
  readonly door: Connection['door'];
  /** Takes it out of the list. */
  forget: () => void = () => {};
  readonly #pipe: LinkPipe;
  readonly #deps: LinkDeps;
  readonly #session: string | null;
  readonly #streams: Streams;
  readonly #subscriptions: Subscriptions;
  readonly #gone = new AbortController();
  readonly #silence: Silence;
  #calls = 0;

  constructor(pipe: LinkPipe, door: Connection['door'], identity: Identity, session: string | null, deps: LinkDeps) {
    this.id = deps.newId();
    this.since = timestamp(deps.clock);
    this.identity = identity;
    this.door = door;
    this.#pipe = pipe;
    this.#deps = deps;
    this.#session = session;
    this.#silence = new Silence(pipe, deps.clock, () => this.end({ kind: 'broken', detail: `Not a word for ${STALE_MS / 1000} s.` }));
    const { sessions, events } = deps;
    this.#streams = new Streams({
      connection: this.id,
      identity,
      sessions,
      sendFrame: (frame) => this.#whileDrained(() => pipe.sendFrame(frame)),
      tellClosed: (closed) => this.send(event(closed, deps.clock.now())),
    });
    this.#subscriptions = new Subscriptions({
      identity,
      events,
      sessions,
      hasRoom: () => pipe.bufferedBytes < FULL_BYTES,
      deliver: (told, subscription) => this.#tell(told, subscription),
      onLost: () => this.end({ kind: 'broken', detail: 'Too slow: events were deleted before they could be sent.' }),
    });
  }

  start(): void {
    this.#silence.watch();
    this.#pipe.onText = (text) => this.#heardFrom(() => this.#receive(text));
    this.#pipe.onFrame = (frame) => this.#heardFrom(() => this.#receiveFrame(frame));
    this.#pipe.onClose = () => {
      this.#silence.stop();
      this.forget();
      this.#gone.abort();
      this.#streams.end();
      this.#subscriptions.unsubscribe(undefined);
    };
  }

  sessions(): string[] {
    return this.#streams.sessions();
  }

  bytesQueued(): number {
    return this.#pipe.bufferedBytes;
  }

  end(reason: PipeEnd): void {
    this.#pipe.close(reason);
  }

  send(message: LinkMessage): void {
    this.#whileDrained(() => this.#pipe.sendText(encodeMessage(message)));
  }

  /** A live event is told in the tick of its publication, which no reader may spoil. */
  #tell(told: AfieldEvent, subscription: string): void {
    if (!this.identity.valid()) return;
    try {
      this.send(event(told, this.#deps.clock.now(), subscription));
    } catch (cause) {
      this.#deps.onFault(cause);
    }
  }

  #whileDrained(send: () => void): void {
    if (this.#pipe.bufferedBytes > CUT_BYTES) this.end({ kind: 'broken', detail: 'The other side does not read.' });
    else send();
  }

  /** Whatever arrives: from somebody who still may, or it is the last that did. */
  #heardFrom(act: () => void): void {
    this.#silence.heard();
    if (this.identity.valid()) act();
    else this.end(REFUSED);
  }

  #receiveFrame(bytes: Uint8Array): void {
    try {
      const frame = decodeFrame(bytes);
      if (frame.kind !== FRAME_INPUT) throw new AfieldError('bad_request', 'A client sends stream frames of kind 2 only.');
      this.#streams.input(frame.stream, frame.bytes);
    } catch (cause) {
      this.end({ kind: 'protocol', detail: (cause as Error).message });
    }
  }

  #receive(text: string): void {
    const read = readRequest(text);
    if (read.ok) {
      void this.#answer(read.message);
    } else if (read.id === null) {
      this.end({ kind: 'protocol', detail: read.error.message });
    } else {
      this.#fail(read.id, read.error);
    }
  }

  async #answer(message: RequestMessage): Promise<void> {
    try {
      await this.#act(message);
    } catch (cause) {
      if (!(cause instanceof AfieldError)) this.#deps.onFault(cause);
      this.#fail(
        message.id,
        cause instanceof AfieldError ? cause : new AfieldError('internal', 'Something went wrong here; the log says what.'),
      );
    }
  }

  async #act({ id, payload }: RequestMessage): Promise<void> {
    const reply = <K extends ResponseKind>(kind: K, fields: Responses[K]) => this.#reply(id, kind, fields);
    switch (payload.action) {
      case 'ack':
        this.#streams.ack(payload.stream, payload.offset);
        return;
      case 'ping':
        // Answered after the stored events: so a client knows when it has caught up.
        await this.#subscriptions.caughtUp();
        reply('pong', {});
        return;
      case 'detach':
        this.#streams.detach(payload.stream);
        reply('ok', {});
        return;
      case 'resize':
        this.#streams.resize(payload.stream, payload.cols, payload.rows);
        reply('ok', {});
        return;
      case 'unsubscribe':
        this.#subscriptions.unsubscribe(payload.subscription);
        reply('ok', {});
        return;
      case 'subscribe': {
        const session_id = payload.session_id ?? this.#session;
        const asked = session_id === null ? payload : { ...payload, session_id };
        this.#subscriptions.subscribe(id, asked, (subscribed) => reply('subscribed', subscribed));
        return;
      }
      case 'attach':
        if (!allows(this.identity.scopes, 'sessions:read')) throw new AfieldError('forbidden', 'This device may not see sessions.');
        await this.#counted(() => this.#streams.attach(payload, (attached) => reply('attached', attached)));
        return;
      case 'auth':
        throw new AfieldError('bad_request', 'This connection is authenticated already.');
      case 'http':
        reply('http', await this.#counted(() => callHttp(payload, this.#caller())));
        return;
      case 'prompt': {
        const { session_id, prompt_id, content, priority = 'normal', stream = false } = payload;
        const prompt = { id: prompt_id, content, priority };
        if (stream) return this.#streamed(id, session_id, prompt);
        await this.#post(`/sessions/${session_id}/prompt`, prompt);
        reply('ok', {});
        return;
      }
      case 'cancel':
        await this.#post(`/sessions/${payload.session_id}/cancel`, undefined);
        reply('ok', {});
        return;
    }
  }

  /** `ok`, then what comes of it, under the same id. */
  async #streamed(id: string, session_id: string, prompt: PromptInput): Promise<void> {
    if (!allows(this.identity.scopes, 'sessions:input')) throw new AfieldError('forbidden', 'This device may not give prompts.');
    const { identity } = this;
    const { signal } = this.#gone;
    const { pieces } = await this.#counted(() => this.#deps.prompts.stream({ session_id, prompt, identity, signal }));
    this.#reply(id, 'ok', {});
    try {
      for await (const piece of pieces) {
        if (piece.kind === 'text') this.#reply(id, 'text', { content: piece.content, done: piece.done });
        else if (piece.kind === 'complete') this.#reply(id, 'complete', { usage: piece.usage === null ? null : { ...piece.usage } });
      }
    } catch (cause) {
      if (!signal.aborted) throw cause;
    }
  }

  #caller() {
    return { dispatch: this.#deps.dispatch, identity: this.identity, signal: this.#gone.signal };
  }

  async #post(path: string, body: unknown): Promise<void> {
    const { dispatch, ...caller } = this.#caller();
    settle(await this.#counted(() => dispatch({ method: 'POST', path: `${API_BASE}${path}`, headers: {}, body, ...caller })));
  }

  /** Errors: rate_limited. */
  async #counted<T>(call: () => Promise<T>): Promise<T> {
    if (this.#calls >= MAX_CALLS || !this.#deps.take(this.identity)) {
      throw new AfieldError('rate_limited', 'Too many requests at once. Wait for the answers, then go on.');
    }
    this.#calls++;
    try {
      return await call();
    } finally {
      this.#calls--;
    }
  }

  /** Nothing is told to somebody whose access ended while the answer was made. */
  #reply<K extends ResponseKind>(id: string, kind: K, fields: Responses[K]): void {
    if (this.identity.valid()) this.send(response(id, kind, fields, this.#deps.clock.now()));
  }

  #fail(id: string, problem: AfieldError): void {
    this.send(error(id, problem, this.#deps.clock.now()));
  }
}
