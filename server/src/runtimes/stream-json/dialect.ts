/** What the two dialects of one-shot JSON have in common: a run a prompt, a message a line. */
import type { ToolKind } from '@afield/shared/api/chat.ts';
import type { ChatUpdate, TurnStop } from '../../core/chat-ports.ts';
import type { Loose } from '../loose.ts';
import { record, text } from '../loose.ts';

export interface Run {
  prompt_id: string;
  tell(update: ChatUpdate): void;
  /** Its own id of the session. */
  session(id: string): void;
  /** More text of a message that is not over. */
  say(role: 'agent' | 'thought', text: string): void;
  /** The message that was being said is over. */
  quiet(): void;
  /** Another number each time. */
  next(): number;
  /** The turn is over; the program may go on for a moment. */
  end(stop: TurnStop): void;
}

export interface Chosen {
  resume: string | null;
  model: string | null;
  mode: string | null;
}

export interface Dialect {
  /** Arguments of a run; `args` are those of every run. */
  args(args: readonly string[], chosen: Chosen): string[];
  /** What is written to its input before that is closed; a line break follows. */
  input(content: string): string;
  /** One message. False: not known. */
  read(message: Loose, run: Run): boolean;
  modes: { id: string; name: string; description: string | null }[];
  /** A model can be chosen. */
  models: boolean;
}

const KINDS: readonly [RegExp, ToolKind][] = [
  [/todo|plan/i, 'plan'],
  [/delete|remove/i, 'delete'],
  [/move|rename/i, 'move'],
  [/write|edit|replace|create|patch/i, 'edit'],
  [/bash|shell|exec|command/i, 'execute'],
  [/web|fetch|http/i, 'fetch'],
  [/grep|glob|search|find/i, 'search'],
  [/read|view|list|^ls$|look/i, 'read'],
  [/think|oracle/i, 'think'],
  [/task|agent/i, 'agent'],
];
/** No dialect tells it: from the name of the tool. */
export const kindOf = (name: string): ToolKind => KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';

/** The one thing in its input that says most. */
export function titleOf(name: string, input: Loose): string {
  const { command, cmd, file_path, path, pattern, query, url } = record(input);
  const said = [command, cmd, file_path, path, pattern, query, url].map(text).find((one) => one !== null);
  return said ?? name;
}
