import type { ChatItem, ChatState } from '@afield/shared/api/chat.ts';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { computed, createModel, effect, signal } from '@preact/signals';
import { createAction } from './action.ts';
import { type ChatFile, createComposer } from './chat-composer.ts';
import { createChatFeed } from './chat-feed.ts';
import { isSettled } from './chat-followed.ts';
import type { GivenFiles, GivenSource } from './chat-given.ts';
import type { KeptPrompt, Outbox } from './chat-outbox.ts';
import { createPace } from './chat-pace.ts';
import { createChatQueue, type Delivery } from './chat-queue.ts';
import { type HomeLink, isOpen } from './home-link.ts';
import { whileOpen } from './while-open.ts';

const TOPICS = ['message.*', 'tool.*', 'plan.updated', 'session.chat_changed'];
/** As many of the last items are looked through for what the agent does now. */
const LOOKED_AT = 20;

/** An agent that goes on for longer after it was interrupted does not listen, in ms. */
const STOPS_WITHIN_MS = 10_000;

export interface ChatDeps {
  link: HomeLink;
  session_id: string;
  outbox: Pick<Outbox, 'kept' | 'add' | 'retry' | 'take' | 'onTaken' | 'followed' | 'settled'>;
  given: Pick<GivenFiles, 'get' | 'keep'>;
  /** Hands bytes to the browser, to be saved under a name that is only proposed. */
  saveFile(name: string, bytes: Uint8Array<ArrayBuffer>): void;
  kept: { read(): string; write(text: string): void };
  files: Map<string, readonly ChatFile[]>;
  readFile(file: File, most: number): Promise<ChatFile>;
  later(run: () => void, ms: number): () => void;
  /** A session that an answer just brought. */
  take(session: Session): void;
}

/** One row of the chat. A prompt keeps its key on its way from this device to the agent, so that it stays where it is. */
export type ChatRow =
  | { key: string; kind: 'item'; id: string }
  /** At home, and not yet in the history. `place`: among those that wait, from 1; null: it waits no more. */
  | { key: string; kind: 'prompt'; prompt: Prompt; place: number | null }
  | { key: string; kind: 'kept'; prompt: KeptPrompt };

