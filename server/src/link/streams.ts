/** The terminals that one connection has open: output to its line, keys from it. */
import { AfieldError } from '@afield/shared/errors.ts';
import { encodeFrame } from '@afield/shared/link/frames.ts';
import type { Attached, Requests, StreamClosed } from '@afield/shared/link/messages.ts';
import { allows, type Identity } from '../core/identity.ts';
import type { Attachment, SessionService, ViewerSink } from '../core/service.ts';

/** Terminals open at the same time on one connection. */
export const MAX_STREAMS = 32;

interface Stream {
  session_id: string;
  attachment: Attachment | null;
}

export interface StreamDeps {
  connection: string;
  identity: Identity;
  sessions: SessionService;
  sendFrame(frame: Uint8Array): void;
  tellClosed(closed: StreamClosed): void;
}

export class Streams {
  readonly #deps: StreamDeps;
  readonly #open = new Map<number, Stream>();
  #last = 0;
  #ended = false;

  constructor(deps: StreamDeps) {
    this.#deps = deps;
  }

  sessions(): string[] {
    return [...new Set([...this.#open.values()].map((stream) => stream.session_id))];
  }

  /**
   * Opens one. `answer` is called before its first frame leaves, so that the client knows the stream when it arrives.
   * Errors: too_many, and those of the core.
   */
  async attach(request: Requests['attach'], answer: (attached: Attached) => void): Promise<void> {
    if (this.#open.size >= MAX_STREAMS)
      throw new AfieldError('too_many', `${MAX_STREAMS} terminals are open on this connection. Close one.`);
    const { identity, sessions } = this.#deps;
    const stream = ++this.#last;
    const own: Stream = { session_id: request.session_id, attachment: null };
    this.#open.set(stream, own);
    // What the core sends before the answer has left waits here: one snapshot, seldom more.
    let early: (() => void)[] | null = [];
    const inOrder = (act: () => void) => (early === null ? act() : early.push(act));
    const sink: ViewerSink = {
      id: `${this.#deps.connection}/${stream}`,
      device_name: identity.device_name,
      send: (kind, offset, bytes) => {
        if (!this.#open.has(stream) || !identity.valid()) return;
        const frame = encodeFrame({ kind, stream, offset, bytes });
        inOrder(() => this.#deps.sendFrame(frame));
      },
      closed: (reason) => {
        if (this.#open.delete(stream)) inOrder(() => this.#deps.tellClosed({ type: 'stream.closed', stream, reason }));
      },
    };
    // Who may not type may not resize either.
    const lease = allows(identity.scopes, 'sessions:input') ? request.lease : 'look';
    try {
      own.attachment = await sessions.attach(request.session_id, sink, { cols: request.cols, rows: request.rows, lease });
    } catch (error) {
      this.#open.delete(stream);
      throw error;
    }
    if (this.#ended) {
      own.attachment.detach();
      return;
    }
    const { cols, rows, offset } = own.attachment;
    answer({ stream, viewer: sink.id, cols, rows, lease: own.attachment.lease, offset });
    const waiting = early;
    early = null;
    for (const act of waiting) act();
  }

  /** Keys. A stream that is gone takes none: the client may not have heard yet. */
  input(stream: number, bytes: Uint8Array): void {
    const attachment = this.#open.get(stream)?.attachment;
    if (attachment === undefined || attachment === null) return;
    if (!allows(this.#deps.identity.scopes, 'sessions:input')) {
      this.#open.delete(stream);
      attachment.detach();
      this.#deps.tellClosed({ type: 'stream.closed', stream, reason: 'forbidden' });
      return;
    }
    attachment.input(bytes);
  }

  ack(stream: number, offset: number): void {
    this.#open.get(stream)?.attachment?.ack(offset);
  }

  /** Errors: forbidden, not_found. */
  resize(stream: number, cols: number, rows: number): void {
    if (!allows(this.#deps.identity.scopes, 'sessions:input')) throw new AfieldError('forbidden', 'This device may look, but not resize.');
    const attachment = this.#open.get(stream)?.attachment;
    if (attachment === undefined || attachment === null)
      throw new AfieldError('not_found', `There is no stream ${stream} on this connection.`);
    attachment.resize(cols, rows);
  }

  /** Once more for a stream that is gone does nothing. */
  detach(stream: number): void {
    const own = this.#open.get(stream);
    this.#open.delete(stream);
    own?.attachment?.detach();
  }

  /** The connection is over. */
  end(): void {
    this.#ended = true;
    for (const stream of [...this.#open.keys()]) this.detach(stream);
  }
}
