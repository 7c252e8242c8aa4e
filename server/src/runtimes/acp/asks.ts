/** What an agent asks, and the answers in its words: permission for a tool call, and questions (elicitation). */
import type { Question } from '@afield/shared/api/approvals.ts';
import type { AgentAnswer, Ask, AskOption } from '../../core/chat-ports.ts';
import type { Loose } from '../loose.ts';
import { list, record, records, shown, text } from '../loose.ts';
import type { ToolCall } from './tools.ts';
import { loneCommand } from './tools.ts';

const KINDS: Record<string, Pick<AskOption, 'decision' | 'scope'>> = {
  allow_once: { decision: 'allow', scope: 'once' },
  allow_always: { decision: 'allow', scope: 'always' },
  reject_once: { decision: 'deny', scope: 'once' },
  reject_always: { decision: 'deny', scope: 'always' },
};

/** `cwd`: where the session works; a command that runs elsewhere says so. */
export function permissionAsk(params: Loose, id: string | null, call: ToolCall, cwd: string): Ask {
  const about = { tool_id: id, tool_kind: call.kind, tool_name: call.name };
  const questions = askedBy(call);
  if (questions.length > 0) {
    const options = records(params.options)
      .map(optionOf)
      .filter(({ decision }) => decision !== 'allow');
    return { kind: 'question', ...about, subject: call.title, detail: null, diffs: [], options, questions };
  }
  return {
    kind: 'permission',
    ...about,
    subject: subjectOf(call),
    detail: detailOf(call, cwd),
    diffs: call.diffs,
    options: records(params.options).map(optionOf),
    questions: [],
  };
}

/** What it covers nobody tells here: the name is all there is. */
function optionOf(option: Loose, index: number): AskOption {
  const id = text(option.optionId) ?? String(index);
  const label = text(option.name) ?? id;
  const known = KINDS[String(option.kind)];
  if (known === undefined) {
    // never the one that a plain yes would take
    return { id, label, decision: /reject|deny|cancel|\bno\b/i.test(`${id} ${label}`) ? 'deny' : 'allow', scope: 'always' };
  }
  const session = known.scope === 'always' && /session/i.test(`${id} ${label}`);
  return { id, label, ...known, ...(session ? { scope: 'session' } : {}) };
}

/** The exact command, path or input: all of what is told. */
function subjectOf(call: ToolCall): string {
  const command = loneCommand(call.rawInput);
  if (command !== null) return command;
  // what it writes stands in the diffs
  if (call.diffs.length > 0) return call.diffs.map(({ path }) => path).join('\n');
  if (call.rawInput !== null) return shown(call.rawInput);
  if (call.kind === 'edit' && call.locations.length > 0) return call.locations.map(({ path }) => path).join('\n');
  return call.title;
}

function detailOf(call: ToolCall, cwd: string): string | null {
  const input = record(call.rawInput);
  const elsewhere = [input.cwd, input.workdir, input.directory].map(text).find((place) => place !== null && place !== cwd);
  const said = text(input.description) ?? text(input.justification) ?? text(input.reason) ?? text(input.explanation);
  const parts = [said, call.about === said ? null : call.about, elsewhere === undefined ? null : `In ${elsewhere}`];
  return parts.filter((part) => part !== null && part !== undefined).join('\n') || null;
}

const QUESTIONS_ONLY = new Set(['questions', 'metadata']);
/**
 * Questions that are all of the input of a call whose permission is their answer (Qwen), by their place. A call that does anything
 * else beside is no question: who answers it would allow what is not shown.
 */
function askedBy(call: ToolCall): Question[] {
  const harmless = call.diffs.length === 0 && ['think', 'other', 'plan'].includes(call.kind);
  if (!harmless || !Object.keys(record(call.rawInput)).every((key) => QUESTIONS_ONLY.has(key))) return [];
  const asked = records(record(call.rawInput).questions).filter(
    ({ question, options }) => text(question) !== null && Array.isArray(options),
  );
  return asked.map((one, index) => ({
    id: String(index),
    text: text(one.question) ?? '',
    type: 'choice',
    choices: records(one.options).map((option) => ({
      id: text(option.label) ?? '',
      label: text(option.label) ?? '',
      description: text(option.description),
    })),
    multiple: one.multiSelect === true,
    free: true,
    required: true,
  }));
}

export function permissionResult(params: Loose, answer: AgentAnswer): Loose {
  if (answer.decision === 'answer') {
    const yes = records(params.options).find(({ kind }) => kind === 'allow_once');
    const answers = Object.fromEntries(Object.entries(answer.answers).map(([id, given]) => [id, given.join(', ')]));
    return { outcome: { outcome: 'selected', optionId: yes?.optionId ?? answer.option_id }, answers };
  }
  if (answer.decision === 'cancel' || answer.option_id === null) return { outcome: { outcome: 'cancelled' } };
  return { outcome: { outcome: 'selected', optionId: answer.option_id } };
}

