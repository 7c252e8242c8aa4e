/** For the tests that run over every runtime that speaks an agent's protocol: a run of an agent, and what it told. */
import { eventually } from '@afield/shared/until.ts';
import type { ChatAgent, ChatUpdate } from '../core/chat-ports.ts';
import type { ChatExit } from './chat-process.ts';

export type Of<T extends ChatUpdate['type']> = ChatUpdate & { type: T };

export class PlayedRun {
  readonly session_id: string;
  readonly updates: ChatUpdate[] = [];
  exit: ChatExit | null = null;
  agent!: ChatAgent;

  constructor(session_id: string) {
    this.session_id = session_id;
  }

  get states(): string[] {
    const states = this.updates.filter(({ type }) => type === 'running' || type === 'waiting' || type === 'idle');
    return states.map((update) => (update.type === 'idle' ? `idle ${update.stop}` : update.type));
  }
  get state(): string {
    return this.states.at(-1) ?? 'idle';
  }
  of<T extends ChatUpdate['type']>(type: T): Of<T>[] {
    return this.updates.filter((update): update is Of<T> => update.type === type);
  }
  /** What a person has read. */
  said(role: 'agent' | 'thought'): string {
    const texts = new Map<string, string>();
    for (const update of this.updates) {
      if (update.type === 'text' && update.role === role) texts.set(update.key, (texts.get(update.key) ?? '') + update.text);
      if (update.type === 'text_done' && update.role === role && update.text !== undefined) texts.set(update.key, update.text);
    }
    return [...texts.values()].join('\n');
  }
  tool(key: string): Of<'tool'>['patch'] {
    return Object.assign({}, ...this.of('tool').flatMap((update) => (update.key === key ? [update.patch] : [])));
  }
  give(scenario: string, id: string = crypto.randomUUID()): Promise<void> {
    return this.agent.prompt({ id, content: `SCENARIO:${scenario}`, files: [] });
  }
  /** `count`: the questions so far, with this one. */
  async asked(count = 1): Promise<Of<'ask'>> {
    await eventually(() => this.of('ask').length >= count);
    const ask = this.of('ask')[count - 1];
    if (ask === undefined) throw new Error('unreachable');
    return ask;
  }
  async ended(turns = 1): Promise<void> {
    await eventually(() => this.of('idle').length >= turns);
  }
}
