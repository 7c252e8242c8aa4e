import type { DeliveryState, Prompt } from '@afield/shared/api/prompts.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { batch, computed, signal } from '@preact/signals';
import { createAction, failureOf } from './action.ts';
import { isSettled } from './chat-followed.ts';
import type { HomeLink } from './home-link.ts';

/** Prompts of one session that this device has seen at home. */

/** As many are remembered; the oldest that went their way go first. */
const MAX_SEEN = 100;
/** So many are asked about at the same time. */
export const ASKED_AT_ONCE = 4;

export interface Delivery {
  state: DeliveryState;
  reason: string | null;
}

/** The prompts that wait at home, those that this device saw going on from there, and what can be done about them. */
export function createChatQueue(link: Pick<HomeLink, 'call'>, session_id: string) {
  /** In the order in which they will be given. */
  const waiting = signal<readonly Prompt[]>([]);
  /** Seen since the chat was opened, whatever became of them, in the order of writing. */
  const seen = signal<ReadonlyMap<string, Prompt>>(new Map());
  const action = createAction();
  /** Withdrawn here: of these nothing needs to be told. */
  const takenBack = new Set<string>();

  function see(prompts: readonly Prompt[]): void {
    const next = new Map(seen.peek());
    for (const prompt of prompts) {
      if (prompt.state === 'withdrawn' && takenBack.has(prompt.id)) next.delete(prompt.id);
      else next.set(prompt.id, prompt);
    }
    for (const [id, { state }] of next) {
      if (next.size <= MAX_SEEN) break;
      if (state !== 'home') next.delete(id);
    }
    seen.value = next;
  }

  function queueIs(prompts: readonly Prompt[]): void {
    batch(() => {
      waiting.value = prompts.filter((prompt) => prompt.state === 'home');
      see(prompts);
    });
  }

  /** One prompt as home has it now. */
  function took(prompt: Prompt): void {
    batch(() => {
      see([prompt]);
      const others = waiting.peek().filter((one) => one.id !== prompt.id);
      const here = waiting.peek().some((one) => one.id === prompt.id);
      if (prompt.state !== 'home') waiting.value = others;
      else waiting.value = here ? waiting.peek().map((one) => (one.id === prompt.id ? prompt : one)) : [...others, prompt];
    });
  }

  const params = (prompt_id: string) => ({ id: session_id, prompt_id });
  const change = (id: string, body: { content?: string; position?: number; priority?: 'now' }) =>
    action.run(async () => took(await link.call('updateQueued', { params: params(id), body })));

  async function load(): Promise<void> {
    const { items } = await link.call('getQueue', { params: { id: session_id } });
    queueIs(items);
  }

  /** Asks what became of one. False: home has it no more. */
  async function ask(id: string): Promise<boolean> {
    try {
      took(await link.call('getPrompt', { params: params(id) }));
    } catch (cause) {
      const { code } = failureOf(cause);
      return code !== 'prompt_not_found' && code !== 'session_not_found';
    }
    return true;
  }

  return {
    waiting,
    seen,
    /**
     * What became of these, and of all that were seen on their way and wait no more: their events may have come while nobody listened.
     * Gives back those of which nothing is known at home.
     */
    async askAbout(ids: readonly string[]): Promise<string[]> {
      const now = new Set(waiting.peek().map(({ id }) => id));
      const onTheirWay = [...seen.peek().values()].filter(({ state }) => state === 'home' || state === 'accepted').map(({ id }) => id);
      const open = [...new Set([...ids, ...onTheirWay])].filter((id) => !now.has(id));
      const unknown: string[] = [];
      const one = async () => {
        for (let id = open.pop(); id !== undefined; id = open.pop()) if (!(await ask(id))) unknown.push(id);
      };
      await Promise.all(Array.from({ length: ASKED_AT_ONCE }, one));
      return unknown;
    },
    /** Those of which nothing more is to come. */
    settled: () => [...seen.peek().values()].filter(({ state }) => isSettled(state)).map(({ id }) => id),
    /** One that is stuck was read. */
    forget(id: string) {
      const next = new Map(seen.peek());
      next.delete(id);
      seen.value = next;
    },
    count: computed(() => waiting.value.length),
    load,
    took,
    onEvent(event: AfieldEvent): void {
      if (event.type === 'message.queue_changed') queueIs(event.payload.prompts);
      if (event.type !== 'message.state_changed') return;
      const { prompt_id, state, reason } = event.payload;
      const known = seen.peek().get(prompt_id);
      if (known !== undefined) took({ ...known, state, reason });
      else if (state === 'home') void load().catch(() => undefined); // the line broke: it is asked for with its return
    },
    busy: action.busy,
    failure: action.failure,
    clearFailure: action.clear,
    edit: (id: string, content: string) => change(id, { content }),
    /** `by`: −1 a place earlier, 1 a place later. */
    async move(id: string, by: -1 | 1) {
      const at = waiting.peek().findIndex((one) => one.id === id);
      const position = at + by;
      if (at < 0 || position < 0 || position >= waiting.peek().length) return false;
      const done = await change(id, { position });
      if (done) await load().catch(() => undefined);
      return done;
    },
    /** Into the turn that goes on, where the agent can; else before everything that waits. */
    now: (id: string) => change(id, { priority: 'now' }),
    withdraw(id: string) {
      takenBack.add(id);
      return action.run(async () => took(await link.call('withdrawQueued', { params: params(id) })));
    },
  };
}
export type ChatQueue = ReturnType<typeof createChatQueue>;
