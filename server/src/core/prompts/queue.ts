/** Prompts on their way in, and those that wait: stored before anything starts, changed and taken back while they wait. For both faces. */
import { join } from 'node:path';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { checkGiven, dropGiven, keepGiven } from '../chat/attachments.ts';
import type { PromptInput } from '../chat-service.ts';
import { timestamp } from '../clock.ts';
import type { SessionDeps } from '../deps.ts';
import type { PromptRow } from '../ports.ts';
import type { Live } from '../sessions/live-sessions.ts';
import { cleanPrompt } from './prompt-text.ts';
import { promptView } from './prompts.ts';

/** Prompts of one session that wait at a time. */
const MAX_WAITING = 200;
/** Of text in them: all of them are told whenever one changes. */
const MAX_CHARACTERS = 1_000_000;

export interface QueueSessions {
  /** Errors: session_not_found. */
  rowOf(id: string): { id: string };
  /** Null: it has ended, or is not found again yet. */
  live(id: string): Live | null;
  /** Errors: session_not_found, session_ended. */
  running(id: string): Promise<Live>;
  /** What its agent takes; null: text alone. */
  takes(id: string): Parameters<typeof checkGiven>[1];
}

export function createQueue(deps: SessionDeps, sessions: QueueSessions) {
  const { store, events, clock } = deps;
  const list = (id: string): Prompt[] => store.prompts.undelivered(id).map(promptView);
  const changed = (id: string) => events.publish('message.queue_changed', id, { prompts: list(id) });
  const tell = (id: string, { id: prompt_id, state, reason }: PromptRow) =>
    events.publish('message.state_changed', id, { prompt_id, state, reason });

  /** Errors: session_not_found, prompt_not_found. */
  const known = (id: string, prompt_id: string): PromptRow => {
    sessions.rowOf(id);
    const row = store.prompts.get(prompt_id);
    if (row?.session_id === id) return row;
    throw new AfieldError('prompt_not_found', 'There is no such prompt in this session.');
  };
  /** Of one that waits. Errors: session_not_found, prompt_not_found, conflict. */
  const waiting = (id: string, prompt_id: string): PromptRow => {
    const row = known(id, prompt_id);
    if (row.state === 'home') return row;
    throw new AfieldError(
      'conflict',
      row.state === 'withdrawn' ? 'The prompt was taken back.' : 'The prompt was given to the agent already.',
    );
  };
  const answered = (row: PromptRow, id: string, input: PromptInput): Prompt => {
    if (row.session_id !== id) throw new AfieldError('conflict', 'A prompt with this id was given to another session.');
    if (row.content === input.content && row.attachments.length === (input.attachments?.length ?? 0)) return promptView(row);
    throw new AfieldError('conflict', 'A prompt with this id was given already, with another text. Give the new one a new id.');
  };
  const placeOf = (id: string, now: boolean): number => {
    const waiting = store.prompts.undelivered(id);
    const characters = waiting.reduce((sum, { content }) => sum + content.length, 0);
    if (waiting.length >= MAX_WAITING || characters >= MAX_CHARACTERS) {
      throw new AfieldError('conflict', `${waiting.length} prompts wait already. Take some back first, or wait until the agent has them.`);
    }
    const first = waiting[0];
    if (now && first !== undefined) return first.place - 1;
    return Math.max(clock.now(), (waiting.at(-1)?.place ?? 0) + 1);
  };

  return {
    list(id: string): Prompt[] {
      sessions.rowOf(id);
      return list(id);
    },

    /** Whatever became of it. Errors: session_not_found, prompt_not_found. */
    get: (id: string, prompt_id: string): Prompt => promptView(known(id, prompt_id)),

    /** Errors: session_not_found, session_ended, bad_request, conflict, not_supported, too_large. */
    async take(id: string, input: PromptInput): Promise<Prompt> {
      const earlier = store.prompts.get(input.id);
      if (earlier !== null) return answered(earlier, id, input);
      const session = await sessions.running(id);
      const given = input.attachments ?? [];
      if (cleanPrompt(input.content) === '' && given.length === 0) throw new AfieldError('bad_request', 'The prompt holds no text.');
      checkGiven(given, sessions.takes(id));
      const now = input.priority === 'now';
      placeOf(id, now);
      const folder = join(deps.recordings, id);
      const attachments = await keepGiven(folder, given, deps.newId);
      const row: PromptRow = {
        id: input.id,
        session_id: id,
        content: input.content,
        attachments,
        place: placeOf(id, now),
        tree: null,
        state: 'home',
        reason: null,
        created_at: timestamp(clock),
      };
      try {
        if (!store.prompts.insert(row)) {
          // Given twice at the same time.
          await dropGiven(folder, attachments);
          return answered(store.prompts.get(input.id)!, id, input);
        }
      } catch (error) {
        await dropGiven(folder, attachments);
        throw error;
      }
      tell(id, row);
      changed(id);
      session.prompted(row, now);
      return promptView(row);
    },

    /** Errors: those of `ChatService.updateQueued`. */
    async update(
      id: string,
      prompt_id: string,
      { content, position, priority }: { content?: string; position?: number; priority?: 'normal' | 'now' },
    ): Promise<Prompt> {
      const row = waiting(id, prompt_id);
      const session = sessions.live(id);
      const now = priority === 'now';
      if (now && session?.takesNow() === false) {
        throw new AfieldError('not_supported', 'This agent takes nothing while it works. Move the prompt to the front instead.');
      }
      if (content !== undefined && cleanPrompt(content) === '')
        throw new AfieldError('bad_request', 'The prompt holds no text. To take it back, delete it.');
      if (content !== undefined) store.prompts.update(prompt_id, { content });
      if (now || position !== undefined) move(id, row, now ? 0 : position!);
      changed(id);
      const after = store.prompts.get(prompt_id)!;
      if (now) session?.prompted(after, true);
      return promptView(after);
    },

    /** Errors: session_not_found, prompt_not_found, conflict. */
    async withdraw(id: string, prompt_id: string, by: string): Promise<Prompt> {
      const before = known(id, prompt_id);
      if (before.state === 'withdrawn') return promptView(before);
      waiting(id, prompt_id);
      store.prompts.setState(prompt_id, 'withdrawn', `Taken back by ${by}.`);
      const row = store.prompts.get(prompt_id)!;
      tell(id, row);
      changed(id);
      return promptView(row);
    },
  };

  function move(id: string, row: PromptRow, position: number): void {
    const others = store.prompts.undelivered(id).filter((one) => one.id !== row.id);
    const [before, after] = [others[position - 1] ?? (position > others.length ? others.at(-1) : undefined), others[position]];
    const place = between(before?.place, after?.place, row.place);
    store.prompts.update(row.id, { place });
    // No number is left between the two.
    if (place !== before?.place && place !== after?.place) return;
    others.splice(position, 0, row);
    others.forEach((one, i) => {
      store.prompts.update(one.id, { place: i });
    });
  }
}

function between(before: number | undefined, after: number | undefined, alone: number): number {
  if (before === undefined) return after === undefined ? alone : after - 1;
  return after === undefined ? before + 1 : (before + after) / 2;
}
