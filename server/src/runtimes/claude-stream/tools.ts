/** What Claude's tools do, and what of their input a person must see. */
import type { FileDiff, ToolKind } from '@afield/shared/api/chat.ts';
import { type Loose, records, shown, text } from '../loose.ts';
import { fileDiff } from '../unified-diff.ts';

const KINDS: Readonly<Record<string, ToolKind>> = {
  Agent: 'agent',
  AskUserQuestion: 'think',
  Bash: 'execute',
  BashOutput: 'execute',
  Edit: 'edit',
  EnterPlanMode: 'plan',
  ExitPlanMode: 'plan',
  Glob: 'search',
  Grep: 'search',
  KillShell: 'execute',
  LS: 'read',
  LSP: 'search',
  MultiEdit: 'edit',
  NotebookEdit: 'edit',
  NotebookRead: 'read',
  Read: 'read',
  Task: 'agent',
  TaskCreate: 'plan',
  TaskGet: 'plan',
  TaskList: 'plan',
  TaskUpdate: 'plan',
  TodoWrite: 'plan',
  ToolSearch: 'search',
  WebFetch: 'fetch',
  WebSearch: 'search',
  Write: 'edit',
};

export const kindOf = (tool: string): ToolKind => KINDS[tool] ?? 'other';

/** What says most of a call, in this order. */
const TELLING = ['command', 'file_path', 'notebook_path', 'path', 'pattern', 'query', 'url', 'subject', 'description', 'skill', 'prompt'];
const told = (input: Loose): string | null => TELLING.map((name) => text(input[name])).find((value) => value !== null) ?? null;

/** One line: the command, the path, what it looks for. */
export function titleOf(tool: string, input: Loose): string {
  if (tool === 'TaskUpdate') return `#${text(input.taskId) ?? '?'} ${text(input.status) ?? text(input.subject) ?? ''}`.trimEnd();
  const [first = tool] = (told(input) ?? tool).split('\n');
  return first;
}

/** What it was given, as a person reads it. */
export function inputOf(tool: string, input: Loose): string {
  if (tool === 'Bash') return text(input.command) ?? shown(input);
  return shown(input);
}

/** Fields that the diff shows beside the path. */
const IN_DIFF: Readonly<Record<string, readonly string[]>> = {
  Write: ['file_path', 'content'],
  Edit: ['file_path', 'old_string', 'new_string', 'replace_all'],
};

/** The exact thing that an answer agrees to, nothing left out: what neither this nor the diff shows stands here as it was given. */
export function subjectOf(tool: string, input: Loose): string {
  const { command, description: _why, ...others } = input;
  if (tool === 'Bash' && typeof command === 'string') {
    return Object.keys(others).length === 0 ? command : `${command}\n${shown(others)}`;
  }
  const diffs = diffsOf(tool, input);
  const seen = IN_DIFF[tool] ?? [];
  if (
    typeof input.file_path === 'string' &&
    diffs.length > 0 &&
    !diffs.some(({ cut }) => cut) &&
    Object.keys(input).every((name) => seen.includes(name))
  ) {
    return input.replace_all === true ? `${input.file_path} (every place)` : input.file_path;
  }
  if (tool === 'ExitPlanMode' && Object.keys(input).every((name) => name === 'plan'))
    return text(input.plan) ?? 'Leave plan mode and begin.';
  return shown(input);
}

/** What it would change, as far as its input tells: of a file that is written, not what is there now. */
export function diffsOf(tool: string, input: Loose): FileDiff[] {
  const path = text(input.file_path) ?? text(input.notebook_path);
  if (path === null) return [];
  if (tool === 'Write' && typeof input.content === 'string') return [fileDiff(path, null, input.content)];
  if (tool === 'Edit') return editOf(path, input);
  if (tool === 'MultiEdit') return records(input.edits).flatMap((edit) => editOf(path, edit));
  return [];
}

function editOf(path: string, { old_string: before, new_string: after }: Loose): FileDiff[] {
  if (typeof before !== 'string' || typeof after !== 'string') return [];
  return [fileDiff(path, before === '' ? null : before, after)];
}

/** What it did change: then the file as it was is known. */
export function changedBy(tool: string, result: Loose): FileDiff[] | null {
  const path = text(result.filePath);
  if (path === null || tool !== 'Write' || typeof result.content !== 'string') return null;
  return [fileDiff(path, typeof result.originalFile === 'string' ? result.originalFile : null, result.content)];
}

export function locationsOf(input: Loose): { path: string; line: number | null }[] {
  const path = text(input.file_path) ?? text(input.notebook_path) ?? text(input.path);
  if (path === null) return [];
  return [{ path, line: typeof input.offset === 'number' && input.offset > 0 ? Math.floor(input.offset) : null }];
}

/** Text of a tool's result, whatever shape it has. */
export function outputOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts = records(content).map((part) => (typeof part.text === 'string' ? part.text : `[${text(part.type) ?? 'unknown'}]`));
  return parts.length > 0 ? parts.join('\n') : '';
}
