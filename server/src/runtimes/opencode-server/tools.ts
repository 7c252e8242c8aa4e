/** Tool calls of opencode: parts of a message, sent whole at every change. */
import type { FileDiff, ToolKind } from '@afield/shared/api/chat.ts';
import type { ChatUpdate, ToolPatch } from '../../core/chat-ports.ts';
import { type Loose, record, records, shown, text } from '../loose.ts';
import { fileDiff, filesOfPatch } from '../unified-diff.ts';

const KINDS: Record<string, ToolKind> = {
  bash: 'execute',
  edit: 'edit',
  write: 'edit',
  multiedit: 'edit',
  patch: 'edit',
  apply_patch: 'edit',
  read: 'read',
  list: 'search',
  ls: 'search',
  glob: 'search',
  grep: 'search',
  codesearch: 'search',
  lsp: 'search',
  webfetch: 'fetch',
  websearch: 'fetch',
  todowrite: 'plan',
  todoread: 'plan',
  task: 'agent',
};
const STATES: Record<string, NonNullable<ToolPatch['state']>> = {
  pending: 'pending',
  running: 'running',
  completed: 'done',
  error: 'failed',
};
/** Calls whose output is compared with what came before; the oldest are forgotten. */
const MAX_KNOWN = 200;

export const kindOf = (tool: string): ToolKind => KINDS[tool] ?? 'other';

export class ToolParts {
  /** Of each call what was told last, without its output, and the output. */
  readonly #known = new Map<string, { patch: string; output: string; over: boolean }>();

  /** Nothing when nothing is new. */
  take(part: Loose): ChatUpdate[] {
    const key = text(part.callID) ?? text(part.id) ?? 'a call';
    const tool = text(part.tool) ?? 'tool';
    const state = record(part.state);
    const patch = patchOf(tool, state);
    const before = this.#known.get(key) ?? { patch: '', output: '', over: false };
    const over = patch.state === 'done' || patch.state === 'failed';
    // Looked up before it ended, and read after.
    if (before.over && !over) return [];
    const now = JSON.stringify(patch);
    const output = text(state.output) ?? text(state.error) ?? text(record(state.metadata).output) ?? '';
    const updates: ChatUpdate[] = now === before.patch ? [] : [{ type: 'tool', key, patch }];
    if (output !== before.output) {
      updates.push(
        output.startsWith(before.output)
          ? { type: 'tool_output', key, text: output.slice(before.output.length) }
          : { type: 'tool', key, patch: { output } },
      );
    }
    this.#known.delete(key);
    this.#known.set(key, { patch: now, output, over });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    return updates;
  }

  /** Calls that were told to go on. */
  open(): string[] {
    return [...this.#known].filter(([, { over }]) => !over).map(([key]) => key);
  }

  /** A call that will not tell its end any more. */
  close(key: string): void {
    const known = this.#known.get(key);
    if (known !== undefined) known.over = true;
  }
}

function patchOf(tool: string, state: Loose): ToolPatch {
  const input = record(state.input);
  const metadata = record(state.metadata);
  const path = text(input.filePath) ?? text(input.path) ?? text(metadata.filepath);
  const patch: ToolPatch = { name: tool, kind: kindOf(tool), title: titleOf(tool, state, input, path) };
  const known = STATES[String(state.status)];
  if (known !== undefined) patch.state = known;
  if (Object.keys(input).length > 0) patch.input = text(input.command) ?? shown(input);
  if (path !== null) patch.locations = [{ path, line: typeof input.offset === 'number' ? input.offset : null }];
  const diffs = diffsOf(tool, input, metadata, path);
  if (diffs.length > 0) patch.diffs = diffs;
  return patch;
}

function titleOf(tool: string, state: Loose, input: Loose, path: string | null): string {
  const asked = [input.command, input.description, input.pattern, input.query, input.url].map(text).find((part) => part !== null);
  return text(state.title) ?? (kindOf(tool) === 'edit' ? path : null) ?? asked ?? path ?? tool;
}

function diffsOf(tool: string, input: Loose, metadata: Loose, path: string | null): FileDiff[] {
  const files = [...records(metadata.files), record(metadata.filediff)];
  const whole = files.flatMap((file) => {
    const name = text(file.file) ?? text(file.filePath) ?? path;
    if (name === null || typeof file.before !== 'string' || typeof file.after !== 'string') return [];
    return [fileDiff(name, file.before, file.after)];
  });
  if (whole.length > 0) return whole;
  const diff = text(metadata.diff);
  if (diff !== null) return filesOfPatch(diff, path ?? tool);
  // What was there before is not told; that it is new is.
  if (metadata.exists === false && path !== null && typeof input.content === 'string') return [fileDiff(path, null, input.content)];
  return [];
}
