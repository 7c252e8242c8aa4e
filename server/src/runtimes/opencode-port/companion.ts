/** Beside an opencode in a terminal: hears the conversation that a person has with it there, and answers what it asks. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, ChatSink, ChatUpdate, Companion } from '../../core/chat-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type Loose, record, records, text } from '../loose.ts';
import { giveAnswer } from '../opencode-server/answering.ts';
import type { Api } from '../opencode-server/api.ts';
import { Conversation } from '../opencode-server/conversation.ts';
import { type EventStream, followEvents } from '../opencode-server/events.ts';
import { QuietWatch } from '../opencode-server/quiet-watch.ts';
import { lookUp } from '../opencode-server/snapshot.ts';
import { FOLLOWED, type Memory } from './prepare.ts';

/** Its stream was cut and does not come back: it has ended, and its terminal tells so too. */
const GONE_MS = 30_000;
/** Messages from before that are told. */
const PAGE = 200;
const MAX_CHILDREN = 1_000;
/** More that work at once are none that a person turns to. */
const MAX_WORKING = 20;

export interface CompanionTuning {
  silentMs?: number;
  quietMs?: number;
  goneMs?: number;
}

export class OpencodeCompanion implements Companion {
  readonly #api: Api;
  readonly #folder: string;
  readonly #memory: Memory;
  readonly #windows: ReadonlyMap<string, number>;
  readonly #sink: ChatSink;
  readonly #clock: Clock;
  readonly #tuning: CompanionTuning;
  readonly #watch: QuietWatch;
  /** Conversations of sub-agents, by id; false: it is one of a person. */
  readonly #children = new BoundedMap<boolean>(MAX_CHILDREN);
  #conversation: Conversation | null = null;
  #events: EventStream | null = null;
  #gone: { cancel(): void } | null = null;
  #left = false;

  constructor(
    { api, folder, memory, windows }: { api: Api; folder: string; memory: Memory; windows: ReadonlyMap<string, number> },
    { sink, clock, tuning }: { sink: ChatSink; clock: Clock; tuning: CompanionTuning },
  ) {
    this.#api = api;
    this.#folder = folder;
    this.#memory = memory;
    this.#windows = windows;
    this.#sink = sink;
    this.#clock = clock;
    this.#tuning = tuning;
    const turn = { over: () => this.#left || this.#conversation?.idle !== false, look: () => this.#look() };
    this.#watch = new QuietWatch(clock, turn, tuning.quietMs);
  }

  async answer(key: string, answer: AgentAnswer): Promise<void> {
    if (this.#left) throw new AfieldError('unavailable', 'opencode has ended.');
    if (this.#conversation === null) throw new AfieldError('not_found', 'opencode does not ask that any more.');
    await giveAnswer(this.#api, this.#conversation, key, answer);
  }

  leave(): void {
    this.#left = true;
    this.#events?.close();
    this.#watch.stop();
    this.#gone?.cancel();
  }

  /** Listens from now on. */
  listen(): void {
    this.#events = followEvents(
      this.#api,
      this.#clock,
      {
        event: (event) => this.#heard(event),
        open: () => {
          this.#gone?.cancel();
          this.#gone = null;
          // What happened while nobody listened is only in snapshots.
          this.#catchUp().catch(() => {});
        },
        cut: () => {
          this.#gone ??= this.#clock.setTimeout(() => this.#end(), this.#tuning.goneMs ?? GONE_MS);
        },
      },
      this.#tuning.silentMs,
    );
  }

  #heard(event: Loose): void {
    if (this.#left) return;
    this.#watch.heard();
    const { type, properties } = event;
    const { sessionID, info } = record(properties);
    const session = text(sessionID);
    const about = record(info);
    if ((type === 'session.created' || type === 'session.updated') && text(about.id) !== null) {
      this.#children.set(String(about.id), text(about.parentID) !== null);
    }
    if (session !== null && session !== this.#conversation?.id && isTurnedTo(String(type), record(properties))) {
      this.#turnTo(session).catch(() => {});
    }
    this.#conversation?.take(event);
  }

  /** The person goes on in another conversation, unless it is that of a sub-agent. */
  async #turnTo(session: string): Promise<void> {
    // At once where it can be known: more events of it may have come already.
    const child = this.#children.get(session) ?? (await this.#isChild(session));
    if (!child && !this.#left && session !== this.#conversation?.id) await this.#follow(session);
  }

  /** Of a sub-agent. Errors: unavailable. */
  async #isChild(session: string): Promise<boolean> {
    const known = this.#children.get(session);
    if (known !== undefined) return known;
    const info = record(await this.#api.ask('GET', `/session/${encodeURIComponent(session)}`));
    const child = text(info.parentID) !== null;
    this.#children.set(session, child);
    return child;
  }

  async #catchUp(): Promise<void> {
    const known = this.#conversation?.id ?? (await this.#before());
    if (this.#left) return;
    if (known !== null && this.#conversation === null) await this.#follow(known);
    else if (this.#conversation !== null) await this.#look();
    if (this.#conversation?.idle !== false) this.#tell({ type: 'idle', stop: 'done' });
  }

  /** The conversation that it has open, as far as that can be known before anything is said. */
  async #before(): Promise<string | null> {
    const written = await readFile(path.join(this.#folder, FOLLOWED), 'utf8').catch(() => '');
    // Where it works now: the person may have turned to it while nobody listened.
    const working = Object.keys(record(await this.#api.ask('GET', '/session/status'))).filter((id) => id !== written);
    for (const id of working.length > MAX_WORKING ? [] : working) if (!(await this.#isChild(id))) return id;
    if (written !== '') return written;
    if (this.#memory.session !== null || !this.#memory.last) return this.#memory.session;
    const all = records(await this.#api.ask('GET', '/session'));
    const newest = all
      .filter(({ parentID }) => text(parentID) === null)
      .sort((a, b) => Number(record(b.time).updated) - Number(record(a.time).updated))[0];
    return text(newest?.id);
  }

  async #follow(session: string): Promise<void> {
    // What the other one asks is not seen here any more.
    this.#conversation?.reconcile({ status: { type: 'idle' }, asks: [] });
    const conversation: Conversation = new Conversation(
      session,
      (update) => {
        if (this.#conversation === conversation) this.#tell(update);
      },
      (model) => this.#windows.get(model) ?? null,
      this.#memory.since,
    );
    this.#conversation = conversation;
    this.#tell({ type: 'agent_session', id: session });
    // Without it a restart waits for the next word.
    await writeFile(path.join(this.#folder, FOLLOWED), session, { mode: 0o600 }).catch(() => {});
    await this.#look(PAGE);
  }

  async #look(page?: number): Promise<void> {
    const conversation = this.#conversation;
    if (conversation !== null) await lookUp(this.#api, conversation, () => this.#left || this.#conversation !== conversation, page);
  }

  #tell(update: ChatUpdate): void {
    if (this.#left) return;
    if (update.type === 'idle') this.#watch.stop();
    else if (update.type === 'running' || update.type === 'waiting') this.#watch.begin();
    this.#sink.update(update);
  }

  #end(): void {
    if (this.#left) return;
    this.leave();
    this.#sink.exit({ code: null, signal: null, detail: 'opencode does not answer any more.' });
  }
}

/** What shows that somebody works in a conversation. */
function isTurnedTo(type: string, { info, status }: Loose): boolean {
  if (type === 'session.created') return text(record(info).parentID) === null;
  if (type === 'message.updated') return record(info).role === 'user';
  return type === 'permission.asked' || type === 'question.asked' || (type === 'session.status' && record(status).type !== 'idle');
}
