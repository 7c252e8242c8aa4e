/** A running opencode: its calls, its events, and a look at what it says of itself when nothing is heard. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, ChatAgent, ChatSink, GivenFile } from '../../core/chat-ports.ts';
import { pause } from '../../core/clock.ts';
import { inTime } from '../../core/in-time.ts';
import type { Clock } from '../../core/ports.ts';
import { record } from '../loose.ts';
import { giveAnswer } from './answering.ts';
import { type Api, told } from './api.ts';
import type { Catalogue } from './catalogue.ts';
import { COMPACT } from './catalogue.ts';
import { Conversation } from './conversation.ts';
import { type EventStream, followEvents } from './events.ts';
import { createIds } from './ids.ts';
import type { Started } from './launch.ts';
import { type Chosen, promptCall } from './prompts.ts';
import { QuietWatch } from './quiet-watch.ts';
import { lookUp, messagesOf } from './snapshot.ts';

/** After a turn it may still be putting things away: a prompt that comes right then can be lost. */
const SETTLED_MS = 250;
/** It shows a prompt at once, unless it starts servers of its own before. */
const TAKEN_MS = 30_000;
/** An interruption waits so long for a prompt that was only just given. */
const SHOWN_MS = 3_000;
/** A turn may take hours. */
const TURN_MS = 24 * 60 * 60 * 1_000;

export interface Tuning {
  quietMs?: number;
  silentMs?: number;
}

export class OpencodeAgent implements ChatAgent {
  readonly #started: Started;
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #sink: ChatSink;
  readonly #conversation: Conversation;
  readonly #catalogue: Catalogue;
  readonly #commands: ReadonlySet<string>;
  readonly #chosen: Chosen;
  readonly #watch: QuietWatch;
  readonly #newId: () => string;
  #events: EventStream | null = null;
  /** A prompt is on its way. */
  #giving: Promise<void> | null = null;
  #cancelling: Promise<void> | null = null;
  #idleAt = Number.NEGATIVE_INFINITY;
  #over = false;

