/** Tool calls, announced or not: every update is folded into what is known of its call. */
import type { FileDiff, ToolKind } from '@afield/shared/api/chat.ts';
import { toolKind } from '@afield/shared/api/chat.ts';
import type { ChatUpdate, ToolPatch } from '../../core/chat-ports.ts';
import type { Loose } from '../loose.ts';
import { count, record, records, shown, text } from '../loose.ts';
import { anyText } from './content.ts';

/** What is known of a call. */
export interface ToolCall {
  name: string;
  kind: ToolKind;
  title: string;
  state: NonNullable<ToolPatch['state']>;
  rawInput: unknown;
  diffs: FileDiff[];
  locations: { path: string; line: number | null }[];
  /** What it says about itself before it runs. */
  about: string | null;
  /** Its output comes in pieces. */
  streams: boolean;
}

const STATES: Record<string, ToolCall['state']> = { pending: 'pending', in_progress: 'running', completed: 'done', failed: 'failed' };
const KINDS = new Set<string>(toolKind.options);
/** More calls than an agent has open at once. */
const MAX_KNOWN = 500;

export class ToolCalls {
  readonly #calls = new Map<string, ToolCall>();

  get(id: string): ToolCall | null {
    return this.#calls.get(id) ?? null;
  }

  /** Of `tool_call`, `tool_call_update` and of the call in a request for permission. `fresh`: it was not known before. */
  read(id: string, update: Loose): { updates: ChatUpdate[]; call: ToolCall; fresh: boolean } {
    const before = this.#calls.get(id);
    const call = before ?? this.#begin(id, update);
    const patch: ToolPatch = before === undefined ? { name: call.name, kind: call.kind, title: call.title, state: 'pending' } : {};
    const name = nameOf(id, update);
    if (name !== null && name !== call.name) patch.name = call.name = name;
    if (KINDS.has(String(update.kind)) && update.kind !== call.kind) patch.kind = call.kind = update.kind as ToolKind;
    const title = text(update.title);
    if (title !== null && title !== call.title) patch.title = call.title = title;
    const state = STATES[String(update.status)];
    if (state !== undefined && state !== call.state) patch.state = call.state = state;
    readInput(update.rawInput, call, patch);
    readLocations(update.locations, call, patch);
    const pieces = readContent(update, call, patch);
    if (call.state === 'done' || call.state === 'failed') this.#finished(call);
    const updates: ChatUpdate[] = Object.keys(patch).length === 0 ? [] : [{ type: 'tool', key: id, patch }];
    return {
      updates: [...updates, ...pieces.map((piece) => ({ type: 'tool_output', key: id, text: piece }) as const)],
      call,
      fresh: before === undefined,
    };
  }

  /** The turn is over: what still runs of it will never tell. */
  settle(): ChatUpdate[] {
    const updates: ChatUpdate[] = [];
    for (const [key, call] of this.#calls) {
      if (call.state !== 'pending' && call.state !== 'running') continue;
      call.state = 'failed';
      updates.push({ type: 'tool', key, patch: { state: 'failed' } });
    }
    return updates;
  }

  #begin(id: string, update: Loose): ToolCall {
    const kind = KINDS.has(String(update.kind)) ? (update.kind as ToolKind) : 'other';
    const title = text(update.title) ?? id;
    const call: ToolCall = {
      name: nameOf(id, update) ?? (/^[\w-]{1,64}$/.test(title) ? title : kind),
      kind,
      title,
      state: 'pending',
      rawInput: null,
      diffs: [],
      locations: [],
      about: null,
      streams: false,
    };
    this.#calls.set(id, call);
    return call;
  }

  /** Nobody asks about it any more: what is large of it goes at once. */
  #finished(call: ToolCall): void {
    call.rawInput = null;
    call.diffs = [];
    for (const [id, { state }] of this.#calls) {
      if (this.#calls.size <= MAX_KNOWN) return;
      if (state === 'done' || state === 'failed') this.#calls.delete(id);
    }
  }
}

