/** For tests: a runtime whose agents say what a test tells them, and remember what they were told. They outlive a home server that is killed. */
import type { ChatAbilities } from '@afield/shared/api/chat.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, ChatAgent, ChatRuntime, ChatSink, ChatStart, ChatUpdate, GivenFile } from '../chat-ports.ts';

export const ABLE: ChatAbilities = { steer: false, images: true, files: false, fork: true, resume: true, model: true, mode: true };

export interface GivenPrompt {
  id: string;
  content: string;
  files: GivenFile[];
  /** It shows that it took it, or why not. */
  take(): void;
  refuse(error: Error): void;
}

/** One run of an agent. */
export class ScriptedAgent implements ChatAgent {
  readonly pid = null;
  readonly started: ChatStart;
  readonly prompts: GivenPrompt[] = [];
  readonly answers: { key: string; answer: AgentAnswer }[] = [];
  readonly chosen: string[] = [];
  cancels = 0;
  /** It takes each prompt at once. */
  takes = true;
  /** It ends its turn when it is told to. */
  reacts = true;
  gone = false;
  /** What an answer comes to; default: it has it. */
  onAnswer: (key: string) => Promise<void> = async () => {};
  readonly #sink: ChatSink;

  constructor(start: ChatStart, sink: ChatSink) {
    this.started = start;
    this.#sink = sink;
  }

  say(...updates: ChatUpdate[]): void {
    for (const update of updates) this.#sink.update(update);
  }
  /** A whole turn of one message. */
  answerWith(text: string, key = `message ${Math.random()}`): void {
    this.say(
      { type: 'running' },
      { type: 'text', key, role: 'agent', text },
      { type: 'text_done', key, role: 'agent' },
      { type: 'idle', stop: 'done' },
    );
  }
  exit(exit: Partial<Parameters<ChatSink['exit']>[0]> = {}): void {
    if (this.gone) return;
    this.gone = true;
    this.#sink.exit({ code: 0, signal: null, detail: '', ...exit });
  }

  prompt({ id, content, files }: { id: string; content: string; files: GivenFile[] }): Promise<void> {
    this.#here();
    return new Promise((resolve, reject) => {
      this.prompts.push({ id, content, files, take: resolve, refuse: reject });
      if (this.takes) resolve();
    });
  }
  async cancel(): Promise<void> {
    this.#here();
    this.cancels++;
    if (this.reacts) this.say({ type: 'idle', stop: 'cancelled' });
  }
  async answer(key: string, answer: AgentAnswer): Promise<void> {
    this.#here();
    await this.onAnswer(key);
    this.answers.push({ key, answer });
  }
  async setModel(model: string): Promise<void> {
    this.chosen.push(`model ${model}`);
    this.say({ type: 'model', model });
  }
  async setMode(mode: string): Promise<void> {
    this.chosen.push(`mode ${mode}`);
    this.say({ type: 'mode', mode });
  }
  async stop(): Promise<void> {
    this.exit();
  }

  #here(): void {
    if (this.gone) throw new AfieldError('unavailable', 'The agent has ended.');
  }
}

/** All that were started, the newest last. */
export class ScriptedRuntime implements ChatRuntime {
  readonly name = 'scripted';
  readonly agents: ScriptedAgent[] = [];
  can: ChatAbilities = ABLE;
  /** What it says while it starts. Default: its own id of the session. */
  greets: (agent: ScriptedAgent, start: ChatStart) => void | Promise<void> = (agent, start) => {
    agent.say({ type: 'agent_session', id: start.fork || start.resume === null ? `agent-${this.agents.length}` : start.resume });
  };

  get agent(): ScriptedAgent {
    const last = this.agents.at(-1);
    if (last === undefined) throw new Error('no agent was started');
    return last;
  }

  async start(start: ChatStart, sink: ChatSink): Promise<ChatAgent> {
    const agent = new ScriptedAgent(start, sink);
    this.agents.push(agent);
    await this.greets(agent, start);
    return agent;
  }
}
