/** Items of a thread: messages, thoughts, commands, changes and calls, told as they begin, grow and end. */
import type { FileDiff, ToolKind } from '@afield/shared/api/chat.ts';
import type { ChatUpdate, ToolPatch } from '../../core/chat-ports.ts';
import { BoundedMap } from '../bounded-map.ts';
import { brief, type Loose, list, record, records, shown, text } from '../loose.ts';
import { fileDiff, filesOfPatch } from '../unified-diff.ts';
import { unwrapped } from './shell-command.ts';

const MAX_ITEMS = 2_000;
const STATES: Record<string, NonNullable<ToolPatch['state']>> = {
  inProgress: 'running',
  completed: 'done',
  failed: 'failed',
  declined: 'failed',
};
/** They show nothing, or are told in another way. */
const SILENT = new Set(['hookPrompt', 'sleep', 'subAgentActivity', 'enteredReviewMode', 'functionCallOutput']);

type Emit = (update: ChatUpdate) => void;

export class Items {
  readonly #emit: Emit;
  /** What was told of each: the length of its text or output, and the files it changes. */
  readonly #known = new BoundedMap<{ told: number; diffs: FileDiff[]; tool: boolean; done: boolean }>(MAX_ITEMS);

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** Files that an item changes; none for one that was never announced. */
  diffs(id: string): FileDiff[] {
    return this.#known.get(id)?.diffs ?? [];
  }

  /** More of a text. */
  text(id: unknown, role: 'agent' | 'thought', delta: unknown): void {
    const key = text(id);
    if (key === null || typeof delta !== 'string' || delta === '') return;
    const known = this.#at(key);
    if (known.done) return;
    known.told += delta.length;
    this.#emit({ type: 'text', key, role, text: delta });
  }

  output(id: unknown, delta: unknown): void {
    const key = text(id);
    if (key === null || typeof delta !== 'string' || delta === '') return;
    this.#at(key).told += delta.length;
    this.#emit({ type: 'tool_output', key, text: delta });
  }

  changes(id: unknown, changes: unknown): void {
    const key = text(id);
    if (key === null) return;
    this.#emit({ type: 'tool', key, patch: this.#changePatch(key, records(changes)) });
  }

  /** Whether a call that was announced waits for an answer. */
  waits(id: string, waits: boolean): void {
    const known = this.#known.get(id);
    if (known !== undefined && !known.done) this.#emit({ type: 'tool', key: id, patch: { state: waits ? 'pending' : 'running' } });
  }

  /** `over`: nothing more of it comes. */
  take(item: Loose, over: boolean): void {
    const key = text(item.id);
    const type = String(item.type);
    if (key === null) this.#emit({ type: 'unknown', kind: 'an item without an id', text: brief(item) });
    else if (type === 'agentMessage' || type === 'plan') this.#message(key, 'agent', text(item.text) ?? '', over);
    else if (type === 'reasoning') this.#message(key, 'thought', thoughtOf(item), over);
    else if (type === 'contextCompaction') this.#compacted(over);
    else {
      const patch = this.#patchOf(type, key, item);
      if (patch !== null) this.#tool(key, patch, item, over);
      else if (over && !SILENT.has(type)) this.#emit({ type: 'unknown', kind: type, text: brief(item) });
    }
  }

  /** The turn is over: what still runs of it will never tell. */
  settle(): void {
    for (const [key, known] of this.#known.entries()) {
      if (!known.tool || known.done) continue;
      known.done = true;
      this.#emit({ type: 'tool', key, patch: { state: 'failed' } });
    }
  }

