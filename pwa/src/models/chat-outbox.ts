import type { GivenAttachment, Prompt } from '@afield/shared/api/prompts.ts';
import type { ErrorCode } from '@afield/shared/errors.ts';
import { createModel, effect, signal } from '@preact/signals';
import { type HomeStore, OUTBOX } from '../platform/store.ts';
import { failureOf } from './action.ts';
import { createFollowed, isSettled } from './chat-followed.ts';
import { type HomeLink, isOpen } from './home-link.ts';
import { whileOpen } from './while-open.ts';

/** A prompt that is on this device and not, or not surely, at home. */
export interface KeptPrompt {
  /** Made here; home answers the same id from its record. */
  id: string;
  session_id: string;
  content: string;
  priority: 'normal' | 'now';
  attachments: GivenAttachment[];
  /** ISO 8601 UTC. */
  created_at: string;
  /** It was sent, and no answer came: it may have arrived. */
  tried: boolean;
  /** Why home did not take it; null: it goes as soon as there is a line. */
  refused: string | null;
  /** Taken back after it was tried: home is told as soon as there is a line. */
  withdraw: boolean;
}

/** So many wait at most, of all sessions together. */
export const MAX_KEPT = 20;
/** Home is there but cannot take it just now (its disk is full, it restarts): tried again after this long, in ms. */
export const AGAIN_MS = 5_000;

/** Home may take it later, unchanged. Everything else is an answer for good. */
const PASSING: ReadonlySet<ErrorCode | null> = new Set<ErrorCode | null>([
  null,
  'unavailable',
  'internal',
  'rate_limited',
  'storage_full',
  'machine_unreachable',
  'relay_unreachable',
  'unauthenticated',
]);

export interface OutboxDeps {
  link: HomeLink;
  store: Pick<HomeStore, 'readPreference' | 'writePreference'>;
  now(): number;
  newId(): string;
  later(run: () => void, ms: number): () => void;
}

/** Read with distrust: an older version may have written it. */
function keptIn(stored: unknown): KeptPrompt[] {
  if (!Array.isArray(stored)) return [];
  const fits = (one: Partial<KeptPrompt> | null) =>
    typeof one?.id === 'string' && typeof one.session_id === 'string' && typeof one.content === 'string' && Array.isArray(one.attachments);
  return stored.filter((one): one is KeptPrompt => fits(one));
}

/**
 * Prompts on their way home, of all chats, for as long as the app is open and over its ends: each is stored on this device before it is
 * sent, sent in the order of writing, and kept until home has it.
 */
