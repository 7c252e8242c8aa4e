/** A device that holds a chat through the relay: gives prompts, answers what it is asked, and watches the states. */
import type { Approval } from '@afield/shared/api/approvals.ts';
import type { ChatItem, ChatState } from '@afield/shared/api/chat.ts';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { Session, SessionStatus } from '@afield/shared/api/sessions.ts';
import type { SessionUsage } from '@afield/shared/api/usage.ts';
import { approvalBytes } from '@afield/shared/approval-bytes.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { uuidv7 } from 'uuidv7';
import { pairDevice } from '../device.ts';
import { type House, until } from '../kit.ts';

const PATIENCE_MS = 60_000;

export interface ChatOptions {
  agent: string;
  cwd: string;
  runtime?: string;
  model?: string;
  mode?: string;
  prompt?: string;
}

/** Pairs a device with the house. */
export async function openChatDevice(house: House, name = 'Test phone'): Promise<AfieldClient> {
  const { link } = await house.json<{ link: string }>('pair', '--no-wait');
  return (await pairDevice(link, name)).connect();
}

export class Chat {
  readonly id: string;
  /** Every status that was told, in order, without repetition. */
  readonly statuses: SessionStatus[] = [];
  readonly #client: AfieldClient;
  /** Prompts whose turn has not been waited for. */
  #turns = 0;

  private constructor(client: AfieldClient, id: string) {
    this.#client = client;
    this.id = id;
  }

  static async start(client: AfieldClient, { agent, cwd, ...more }: ChatOptions): Promise<Chat> {
    const id = uuidv7();
    const chat = new Chat(client, id);
    client.link.subscribe({ topics: ['session.*'] }, (event) => chat.#hear(event));
    await client.call('createSession', { body: { id, agent, cwd, face: 'chat', ...more } });
    return chat;
  }

  #hear(event: AfieldEvent): void {
    if (event.session_id !== this.id || event.type !== 'session.status_changed') return;
    const { status } = event.payload.session;
    if (this.statuses.at(-1) !== status) this.statuses.push(status);
  }

  session(): Promise<Session> {
    return this.#client.call('getSession', { params: { id: this.id } });
  }
  chat(): Promise<ChatState> {
    return this.#client.call('getChat', { params: { id: this.id } });
  }
  usage(): Promise<SessionUsage> {
    return this.#client.call('getSessionUsage', { params: { id: this.id } });
  }
  async items(): Promise<ChatItem[]> {
    return (await this.#client.call('getMessages', { params: { id: this.id }, query: { limit: 200 } })).items;
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
  /** Every message of the agent with these words in it, since the session began. */
  async said(words: RegExp): Promise<string[]> {
    return (await this.items()).flatMap((item) =>
      item.kind === 'message' && item.role === 'agent' && words.test(item.text) ? [item.text] : [],
    );
  }
  async tool(title: RegExp): Promise<ChatItem & { kind: 'tool' }> {
    const found = (await this.items()).findLast((item) => item.kind === 'tool' && title.test(item.title));
    if (found?.kind !== 'tool') throw new Error(`There is no tool ${title}.`);
    return found;
  }

  async say(
    content: string,
    more: { priority?: 'normal' | 'now'; attachments?: { name: string; media_type: string; base64: string }[] } = {},
  ) {
    this.statuses.length = 0;
    this.#turns += 1;
    return this.#client.call('promptSession', { params: { id: this.id }, body: { id: uuidv7(), content, ...more } }) as Promise<Prompt>;
  }
  async cancel(): Promise<void> {
    await this.#client.call('cancelSession', { params: { id: this.id } });
  }
  become(status: SessionStatus): Promise<unknown> {
    return until(`the session is ${status}`, async () => (await this.session()).status === status, PATIENCE_MS);
  }
  /** The turn that the last prompt began is over: it was busy, and is idle. */
  async done(): Promise<void> {
    await until(
      `the turn is over (${this.statuses.join(', ')})`,
      () => this.statuses.includes('busy') && this.statuses.at(-1) === 'idle',
      PATIENCE_MS,
    );
    if ((await this.session()).status !== 'idle') throw new Error('It was told to be idle, and is not.');
  }

  /** The one approval that waits. */
  async asked(): Promise<Approval> {
    const waiting = () => this.#client.call('listApprovals', { query: { session_id: this.id } });
    return until(
      'an approval waits',
      async () => {
        const { items } = await waiting();
        return items.length === 1 && items[0]?.state === 'pending' ? items[0] : null;
      },
      PATIENCE_MS,
    );
  }
  /** Bound to the hash of what was shown, as a device works it out; resolves once the agent has it. */
  async answer(approval: Approval, body: { option_id?: string; answers?: Record<string, string[]>; text?: string }): Promise<Approval> {
    const shown = new TextEncoder().encode(approvalBytes(approval.ask));
    const hash = Buffer.from(await crypto.subtle.digest('SHA-256', shown)).toString('hex');
    await this.#client.call('answerApproval', { params: { id: approval.id }, body: { hash, ...body } });
    return until('the agent has the answer', async () => {
      const now = await this.#client.call('getApproval', { params: { id: approval.id } });
      return now.state === 'delivered' ? now : null;
    });
  }
}
