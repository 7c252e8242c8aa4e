import type { ChatItem, ChatState } from '@afield/shared/api/chat.ts';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import { NOW } from './sessions.ts';

type Fields<K extends ChatItem['kind']> = Partial<Extract<ChatItem, { kind: K }>>;

const uuid = (group: number, n: number) => `01934b1e-${String(group).padStart(4, '0')}-7000-8000-${String(n).padStart(12, '0')}`;
export const SESSION = uuid(0, 1);
export const itemId = (n: number) => uuid(7000, n);
export const promptId = (n: number) => uuid(7100, n);
/** One item a second, the first at NOW. */
const at = (n: number) => new Date(NOW + n * 1000).toISOString();
const base = (n: number, session_id: string) => ({ id: itemId(n), session_id, created_at: at(n), updated_at: at(n) });

/** Items of a chat; `n` gives id, time and place. */
export function chatItems(session_id = SESSION) {
  const own = (n: number) => base(n, session_id);
  return {
    user: (n: number, text: string, more: Fields<'message'> = {}): ChatItem => ({
      ...own(n),
      kind: 'message',
      role: 'user',
      state: 'done',
      text,
      prompt_id: promptId(n),
      attachments: [],
      ...more,
    }),
    agent: (n: number, text: string, more: Fields<'message'> = {}): ChatItem => ({
      ...own(n),
      kind: 'message',
      role: 'agent',
      state: 'done',
      text,
      prompt_id: null,
      attachments: [],
      ...more,
    }),
    thought: (n: number, text: string, more: Fields<'thought'> = {}): ChatItem => ({
      ...own(n),
      kind: 'thought',
      state: 'done',
      text,
      ...more,
    }),
    tool: (n: number, more: Fields<'tool'>): ChatItem => ({
      ...own(n),
      kind: 'tool',
      state: 'done',
      tool_kind: 'execute',
      name: 'Bash',
      title: 'npm test',
      input: null,
      output: '',
      output_bytes: more.output?.length ?? 0,
      diffs: [],
      locations: [],
      ...more,
    }),
    plan: (n: number, steps: Extract<ChatItem, { kind: 'plan' }>['steps']): ChatItem => ({ ...own(n), kind: 'plan', steps }),
    notice: (n: number, level: 'info' | 'warning' | 'error', text: string): ChatItem => ({ ...own(n), kind: 'notice', level, text }),
    approval: (n: number, approval_id: string): ChatItem => ({ ...own(n), kind: 'approval', approval_id }),
  };
}

export function prompt(n: number, content: string, more: Partial<Prompt> = {}): Prompt {
  return { id: promptId(n), session_id: SESSION, content, attachments: [], state: 'home', reason: null, created_at: at(n), ...more };
}

export function chatState(more: Partial<ChatState> = {}): ChatState {
  return {
    session_id: SESSION,
    can: { steer: true, images: true, files: true, fork: true, resume: true, model: true, mode: true },
    model: 'opus',
    models: [
      { id: 'opus', name: 'Opus 4.6', description: 'For hard work' },
      { id: 'haiku', name: 'Haiku 4.6', description: 'Quick and cheap' },
    ],
    mode: 'default',
    modes: [
      { id: 'default', name: 'ask first', description: 'Asks before it edits or runs anything' },
      { id: 'acceptEdits', name: 'edits allowed', description: 'Edits files without asking, asks before it runs anything' },
      { id: 'plan', name: 'plan only', description: 'Reads and plans, changes nothing' },
    ],
    commands: [
      { id: 'compact', name: 'compact', description: 'Make the conversation shorter' },
      { id: 'review', name: 'review', description: 'Look at the changes of this branch' },
      { id: 'cost', name: 'cost', description: null },
    ],
    plan: null,
    version: '2.1.329',
    version_note: null,
    ...more,
  };
}