/** As the agent calls it: told by `name`, by an extension, or by ids like `write_file__write_file_17_0`. */
function nameOf(id: string, update: Loose): string | null {
  const told = Object.values(record(update._meta)).map((value) => text(record(value).toolName));
  return text(update.name) ?? told.find((name) => name !== null) ?? /^(\w+?)__\1_\d/.exec(id)?.[1] ?? null;
}

function readInput(raw: unknown, call: ToolCall, patch: ToolPatch): void {
  if (raw === undefined || raw === null || raw === '' || (typeof raw === 'object' && Object.keys(raw).length === 0)) return;
  if (call.rawInput !== null && JSON.stringify(raw) === JSON.stringify(call.rawInput)) return;
  call.rawInput = raw;
  patch.input = inputText(raw);
}

/** A command that stands alone as itself, everything else as JSON. */
const inputText = (raw: unknown): string => loneCommand(raw) ?? shown(raw);

/** Fields of an input that change nothing about what its command does. */
const HARMLESS = new Set(['description', 'explanation', 'reason', 'justification', 'title', 'timeout', 'cwd', 'workdir', 'directory']);
/** The command of an input that holds nothing else that matters; null: there is more, or none. */
export function loneCommand(raw: unknown): string | null {
  const { command, ...rest } = record(raw);
  const again = (value: unknown) => Array.isArray(value) && value.length === 1 && value[0] === command;
  const alone = Object.entries(rest).every(([key, value]) => HARMLESS.has(key) || again(value));
  return typeof command === 'string' && alone ? command : null;
}

function readLocations(value: unknown, call: ToolCall, patch: ToolPatch): void {
  const locations = records(value)
    .map(({ path, line }) => ({ path: text(path), line: count(line) }))
    .filter((location): location is ToolCall['locations'][number] => location.path !== null);
  if (locations.length > 0 && JSON.stringify(locations) !== JSON.stringify(call.locations)) patch.locations = call.locations = locations;
}

/** Content replaces what was there. Before it runs, its text is about the call; then it is output. Pieces of output come by `_meta`. */
function readContent(update: Loose, call: ToolCall, patch: ToolPatch): string[] {
  const content = records(update.content);
  const diffs = content.filter(({ type }) => type === 'diff').map(diffOf);
  if (diffs.length > 0 && JSON.stringify(diffs) !== JSON.stringify(call.diffs)) patch.diffs = call.diffs = diffs;
  const words = content
    .filter(({ type }) => type !== 'diff' && type !== 'terminal')
    .map((one) => anyText(one.type === 'content' ? one.content : one))
    .join('\n');
  const meta = record(update._meta);
  const pieces = [meta.terminal_output_delta, meta.terminal_output]
    .map((piece) => text(record(piece).data))
    .filter((piece) => piece !== null);
  if (pieces.length > 0) call.streams = true;
  if (call.state === 'pending') {
    if (words !== '') call.about = words;
    return pieces;
  }
  const output = unfenced(words) || (call.streams ? '' : rawText(update.rawOutput, call));
  if (output !== '' && output !== call.about) patch.output = output;
  return pieces;
}

const FENCE = /^```[^\n]*\n([\s\S]*)\n```$/;
/** Output that is wrapped for a markdown view. */
const unfenced = (words: string): string => (words.startsWith('```') ? (FENCE.exec(words)?.[1] ?? words) : words);

/** Of a call that is seen by its changes, only words. */
function rawText(raw: unknown, { diffs }: ToolCall): string {
  if (raw === undefined || raw === null) return '';
  const { output, formatted_output, stdout, error } = record(raw);
  return shown(output ?? formatted_output ?? stdout ?? error ?? (diffs.length > 0 && typeof raw !== 'string' ? '' : raw));
}

function diffOf(one: Loose): FileDiff {
  const kind = record(one._meta).kind;
  const before = typeof one.oldText === 'string' && kind !== 'add' ? one.oldText : null;
  const after = typeof one.newText === 'string' && kind !== 'delete' ? one.newText : null;
  return { path: text(one.path) ?? '', before, after, cut: false };
}
