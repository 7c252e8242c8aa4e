/** A device that holds a chat: gives prompts, reads what is said, and watches the states. */
import type { ChatItem, ChatState } from '@afield/shared/api/chat.ts';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { SessionStatus } from '@afield/shared/api/sessions.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { uuidv7 } from 'uuidv7';
import { until } from '../kit.ts';
import { SessionDevice } from './session-device.ts';

export interface ChatOptions {
  agent: string;
  cwd: string;
  runtime?: string;
}
export interface More {
  priority?: 'normal' | 'now';
  attachments?: { name: string; media_type: string; base64: string }[];
}

export class Chat extends SessionDevice {
  /** Every status that was told since the last prompt, in order, without repetition. */
  readonly statuses: SessionStatus[] = [];

  static async start(client: AfieldClient, { agent, cwd, ...more }: ChatOptions): Promise<Chat> {
    const chat = new Chat(client);
    client.link.subscribe({ topics: ['session.*'] }, (event) => chat.#hear(event));
    await client.call('createSession', { body: { id: chat.id, agent, cwd, face: 'chat', ...more } });
    return chat;
  }

  #hear(event: AfieldEvent): void {
    if (event.session_id !== this.id || event.type !== 'session.status_changed') return;
    const { status } = event.payload.session;
    if (this.statuses.at(-1) !== status) this.statuses.push(status);
  }

  chat(): Promise<ChatState> {
    return this.client.call('getChat', { params: { id: this.id } });
  }
  /** What the agent has said since the last prompt, and what is told beside it, a line each. */
  async story(): Promise<string[]> {
    const items = await this.items();
    const last = items.findLastIndex((item) => item.kind === 'message' && item.role === 'user');
    return items.slice(last + 1).map((item) => {
      if (item.kind === 'message' || item.kind === 'thought') return `${item.kind} ${item.state}: ${item.text}`;
      if (item.kind === 'tool') return `${item.tool_kind} ${item.state}: ${item.title}`;
      if (item.kind === 'plan') return `plan: ${item.steps.map(({ text, state }) => `${text} (${state})`).join(', ')}`;
      return item.kind === 'notice' ? `${item.level}: ${item.text}` : item.kind;
    });
  }
  /** Some line of it holds these words. */
  tells(words: RegExp): Promise<unknown> {
    return until(`it tells ${words}`, async () => (await this.story()).some((line) => words.test(line)));
  }
  /** Every message of the agent with these words in it, since the session began. */
  async said(words: RegExp): Promise<string[]> {
    return (await this.items()).flatMap((item) =>
      item.kind === 'message' && item.role === 'agent' && words.test(item.text) ? [item.text] : [],
    );
  }
  /** The last call of a tool whose title has these words. */
  async tool(title: RegExp): Promise<ChatItem & { kind: 'tool' }> {
    const found = (await this.items()).findLast((item) => item.kind === 'tool' && title.test(item.title));
    if (found?.kind !== 'tool') throw new Error(`There is no tool ${title}.`);
    return found;
  }

  async say(content: string, more: More = {}): Promise<Prompt> {
    this.statuses.length = 0;
    return this.client.call('promptSession', { params: { id: this.id }, body: { id: uuidv7(), content, ...more } });
  }
  async cancel(): Promise<void> {
    await this.client.call('cancelSession', { params: { id: this.id } });
  }
  /** The turn that the last prompt began is over: it was busy, and is idle. */
  async done(): Promise<void> {
    await until('the turn is over', () => this.statuses.includes('busy') && this.statuses.at(-1) === 'idle');
    if ((await this.session()).status !== 'idle') throw new Error('It was told to be idle, and is not.');
  }
}