  #at(key: string) {
    const known = this.#known.get(key) ?? { told: 0, diffs: [], tool: false, done: false };
    this.#known.set(key, known);
    return known;
  }

  #message(key: string, role: 'agent' | 'thought', whole: string, over: boolean): void {
    const known = this.#at(key);
    if (known.done || !over) return;
    known.done = true;
    if (whole !== '' || known.told > 0) this.#emit({ type: 'text_done', key, role, text: whole });
  }

  #compacted(over: boolean): void {
    if (over) this.#emit({ type: 'notice', level: 'info', text: 'Codex summarised the conversation.' });
  }

  #tool(key: string, patch: ToolPatch, item: Loose, over: boolean): void {
    const known = this.#at(key);
    const whole = outputOf(item);
    // What was streamed is all of it, unless it was cut.
    if (over && whole !== null && whole.length !== known.told) patch.output = whole;
    known.tool = true;
    known.done ||= over;
    this.#emit({ type: 'tool', key, patch });
  }

  #patchOf(type: string, key: string, item: Loose): ToolPatch | null {
    const state = STATES[String(item.status)];
    const at = state === undefined ? {} : { state };
    if (type === 'commandExecution') return { ...commandPatch(item), ...at };
    if (type === 'fileChange') return { ...this.#changePatch(key, records(item.changes)), ...at };
    const call = callPatch(type, item);
    return call === null ? null : { ...call, ...at };
  }

  #changePatch(key: string, changes: Loose[]): ToolPatch {
    const diffs = changes.flatMap(changeOf);
    this.#at(key).diffs = diffs;
    const paths = changes.flatMap(({ path }) => text(path) ?? []);
    return {
      name: 'apply_patch',
      kind: 'edit',
      title: paths.join(', ') || 'files',
      diffs,
      locations: paths.map((path) => ({ path, line: null })),
    };
  }
}

function thoughtOf(item: Loose): string {
  const lines = (value: unknown) => list(value).filter((line): line is string => typeof line === 'string');
  const summary = lines(item.summary);
  return (summary.length > 0 ? summary : lines(item.content)).join('\n\n');
}

function commandPatch(item: Loose): ToolPatch {
  const command = unwrapped(text(item.command) ?? '');
  const actions = records(item.commandActions);
  const kinds: Record<string, ToolKind> = { read: 'read', listFiles: 'search', search: 'search' };
  const found = new Set(actions.map(({ type }) => kinds[String(type)] ?? 'execute'));
  const [only] = found;
  const locations = actions.flatMap(({ type, path }) => (type === 'read' && typeof path === 'string' ? [{ path, line: null }] : []));
  const patch: ToolPatch = {
    name: 'shell',
    kind: found.size === 1 && only !== undefined ? only : 'execute',
    title: command,
    input: command,
    locations,
  };
  if (typeof item.exitCode === 'number' && item.exitCode !== 0) patch.state = 'failed';
  return patch;
}

function changeOf(change: Loose): FileDiff[] {
  const path = text(change.path) ?? 'a file';
  const diff = typeof change.diff === 'string' ? change.diff : '';
  const { type, move_path } = record(change.kind);
  if (type === 'add') return [fileDiff(path, null, diff)];
  if (type === 'delete') return [fileDiff(path, diff, null)];
  const named = text(move_path) === null ? path : `${path} → ${move_path}`;
  return filesOfPatch(diff, path).map((file) => ({ ...file, path: named }));
}

function callPatch(type: string, item: Loose): ToolPatch | null {
  switch (type) {
    case 'mcpToolCall':
      return { name: `${item.server}.${item.tool}`, kind: 'other', title: `${item.server}.${item.tool}`, input: shown(item.arguments) };
    case 'dynamicToolCall':
      return { name: text(item.tool) ?? 'tool', kind: 'other', title: text(item.tool) ?? 'tool', input: shown(item.arguments) };
    case 'collabAgentToolCall':
      return { name: text(item.tool) ?? 'agent', kind: 'agent', title: text(item.prompt) ?? text(item.tool) ?? 'agent' };
    case 'webSearch':
      return { name: 'web_search', kind: 'fetch', title: text(item.query) ?? 'web search' };
    case 'imageView':
      return { name: 'view_image', kind: 'read', title: text(item.path) ?? 'an image' };
    case 'imageGeneration':
      return { name: 'image_generation', kind: 'other', title: 'an image' };
    case 'exitedReviewMode':
      return { name: 'review', kind: 'think', title: 'Review', state: 'done' };
    default:
      return null;
  }
}

function outputOf(item: Loose): string | null {
  const said = records(record(item.result).content).flatMap((part) => text(part.text) ?? []);
  return text(item.aggregatedOutput) ?? text(item.review) ?? text(record(item.error).message) ?? (said.length > 0 ? said.join('\n') : null);
}
