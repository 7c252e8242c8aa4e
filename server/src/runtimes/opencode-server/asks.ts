/** What opencode asks: permissions and questions, and what answers them. */
import type { Question } from '@afield/shared/api/approvals.ts';
import type { AgentAnswer, Ask, AskOption } from '../../core/chat-ports.ts';
import { type Loose, list, record, records, shown, text } from '../loose.ts';
import { filesOfPatch } from '../unified-diff.ts';
import { kindOf } from './tools.ts';

/** An ask that is open. */
export interface OpenAsk {
  kind: 'permission' | 'question';
  /** Ids of its questions, in order. */
  questions: string[];
}

/** Where a reply goes, and what. */
export interface Reply {
  path: string;
  body: object;
}

const WORDS = (value: unknown): string[] => list(value).filter((word): word is string => typeof word === 'string');

export function permissionAsk(asked: Loose): Ask {
  const permission = text(asked.permission) ?? 'a permission';
  const metadata = record(asked.metadata);
  const path = text(metadata.filepath);
  const diff = text(metadata.diff);
  const patterns = WORDS(asked.patterns).join('\n');
  const always = WORDS(asked.always);
  return {
    kind: 'permission',
    tool_id: text(record(asked.tool).callID),
    tool_kind: kindOf(permission),
    tool_name: permission,
    subject: text(metadata.command) ?? path ?? (patterns === '' ? shown(metadata) : patterns),
    detail: text(metadata.description),
    diffs: diff === null ? [] : filesOfPatch(diff, path ?? permission),
    options: options(permission, always),
    questions: [],
  };
}

/** `always` holds until opencode ends, which is as long as the session. */
function options(permission: string, always: string[]): AskOption[] {
  const once: AskOption = { id: 'once', label: 'Allow once', decision: 'allow', scope: 'once' };
  const deny: AskOption = { id: 'reject', label: 'Reject', decision: 'deny', scope: 'once' };
  if (always.length === 0) return [once, deny];
  const covers = always.includes('*') ? `every ${permission}, whatever it is about` : `${permission}: ${always.join(', ')}`;
  return [once, { id: 'always', label: `Allow always: ${always.join(', ')}`, decision: 'allow', scope: 'session', covers }, deny];
}

export function questionAsk(asked: Loose): Ask {
  const questions = records(asked.questions).map(question);
  return {
    kind: 'question',
    tool_id: text(record(asked.tool).callID),
    tool_kind: 'other',
    tool_name: 'question',
    subject: questions.map((one) => one.text).join('\n'),
    detail: null,
    diffs: [],
    options: [{ id: 'reject', label: 'Dismiss', decision: 'cancel', scope: 'once' }],
    questions,
  };
}

function question(asked: Loose, index: number): Question {
  return {
    id: String(index),
    text: text(asked.question) ?? text(asked.header) ?? '',
    type: 'choice',
    choices: records(asked.options).flatMap((option) => {
      const label = text(option.label);
      return label === null ? [] : [{ id: label, label, description: text(option.description) }];
    }),
    multiple: asked.multiple === true,
    free: asked.custom !== false,
    required: true,
  };
}

export function replyTo(id: string, asked: OpenAsk, answer: AgentAnswer): Reply {
  const at = encodeURIComponent(id);
  if (asked.kind === 'question') {
    if (answer.decision !== 'answer' && answer.decision !== 'allow') return { path: `/question/${at}/reject`, body: {} };
    return { path: `/question/${at}/reply`, body: { answers: asked.questions.map((name) => answer.answers[name] ?? []) } };
  }
  const reply = answer.decision === 'allow' ? (answer.option_id === 'always' ? 'always' : 'once') : 'reject';
  return {
    path: `/permission/${at}/reply`,
    body: { reply, ...(answer.text === null || reply !== 'reject' ? {} : { message: answer.text }) },
  };
}

/** What a reply that somebody gave decided. */
export function decided(reply: unknown): 'allow' | 'deny' | 'unknown' {
  if (reply === 'once' || reply === 'always') return 'allow';
  return reply === 'reject' ? 'deny' : 'unknown';
}