/** The chat face of one session on this device. */
export const ChatModel = createModel((deps: ChatDeps) => {
  const { link, session_id, outbox, later } = deps;
  const params = { id: session_id };
  const state = signal<ChatState | null>(null);
  const feed = createChatFeed({ link, session_id, later });
  const queue = createChatQueue(link, session_id);
  const action = createAction();
  const stopping = signal(false);
  /** It was asked to stop, and works on. */
  const unheard = signal(false);
  let stopWaiting = () => {};
  const composer = createComposer({ ...deps, commands: computed(() => state.value?.commands ?? []) });

  const itemsNow = (ids: readonly string[]) => ids.map((id) => feed.item(id)?.value).filter((item) => item !== undefined);
  const keyOf = (item: ChatItem): string => (item.kind === 'message' && item.prompt_id !== null ? `p ${item.prompt_id}` : item.id);

  /** When the history that is here begins; empty: with the session. */
  const begin = computed(() => (feed.more.value ? (feed.item(feed.order.value[0] ?? '')?.peek()?.created_at ?? '') : ''));

  const rows = computed<ChatRow[]>(() => {
    const seen = queue.seen.value;
    const waiting = queue.waiting.value;
    const all: ChatRow[] = [];
    const shown = new Set<string>();
    const add = (row: ChatRow) => {
      if (shown.has(row.key)) return;
      shown.add(row.key);
      all.push(row);
    };
    for (const id of feed.order.value) {
      const item = feed.item(id)?.peek();
      if (item !== undefined) add({ key: keyOf(item), kind: 'item', id });
    }
    for (const prompt of seen.values())
      if (isShown(prompt, begin.value)) add({ key: `p ${prompt.id}`, kind: 'prompt', prompt, place: null });
    for (const [index, prompt] of waiting.entries()) add({ key: `p ${prompt.id}`, kind: 'prompt', prompt, place: index + 1 });
    for (const prompt of outbox.kept.value) {
      if (prompt.session_id === session_id && !prompt.withdraw) add({ key: `p ${prompt.id}`, kind: 'kept', prompt });
    }
    return all;
  });

  async function load(): Promise<void> {
    const chat = link.call('getChat', { params }).then(
      (now) => {
        state.value = now;
      },
      () => undefined, // the messages say whether home can be asked
    );
    const prompts = queue.load().then(lookAfter, () => undefined);
    await Promise.all([feed.load(), chat, prompts]);
  }

  /** What became of the prompts of this device whose end it has not seen: asked, not guessed. */
  async function lookAfter(): Promise<void> {
    const unknown = await queue.askAbout(await outbox.followed(session_id));
    outbox.settled([...unknown, ...queue.settled()]);
  }

  function onEvent(event: AfieldEvent): void {
    if (event.type === 'session.chat_changed') state.value = event.payload.chat;
    feed.onEvent(event);
    queue.onEvent(event);
    if (event.type === 'message.state_changed' && isSettled(event.payload.state)) outbox.settled([event.payload.prompt_id]);
  }

  const pace = createPace(onEvent, later);
  const subscription = link.subscribe({ topics: TOPICS, session_id, onGap: () => void load() }, pace.take);
  const stop = whileOpen(link, () => void load());
  const unhear = outbox.onTaken((prompt, sent) => {
    if (prompt.session_id !== session_id) return;
    for (const [index, { id }] of prompt.attachments.entries()) {
      const base64 = sent.attachments[index]?.base64;
      if (base64 !== undefined) deps.given.keep(id, base64);
    }
    queue.took(prompt);
  });
  effect(() => () => {
    stop();
    stopWaiting();
    unhear();
    subscription.close();
    pace.close();
    feed.close();
    composer.close();
  });

  const change = (body: { model?: string; mode?: string }) =>
    action.run(async () => deps.take(await link.call('updateSession', { params, body })));

  return {
    rows,
    item: feed.item,
    state,
    composer,
    queue,
    loading: feed.loading,
    loaded: feed.loaded,
    error: feed.error,
    more: feed.more,
    behind: feed.behind,
    arrived: feed.arrived,
    seen: feed.seen,
    loadOlder: feed.loadOlder,
    /** The newest page anew. */
    reload: load,
    /** The tool that works now. */
    tool: computed(() => {
      const last = itemsNow(feed.order.value.slice(-LOOKED_AT));
      return last.findLast((item) => item.kind === 'tool' && item.state === 'running') ?? null;
    }),
    /** When the turn that goes on began, ms since 1970; null: not known here. */
    turnSince: computed(() => {
      const last = itemsNow(feed.order.value).findLast((item) => item.kind === 'message' && item.role === 'user');
      return last === undefined ? null : Date.parse(last.created_at);
    }),
    open: () => isOpen(link),
    retryKept: outbox.retry,
    /** Takes back what did not leave this device, into the composer or for good. */
    takeKept(id: string, how: 'edit' | 'drop') {
      const prompt = outbox.take(id);
      if (prompt !== null && how === 'edit') composer.putBack(prompt.content, prompt.attachments);
    },
    /** One that is stuck was read, and perhaps put back into the composer. */
    dismiss({ id, content }: Prompt, how: 'edit' | 'drop') {
      queue.forget(id);
      outbox.settled([id]);
      if (how === 'edit') composer.putBack(content);
    },
    getFile: (source: GivenSource, wanted?: () => boolean) => deps.given.get(session_id, source, wanted),
    saveFile: deps.saveFile,
    busy: action.busy,
    failure: action.failure,
    clearFailure: action.clear,
    stopping,
    unheard,
    /** Interrupts the turn. */
    async stop() {
      stopping.value = true;
      const done = await action.run(async () => deps.take(await link.call('cancelSession', { params })));
      if (!done) stopping.value = false;
      stopWaiting();
      stopWaiting = later(() => {
        unheard.value = stopping.peek();
        stopping.value = false;
      }, STOPS_WITHIN_MS);
    },
    /** The agent works no more, or works anew. */
    stopped() {
      stopWaiting();
      stopping.value = false;
      unheard.value = false;
    },
    setModel: (model: string) => change({ model }),
    setMode: (mode: string) => change({ mode }),
    resume: () => action.run(async () => deps.take(await link.call('resumeSession', { params }))),
    /** The id of the new session; null: it could not be made. */
    async fork(): Promise<string | null> {
      let made: Session | null = null;
      await action.run(async () => {
        made = await link.call('forkSession', { params, body: {} });
        deps.take(made);
      });
      return (made as Session | null)?.id ?? null;
    },
  };
});
export type Chat = InstanceType<typeof ChatModel>;

/** Where a prompt stands on its way, as far as this device has seen; null: it has not. Not a method: whoever draws it follows. */
export function deliveryOf({ queue }: Pick<Chat, 'queue'>, prompt_id: string): Delivery | null {
  const known = queue.seen.value.get(prompt_id);
  return known === undefined ? null : { state: known.state, reason: known.reason };
}

/** The agent said or did something after this item: it surely has it. Not a method either. */
export function isAnswered({ rows, item }: Pick<Chat, 'rows' | 'item'>, id: string): boolean {
  const all = rows.value;
  const from = all.findIndex((row) => row.kind === 'item' && row.id === id);
  return all.slice(from + 1).some((row) => row.kind === 'item' && isAnswer(item(row.id)?.peek()));
}

const isAnswer = (item: ChatItem | undefined): boolean =>
  item?.kind === 'tool' || item?.kind === 'thought' || item?.kind === 'plan' || (item?.kind === 'message' && item.role === 'agent');

/**
 * On its way, or went wrong, and not in the history. What was taken back here is gone; what somebody else took back is told. `begin`:
 * of the history that is here; what got stuck before stands there.
 */
function isShown({ state, reason, created_at }: Prompt, begin: string): boolean {
  if (state === 'stuck') return created_at >= begin;
  return state === 'accepted' || (state === 'withdrawn' && reason !== null);
}