  constructor(
    started: Started,
    session: string,
    catalogue: Catalogue,
    chosen: Chosen,
    { clock, sink, tuning }: { clock: Clock; sink: ChatSink; tuning: Tuning },
  ) {
    this.#started = started;
    this.#api = started.api;
    this.#clock = clock;
    this.#sink = sink;
    this.#catalogue = catalogue;
    this.#chosen = chosen;
    this.#newId = createIds(() => clock.now());
    this.#commands = new Set(catalogue.commands.map(({ id }) => id));
    this.#conversation = new Conversation(
      session,
      (update) => this.#tell(update),
      (model) => catalogue.windows.get(model) ?? null,
    );
    const turn = { over: () => this.#over || this.#conversation.idle, look: () => this.#look() };
    this.#watch = new QuietWatch(clock, turn, tuning.quietMs);
    started.ended.then((exit) => this.#end(exit)).catch(() => {});
  }

  get pid(): number | null {
    return this.#started.process.pid;
  }

  /** Listens from now on; what the conversation holds already is not told. */
  async begin(silentMs?: number): Promise<void> {
    for (const { info } of await messagesOf(this.#api, this.#conversation.id, 1_000))
      this.#conversation.messages.hide(String(record(info).id));
    const open = Promise.withResolvers<true>();
    const handlers = {
      event: (event: Record<string, unknown>) => {
        if (this.#over) return;
        this.#watch.heard();
        this.#conversation.take(event);
      },
      open: (again: boolean) => {
        open.resolve(true);
        // What happened between the two streams is only in snapshots.
        if (again) this.#look().catch(() => {});
      },
    };
    this.#events = followEvents(this.#api, this.#clock, handlers, silentMs);
    if ((await inTime(this.#clock, TAKEN_MS, () => open.promise)) === null) {
      throw new AfieldError('start_failed', 'opencode started, but tells no events.');
    }
  }

  prompt(prompt: { content: string; files: GivenFile[] }): Promise<void> {
    const given = this.#give(prompt);
    const over = () => {
      if (this.#giving === begun) this.#giving = null;
    };
    const begun: Promise<void> = given.then(over, over);
    this.#giving = begun;
    return given;
  }

  async #give({ content, files }: { content: string; files: GivenFile[] }): Promise<void> {
    this.#check();
    const id = this.#newId();
    const chosen = { ...this.#chosen, model: this.#chosen.model ?? this.#catalogue.defaultModel };
    const call = promptCall(
      this.#conversation.id,
      id,
      { content, files },
      content.startsWith(`/${COMPACT}`) ? chosen : this.#chosen,
      this.#commands,
    );
    await this.#cancelling;
    const settles = this.#idleAt + SETTLED_MS - this.#clock.monotonic();
    if (settles > 0) await pause(this.#clock, settles);
    this.#check();

    const shown = Promise.withResolvers<true>();
    const refused = (why: string) => shown.reject(new AfieldError('unavailable', `opencode refused the prompt: ${why}`));
    this.#conversation.give(id, { taken: () => shown.resolve(true), refused });
    this.#watch.begin();
    this.#api.call('POST', call.path, call.body, call.waits ? TURN_MS : undefined).then(
      (answer) => {
        if (answer.status >= 300) refused(told(answer));
        else if (call.waits) shown.resolve(true);
      },
      (error: Error) => shown.reject(error),
    );
    try {
      // A summary has no message of ours: its turn shows that it was taken.
      const taken = Promise.race([shown.promise, ...(call.path.endsWith('/summarize') ? [this.#begun()] : [])]);
      const late = new AfieldError('unavailable', 'opencode did not show that it took the prompt.');
      await Promise.race([taken, pause(this.#clock, TAKEN_MS).then(() => Promise.reject(late))]);
    } catch (error) {
      this.#conversation.takeBack(id);
      throw error;
    }
  }

  async cancel(): Promise<void> {
    // One that was only just given is shown before it is interrupted, or the interruption would come first.
    const giving = this.#giving;
    if (giving !== null && this.#cancelling === null) await inTime(this.#clock, SHOWN_MS, () => giving.then(() => true));
    if (this.#over || this.#conversation.idle) return;
    this.#cancelling ??= this.#cancel().finally(() => {
      this.#cancelling = null;
    });
    await this.#cancelling;
  }

  async answer(key: string, answer: AgentAnswer): Promise<void> {
    this.#check();
    await giveAnswer(this.#api, this.#conversation, key, answer);
  }

  async setModel(model: string): Promise<void> {
    this.#check();
    if (!this.#catalogue.models.some(({ id }) => id === model)) throw new AfieldError('not_supported', 'opencode has no such model.');
    this.#chosen.model = model;
    this.#conversation.messages.chosen(model, null);
  }

  async setMode(mode: string): Promise<void> {
    this.#check();
    if (!this.#catalogue.modes.some(({ id }) => id === mode)) throw new AfieldError('not_supported', 'opencode has no such agent.');
    this.#chosen.mode = mode;
    this.#conversation.messages.chosen(null, mode);
  }

  stop(): Promise<void> {
    return this.#started.process.stop();
  }

  #check(): void {
    if (this.#over) throw new AfieldError('unavailable', 'opencode has ended. Go on with the session to start it again.');
  }

  #tell(update: Parameters<ChatSink['update']>[0]): void {
    if (this.#over) return;
    if (update.type === 'idle') {
      this.#idleAt = this.#clock.monotonic();
      this.#watch.stop();
    } else if (update.type === 'running' || update.type === 'waiting') this.#watch.begin();
    if (update.type === 'model' && update.model !== null) {
      const images = this.#catalogue.seesImages(update.model);
      if (images !== null) this.#sink.update({ type: 'abilities', can: { images } });
    }
    this.#sink.update(update);
  }

  /** Its end is told after everything else. */
  #end(exit: Parameters<ChatSink['exit']>[0]): void {
    this.#over = true;
    this.#events?.close();
    this.#watch.stop();
    this.#conversation.over('it has ended.');
    this.#sink.exit(exit);
  }

  async #cancel(): Promise<void> {
    this.#conversation.interrupting();
    await this.#api.ask('POST', `/session/${encodeURIComponent(this.#conversation.id)}/abort`);
    if (!this.#conversation.idle) await this.#look();
  }

  /** Resolves with the turn's first sign. */
  async #begun(): Promise<true> {
    while (!this.#conversation.begun && !this.#over) await pause(this.#clock, 20);
    return true;
  }

  #look(): Promise<void> {
    return lookUp(this.#api, this.#conversation, () => this.#over);
  }
}
