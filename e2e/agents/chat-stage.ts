/** The place in which a real agent is tested as a chat: its house, and a paired device that holds the chat. */
import type { Approval } from '@afield/shared/api/approvals.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { until } from '../kit.ts';
import { type AgentHome, AgentHouse } from './agent-house.ts';
import { Chat } from './chat-device.ts';
import { programsWith, type RunningProgram } from './programs.ts';
import { openDevice } from './session-device.ts';

export interface ChatHome extends AgentHome {
  /** Default: the usual one. */
  runtime?: string;
}

/** Text of the file that the scripted model writes. */
export const HELLO = 'hello\nfrom the scripted model\n';
/** Its greeting, as a line of the story. */
export const GREETING = 'message done: Hello from the scripted model. Nothing was changed.';

export class ChatStage extends AgentHouse {
  readonly #runtime: { runtime?: string };
  phone!: AfieldClient;
  chat!: Chat;

  constructor({ runtime, ...home }: ChatHome) {
    super(home);
    this.#runtime = runtime === undefined ? {} : { runtime };
  }

  override async start(): Promise<void> {
    await super.start();
    this.phone = await openDevice(this.house);
    this.chat = await this.open();
  }
  override async close(): Promise<void> {
    this.phone?.close();
    await super.close();
  }

  /** Another chat with the same agent. */
  open(): Promise<Chat> {
    return Chat.start(this.phone, { agent: this.home.agent, cwd: this.repo, ...this.#runtime });
  }
  /** Gives a prompt; resolves when its turn is over. */
  async turn(scenario: string): Promise<void> {
    await this.chat.say(`SCENARIO:${scenario}`);
    await this.chat.done();
  }
  /** Gives a prompt; resolves with what is asked then. */
  async ask(scenario: string): Promise<Approval> {
    await this.chat.say(`SCENARIO:${scenario}`);
    return this.chat.asked();
  }
  allow(approval: Approval): Promise<Approval> {
    return this.chat.answer(approval, { option_id: this.option(approval, 'allow') });
  }
  /** The first option that means this, for once. */
  option({ ask }: Approval, decision: 'allow' | 'deny'): string {
    const found = ask.options.find((one) => one.decision === decision && one.scope === 'once');
    if (found === undefined) throw new Error(`There is no way to ${decision} it once.`);
    return found.id;
  }
  /** Gives a prompt whose answer takes twenty seconds; resolves in the middle of it. */
  async speaking(): Promise<void> {
    await this.chat.say('SCENARIO:slow');
    await this.chat.tells(/word3/);
  }
  async restartServer(): Promise<void> {
    await this.house.killServer();
    await this.house.startServer();
    await until('the house answers again', () => this.chat.session());
  }
  /** What runs for the chat, and whatever else has the agent's home. */
  programs(): Promise<RunningProgram[]> {
    return programsWith(`AFIELD_SESSION=${this.chat.id}`, `HOME=${this.folder}`);
  }
}