export const OutboxModel = createModel(({ link, store, now, newId, later }: OutboxDeps) => {
  const kept = signal<readonly KeptPrompt[]>([]);
  const followed = createFollowed(store);
  const listeners = new Set<(prompt: Prompt, sent: KeptPrompt) => void>();
  /** Sessions whose first one is being sent. */
  const sending = new Set<string>();
  let stopPause = () => {};
  let writing: Promise<void> = Promise.resolve();
  let over = false;

  /** The stored list with one change: another window of the app may have written its own. */
  function stored(change: (list: KeptPrompt[]) => KeptPrompt[]): Promise<void> {
    writing = writing
      .then(async () => store.writePreference(OUTBOX, change(keptIn(await store.readPreference(OUTBOX)))))
      .catch(() => undefined); // storage is shut off or full: it lives as long as the page
    return writing;
  }

  function put(prompt: KeptPrompt): Promise<void> {
    const known = kept.peek().some((one) => one.id === prompt.id);
    kept.value = known ? kept.peek().map((one) => (one.id === prompt.id ? prompt : one)) : [...kept.peek(), prompt];
    return stored((list) =>
      [...list.filter((one) => one.id !== prompt.id), prompt].sort((a, b) => a.created_at.localeCompare(b.created_at)),
    );
  }

  function drop(id: string): void {
    kept.value = kept.peek().filter((one) => one.id !== id);
    void stored((list) => list.filter((one) => one.id !== id));
  }

  const find = (id: string) => kept.peek().find((one) => one.id === id);

  function work(): void {
    if (over || !isOpen(link)) return;
    for (const session of new Set(kept.peek().map((one) => one.session_id))) void workOn(session);
  }

  /** One after the other. What was refused stays where it is and holds up nothing. */
  async function workOn(session: string): Promise<void> {
    if (sending.has(session)) return;
    sending.add(session);
    try {
      for (let next = firstOf(session); next !== undefined && isOpen(link) && !over; next = firstOf(session)) {
        if (!(await (next.withdraw ? takeBack(next) : send(next)))) return;
      }
    } finally {
      sending.delete(session);
    }
  }

  const firstOf = (session: string) => kept.peek().find((one) => one.session_id === session && one.refused === null);

  /** False: not now. */
  async function send(prompt: KeptPrompt): Promise<boolean> {
    const { id, session_id, content, priority, attachments } = prompt;
    try {
      // One that was sent before may be there, and its files need not go once more.
      const known = prompt.tried ? await atHome(prompt) : null;
      if (known === null) await put({ ...prompt, tried: true });
      const sent = () => link.call('promptSession', { params: { id: session_id }, body: { id, content, priority, attachments } });
      tell(known ?? (await sent()), prompt);
      if (find(id)?.withdraw !== true) drop(id);
      return true;
    } catch (cause) {
      return failed(id, cause);
    }
  }

  /** As home has it; null: it does not, or is too old to say. Errors: those that pass. */
  async function atHome({ id, session_id }: KeptPrompt): Promise<Prompt | null> {
    try {
      return await link.call('getPrompt', { params: { id: session_id, prompt_id: id } });
    } catch (cause) {
      if (PASSING.has(failureOf(cause).code)) throw cause;
      return null;
    }
  }

  /** Home has it. Told before it is dropped here: it never is nowhere. */
  function tell(taken: Prompt, sent: KeptPrompt): void {
    if (!isSettled(taken.state)) followed.add(taken);
    for (const listener of [...listeners]) listener(taken, sent);
  }

  async function takeBack(prompt: KeptPrompt): Promise<boolean> {
    const { id, session_id } = prompt;
    try {
      try {
        await link.call('withdrawQueued', { params: { id: session_id, prompt_id: id } });
      } catch (cause) {
        if (PASSING.has(failureOf(cause).code)) throw cause;
        // Home never had it, or the agent has it already, which its chat must show.
        const known = await atHome(prompt);
        if (known !== null) tell(known, prompt);
      }
    } catch {
      return pause();
    }
    drop(id);
    return true;
  }

  function failed(id: string, cause: unknown): boolean {
    const { code, text } = failureOf(cause);
    if (over) return false;
    if (PASSING.has(code)) return pause();
    const prompt = find(id);
    if (prompt?.withdraw) drop(id);
    else if (prompt !== undefined) void put({ ...prompt, tried: false, refused: text });
    return true;
  }

  function pause(): false {
    stopPause();
    stopPause = later(work, AGAIN_MS);
    return false;
  }

  void store.readPreference(OUTBOX).then(
    (list) => {
      const here = new Set(kept.peek().map((one) => one.id));
      kept.value = [...keptIn(list).filter((one) => !here.has(one.id)), ...kept.peek()];
      work();
    },
    () => undefined, // nothing was kept
  );
  const stop = whileOpen(link, work);
  effect(() => () => {
    over = true;
    stop();
    stopPause();
  });

  return {
    /** All that wait, oldest first; those that are being taken back too. */
    kept,
    /** False: too many wait already. */
    add(session_id: string, prompt: Pick<KeptPrompt, 'content' | 'priority' | 'attachments'>): boolean {
      if (kept.peek().length >= MAX_KEPT) return false;
      const created_at = new Date(now()).toISOString();
      const { content, priority, attachments } = prompt;
      const kept_ = { id: newId(), session_id, content, priority, attachments, created_at, tried: false, refused: null, withdraw: false };
      void put(kept_).then(work);
      return true;
    },
    /** Sends one again that was refused. */
    retry(id: string) {
      const prompt = find(id);
      if (prompt?.refused == null) return;
      void put({ ...prompt, refused: null }).then(work);
    },
    /** Takes one back. Null: it is not here any more. One that may have arrived is withdrawn at home as soon as that can be reached. */
    take(id: string): KeptPrompt | null {
      const prompt = find(id);
      if (prompt === undefined || prompt.withdraw) return null;
      if (!prompt.tried) drop(id);
      else void put({ ...prompt, refused: null, withdraw: true }).then(work);
      return prompt;
    },
    /** Hears of each prompt that home has taken, beside what was sent. */
    onTaken(listener: (prompt: Prompt, sent: KeptPrompt) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Prompts of a session that home took, and whose end was not seen here. */
    followed: followed.of,
    /** Their end was seen. */
    settled: followed.drop,
  };
});
export type Outbox = InstanceType<typeof OutboxModel>;
