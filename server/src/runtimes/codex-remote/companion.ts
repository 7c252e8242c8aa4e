/** Beside a Codex in a terminal: a second client of its app-server, which hears what the terminal hears and is asked what it is asked. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, ChatSink, Companion } from '../../core/chat-ports.ts';
import { pause } from '../../core/clock.ts';
import type { Clock } from '../../core/ports.ts';
import { BoundedMap } from '../bounded-map.ts';
import { modeOf } from '../codex-app-server/modes.ts';
import { giveAnswer, openAsk } from '../codex-app-server/requests.ts';
import { Thread } from '../codex-app-server/thread.ts';
import { createRpcPeer, RpcError, type RpcId, type RpcPeer } from '../json-rpc.ts';
import { brief, count, type Loose, list, record, records, text } from '../loose.ts';
import type { Line } from './line.ts';

/** A conversation can be heard a moment after its first message began. */
const AGAIN_MS = 100;
const HEARD_MS = 20_000;
const TURNS = 200;
const MAX_THREADS = 1_000;

export class CodexCompanion implements Companion {
  readonly #line: Line;
  readonly #peer: RpcPeer;
  readonly #sink: ChatSink;
  readonly #clock: Clock;
  readonly #since: number;
  /** Of a person's own, by id; false: of Codex itself, as the one that finds a title. */
  readonly #own = new BoundedMap<boolean>(MAX_THREADS);
  #thread: Thread | null = null;
  #cwd = '';
  /** That is about to be heard. */
  #turning: string | null = null;
  #over = false;