const DECLINE: AskOption = { id: 'decline', label: 'Do not answer', decision: 'deny', scope: 'once' };
const ACCEPT: AskOption = { id: 'accept', label: 'Accept', decision: 'allow', scope: 'once' };
const STOP: AskOption = { id: 'cancel', label: 'Cancel', decision: 'cancel', scope: 'once' };

export function questionAsk(params: Loose, call: ToolCall | null): Ask {
  const asked = {
    kind: 'question',
    tool_id: text(params.toolCallId),
    tool_kind: call?.kind ?? 'other',
    tool_name: call?.name ?? 'question',
  } as const;
  const message = text(params.message);
  if (params.mode === 'url') {
    const open = { ...ACCEPT, label: 'I have opened it' };
    return { ...asked, diffs: [], subject: text(params.url) ?? '', detail: message, options: [open, DECLINE, STOP], questions: [] };
  }
  const schema = record(params.requestedSchema);
  const required = new Set(list(schema.required));
  const fields = record(schema.properties);
  const questions = Object.entries(fields)
    .filter(([id]) => ownWordsOf(id, fields) === null)
    .map(([id, field]) => ({ ...questionOf(id, record(field), required.has(id)), free: ownWordsFor(id, fields) !== null }));
  return {
    ...asked,
    diffs: [],
    subject: message ?? text(schema.title) ?? '',
    detail: text(schema.description),
    options: [...(isPlainYes(schema) ? [ACCEPT] : []), DECLINE, STOP],
    questions,
  };
}

/** A form without fields asks for no more than a yes. */
function isPlainYes({ type, properties, required }: Loose): boolean {
  const none = properties === undefined || (JSON.stringify(properties) === '{}' && list(required).length === 0);
  return type === 'object' && none;
}

function questionOf(id: string, field: Loose, required: boolean): Question {
  const items = record(field.items);
  const multiple = field.type === 'array';
  const choices = choicesOf(multiple ? items : field);
  const type =
    choices.length > 0
      ? 'choice'
      : field.type === 'boolean'
        ? 'flag'
        : field.type === 'number' || field.type === 'integer'
          ? 'number'
          : 'text';
  const words = [text(field.title), text(field.description)].filter((part) => part !== null).join(': ');
  return { id, text: words || id, type, choices, multiple, free: false, required };
}

const OWN_WORDS = '_custom';
/** The field in which words of one's own go, beside that of a choice (Claude's adapter); null: there is none. */
function ownWordsFor(id: string, fields: Loose): string | null {
  const beside = `${id}${OWN_WORDS}`;
  return record(fields[beside]).type === 'string' && id in fields ? beside : null;
}
/** The choice that a field for words of one's own stands beside; null: it is a field as any other. */
function ownWordsOf(id: string, fields: Loose): string | null {
  const choice = id.endsWith(OWN_WORDS) ? id.slice(0, -OWN_WORDS.length) : '';
  return ownWordsFor(choice, fields) === id ? choice : null;
}

function choicesOf(field: Loose): Question['choices'] {
  const named = [...records(field.oneOf), ...records(field.anyOf)].map((one) => ({
    id: text(one.const) ?? '',
    label: text(one.title) ?? text(one.const) ?? '',
    description: text(one.description),
  }));
  if (named.length > 0) return named;
  return list(field.enum).map((value) => ({ id: String(value), label: String(value), description: null }));
}

/** Answers as the form wants them: a list, a number, yes or no, or words. */
export function questionResult(params: Loose, answer: AgentAnswer): Loose {
  if (answer.decision === 'cancel') return { action: 'cancel' };
  if (answer.decision === 'deny' || answer.option_id === DECLINE.id) return { action: 'decline' };
  if (params.mode === 'url') return { action: 'accept' };
  const fields = record(record(params.requestedSchema).properties);
  const content: Record<string, unknown> = {};
  for (const [id, given] of Object.entries(answer.answers)) {
    if (!(id in fields)) continue;
    const beside = ownWordsFor(id, fields);
    const known = new Set(questionOf(id, record(fields[id]), false).choices.map((choice) => choice.id));
    const own = beside === null ? [] : given.filter((one) => !known.has(one));
    const value = valueFor(
      record(fields[id]).type,
      given.filter((one) => !own.includes(one)),
    );
    if (value !== null) content[id] = value;
    if (beside !== null && own.length > 0) content[beside] = own.join('\n');
  }
  return { action: 'accept', content };
}

function valueFor(type: unknown, given: readonly string[]): unknown {
  const [first] = given;
  if (type === 'array') return given;
  if (first === undefined || first === '') return null;
  if (type === 'boolean') return ['true', 'yes', 'on', '1'].includes(first.toLowerCase());
  if (type !== 'number' && type !== 'integer') return first;
  const number = Number(first);
  return Number.isFinite(number) ? number : null;
}
