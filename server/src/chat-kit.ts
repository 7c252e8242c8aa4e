/** For tests: a house with an agent that speaks, which says what a test tells it. */
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { EventPayloads, EventType } from '@afield/shared/events.ts';
import { eventually } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { ScriptedCompanion } from './core/chat/scripted-companion.ts';
import { ScriptedRuntime } from './core/chat/scripted-runtime.ts';
import type { PromptInput } from './core/chat-service.ts';
import { World } from './core/sessions/surviving-runtime.ts';
import { type HouseOptions, openHouse } from './sessions-kit.ts';

export type Talk = ReturnType<typeof openTalk>;

export function openTalk(options: HouseOptions = {}) {
  const chat = options.chat ?? new ScriptedRuntime();
  const house = openHouse({ ...options, chat });
  const get = (id: string): Session => house.sessions.get(id);
  return {
    house,
    chat,
    get,
    begin: (input = {}): Promise<Session> => house.sessions.create({ agent: 'speaker', face: 'chat', ...input }),
    prompt: (id: string, content: string, more: Partial<PromptInput> = {}): Promise<Prompt> =>
      house.sessions.prompt(id, { id: uuidv7(), content, ...more }),
    items: (id: string): ChatItem[] => house.sessions.messages(id, { limit: 100 }).items,
    becomes: (id: string, status: Session['status']) =>
      eventually(() => {
        const session = get(id);
        return session.status === status && session;
      }),
    /** Waits until the agent that was started last was given so many prompts; the last of them. */
    given: async (count: number) => {
      await eventually(() => chat.agent.prompts.length >= count);
      return chat.agent.prompts[count - 1]!;
    },
    told: <T extends EventType>(type: T): EventPayloads[T][] =>
      house.heard.filter((event) => event.type === type).map((event) => event.payload as EventPayloads[T]),
    /** How far a prompt came, in the order in which it was told. */
    states: (prompt_id: string): string[] =>
      house.heard.flatMap((event) =>
        event.type === 'message.state_changed' && event.payload.prompt_id === prompt_id ? [event.payload.state] : [],
      ),
  };
}

/** A talk to an agent in a terminal that a companion hears; its programs are ready at once. */
export function openHeard() {
  const world = new World();
  world.onStart = (program) => program.print('READY\r\n');
  const companion = new ScriptedCompanion();
  return { world, companion, talk: openTalk({ world, companion }) };
}

export async function failure(run: () => unknown): Promise<AfieldError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof AfieldError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