  /** `since`: ms since 1970; what was used before belongs to other sessions. */
  constructor(line: Line, sink: ChatSink, clock: Clock, since: number) {
    this.#line = line;
    this.#sink = sink;
    this.#clock = clock;
    this.#since = since;
    this.#peer = createRpcPeer({
      send: (message) => line.send(message),
      handlers: {
        request: (method, params, id) => this.#asked(method, record(params), id),
        notification: (method, params) => this.#heard(method, record(params)),
        unknown: (message) => this.#sink.update({ type: 'unknown', kind: 'a line', text: brief(message) }),
      },
      versioned: false,
    });
    line.onMessage = (message) => {
      if (!this.#over) this.#peer.take(message);
    };
    line.onCut = () => this.#cut();
  }

  /** Listens from now on; what goes on already is told then. Errors: RpcError, unavailable. */
  async begin(): Promise<void> {
    const clientInfo = { name: 'afield', title: 'Afield', version: '1' };
    const { userAgent } = record(await this.#peer.request('initialize', { clientInfo, capabilities: { experimentalApi: true } }));
    this.#peer.notify('initialized');
    const version = /\/(\d+\.\d+\.\d+\S*)/.exec(text(userAgent) ?? '')?.[1];
    if (version !== undefined) this.#sink.update({ type: 'version', version, note: null });
    this.#first().catch(() => {});
  }

  async answer(key: string, answer: AgentAnswer): Promise<void> {
    const thread = this.#thread;
    if (this.#over) throw new AfieldError('unavailable', 'Codex has ended.');
    if (thread === null) throw new AfieldError('not_found', 'Codex does not ask this any more.');
    await giveAnswer(thread, (method, params) => this.#peer.request(method, { threadId: thread.id, ...params }), key, answer);
    // Whether it still came through is not known: whoever listens next is asked again, or not.
    if (this.#over) throw new AfieldError('unavailable', 'Codex does not answer any more.');
  }

  leave(): void {
    this.#over = true;
    this.#line.close();
    this.#peer.close('Codex is not listened to any more.');
  }

  /** Whoever listens next is asked again what is open. */
  #cut(): void {
    if (this.#over) return;
    this.#thread?.over(new AfieldError('unavailable', 'Codex has ended.'));
    this.#over = true;
    this.#peer.close('Codex has ended.');
    this.#sink.exit({ code: null, signal: null, detail: 'Codex does not answer any more.' });
  }

  /** What goes on already. */
  async #first(): Promise<void> {
    const newest = await this.#newest();
    if (newest === null || !(await this.#hear(newest))) this.#sink.update({ type: 'idle', stop: 'done' });
  }

  /** Of the conversations that are loaded, the one that a person spoke in last. */
  async #newest(): Promise<string | null> {
    const ids = list(record(await this.#peer.request('thread/loaded/list', {})).data).flatMap((id) => text(id) ?? []);
    const read = (threadId: string) => this.#peer.request('thread/read', { threadId, includeTurns: false }).catch(() => null);
    const threads = await Promise.all(ids.slice(-MAX_THREADS).map(async (id) => record(record(await read(id)).thread)));
    for (const thread of threads) this.#know(thread);
    const when = (thread: Loose) => count(thread.recencyAt) ?? count(thread.updatedAt) ?? 0;
    const own = threads.filter(({ id }) => this.#own.get(text(id) ?? '') === true).sort((a, b) => when(b) - when(a));
    return text(own[0]?.id);
  }

  #know(thread: Loose): void {
    const id = text(thread.id);
    if (id !== null) this.#own.set(id, thread.ephemeral !== true && text(thread.parentThreadId) === null);
  }

  #heard(method: string, params: Loose): void {
    if (method === 'thread/started') this.#know(record(params.thread));
    const id = text(params.threadId);
    if (method === 'thread/status/changed' && id !== null && id !== this.#thread?.id && record(params.status).type === 'active') {
      this.#turnTo(id).catch(() => {});
    }
    this.#thread?.take(method, params);
  }

  /** Somebody speaks in another conversation. */
  async #turnTo(id: string): Promise<void> {
    if (!this.#own.has(id))
      this.#know(record(record(await this.#peer.request('thread/read', { threadId: id, includeTurns: false })).thread));
    if (this.#own.get(id) !== true || this.#turning === id) return;
    this.#turning = id;
    const end = this.#clock.monotonic() + HEARD_MS;
    while (this.#turning === id && !this.#over && this.#clock.monotonic() < end) {
      if (await this.#hear(id)) break;
      await pause(this.#clock, AGAIN_MS);
    }
    if (this.#turning === id) this.#turning = null;
  }

  /** False: nothing was said in it yet, and it cannot be heard before. */
  async #hear(id: string): Promise<boolean> {
    const before = this.#thread;
    const thread: Thread = new Thread(
      (update) => {
        if (this.#thread === thread) this.#sink.update(update);
      },
      this.#clock,
      true,
    );
    thread.id = id;
    let begun: Loose;
    try {
      begun = record(await this.#peer.request('thread/resume', { threadId: id }));
    } catch (error) {
      if (error instanceof RpcError) return false;
      throw error;
    }
    if (this.#over) return true;
    if (before !== null) {
      before.over(new AfieldError('unavailable', 'Another conversation is heard now.'));
      this.#peer.request('thread/unsubscribe', { threadId: before.id }).catch(() => {});
    }
    this.#thread = thread;
    this.#recall(thread, begun);
    return true;
  }

  #recall(thread: Thread, begun: Loose): void {
    const { name, turns, cwd } = record(begun.thread);
    this.#cwd = text(begun.cwd) ?? text(cwd) ?? '';
    this.#sink.update({ type: 'agent_session', id: thread.id });
    if (text(name) !== null) this.#sink.update({ type: 'title', title: String(name) });
    thread.chosen(begun.model, modeOf(begun.approvalPolicy, begun.sandbox));
    const told = records(turns).slice(-TURNS);
    thread.recall(told, this.#since);
    if (thread.turn === null) this.#sink.update({ type: 'idle', stop: told.at(-1)?.status === 'interrupted' ? 'cancelled' : 'done' });
  }

  /** What is not known here is left to the terminal: any answer of ours would be the first, and count. */
  async #asked(method: string, params: Loose, id: RpcId): Promise<Loose> {
    const answered = this.#thread === null ? null : openAsk(this.#thread, this.#cwd, { method, params, id });
    return (await answered) ?? (await new Promise<never>(() => {}));
  }
}
