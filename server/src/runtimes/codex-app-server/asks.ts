/** What Codex asks, and what answers it: every request of its that a person must see. */
import type { Question } from '@afield/shared/api/approvals.ts';
import type { FileDiff } from '@afield/shared/api/chat.ts';
import type { AgentAnswer, Ask, AskOption } from '../../core/chat-ports.ts';
import { questionAsk, questionResult } from '../acp/asks.ts';
import { type Loose, list, record, records, shown, text } from '../loose.ts';
import { unwrapped } from './shell-command.ts';

export interface Request {
  ask: Ask;
  /** What goes to Codex. */
  resultOf(answer: AgentAnswer): Loose;
}

/** `covers`: what an answer for the session reaches; null: that is not known. */
const common = (covers: string | null): Options => [
  { id: 'accept', label: 'Allow once', decision: 'allow', scope: 'once', result: 'accept' },
  { id: 'acceptForSession', label: 'Allow for this session', decision: 'allow', scope: 'session', result: 'acceptForSession', covers },
  DECLINE,
  { id: 'cancel', label: 'Decline, and stop', decision: 'cancel', scope: 'once', result: 'cancel' },
];
const DECLINE: Options[number] = { id: 'decline', label: 'Decline, and go on', decision: 'deny', scope: 'once', result: 'decline' };

/** Null: no request that we know. `diffs`: what the item that it is about would change. */
export function requestOf(method: string, params: Loose, diffs: FileDiff[], cwd: string): Request | null {
  switch (method) {
    case 'item/commandExecution/requestApproval':
      return decisionRequest(commandAsk(params, cwd), commandOptions(params));
    case 'item/fileChange/requestApproval':
      return decisionRequest(changeAsk(params, diffs), common(filesCovered(params)));
    case 'item/permissions/requestApproval':
      return permissionsRequest(params);
    case 'item/tool/requestUserInput':
      return inputRequest(params);
    case 'mcpServer/elicitation/request':
      return {
        ask: { ...questionAsk(params, null), tool_name: text(params.serverName) ?? 'question' },
        resultOf: (answer) => elicited(params, answer),
      };
    default:
      return null;
  }
}

type Options = readonly (AskOption & { result: unknown })[];
const NO_QUESTIONS = { questions: [] as Question[], diffs: [] as FileDiff[], options: [] as AskOption[] };

function decisionRequest(ask: Ask, options: Options): Request {
  return {
    ask: { ...ask, options: options.map(({ result: _, ...option }) => option) },
    resultOf: ({ option_id, decision }) => {
      const meant = options.find(({ id }) => id === option_id) ?? options.find((option) => option.decision === decision);
      return { decision: meant?.result ?? 'cancel' };
    },
  };
}

function commandAsk(params: Loose, cwd: string): Ask {
  const { host } = record(params.networkApprovalContext);
  const elsewhere = text(params.cwd) !== null && params.cwd !== cwd ? `In ${params.cwd}` : null;
  const network = text(host) === null ? null : `It wants to reach ${host}`;
  const detail = [text(params.reason), elsewhere, network].filter((line) => line !== null).join('\n');
  return {
    ...NO_QUESTIONS,
    kind: 'permission',
    tool_id: text(params.itemId),
    tool_kind: 'execute',
    tool_name: 'shell',
    subject: unwrapped(text(params.command) ?? text(host) ?? 'a command that it does not tell'),
    detail: detail === '' ? null : detail,
  };
}

/** Those that it offers, and to decline, which it always takes. */
function commandOptions(params: Loose): Options {
  const covers = commandCovered(params);
  const known = list(params.availableDecisions)
    .map((offered) => commandOption(offered, covers))
    .filter((option) => option !== null);
  if (known.length === 0) return common(covers);
  if (known.some(({ id }) => id === 'decline')) return known;
  const at = known.findIndex(({ decision }) => decision === 'cancel');
  return at < 0 ? [...known, DECLINE] : known.toSpliced(at, 0, DECLINE);
}

/** What it remembers until the session ends. Of what is typed into a running command it does not tell. */
function commandCovered({ kind, networkApprovalContext }: Loose): string | null {
  const { host, protocol } = record(networkApprovalContext);
  if (text(host) !== null) return `connections to ${host}${text(protocol) === null ? '' : ` by ${protocol}`}`;
  return kind === undefined || kind === 'command' ? 'this very command, in the same directory' : null;
}

function filesCovered({ grantRoot }: Loose): string {
  return text(grantRoot) === null ? 'any change of these files' : `any change of these files, and of all below ${grantRoot}`;
}

function commandOption(offered: unknown, covers: string | null): Options[number] | null {
  const plain = common(covers).find(({ id }) => id === offered);
  if (plain !== undefined) return plain;
  const { acceptWithExecpolicyAmendment: rule, applyNetworkPolicyAmendment: network } = record(offered);
  if (rule !== undefined) return ruleOption(list(record(rule).execpolicy_amendment), offered);
  const { host, action } = record(record(network).network_policy_amendment);
  if (text(host) === null) return null;
  const decision = action === 'deny' ? 'deny' : 'allow';
  return {
    id: `network-${decision}`,
    label: `${decision === 'deny' ? 'Deny' : 'Allow'} always: ${host}`,
    decision,
    scope: 'always',
    result: offered,
    covers: `connections to ${host}, ${KEPT}`,
  };
}

const KEPT = "kept in Codex's own rules";

/** A rule of no words would allow everything; of one that is not made of words nobody could say what it allows. */
function ruleOption(words: readonly unknown[], offered: unknown): Options[number] | null {
  if (words.length === 0 || !words.every((word) => text(word) !== null)) return null;
  const begins = words.map((word) => (/^[\w./:=@+-]+$/.test(String(word)) ? word : JSON.stringify(word))).join(' ');
  const covers = `every command that begins with ${begins}, ${KEPT}`;
  return { id: 'acceptAlways', label: `Allow always: ${begins} …`, decision: 'allow', scope: 'always', result: offered, covers };
}

function changeAsk(params: Loose, diffs: FileDiff[]): Ask {
  const root = text(params.grantRoot);
  const detail = [text(params.reason), root === null ? null : `For the session: all below ${root}`].filter((line) => line !== null);
  return {
    ...NO_QUESTIONS,
    kind: 'permission',
    tool_id: text(params.itemId),
    tool_kind: 'edit',
    tool_name: 'apply_patch',
    subject: diffs.map(({ path }) => path).join('\n') || 'a change of files that it does not tell',
    detail: detail.length === 0 ? null : detail.join('\n'),
    diffs,
  };
}

function permissionsRequest(params: Loose): Request {
  const ask: Ask = {
    ...NO_QUESTIONS,
    kind: 'permission',
    tool_id: text(params.itemId),
    tool_kind: 'other',
    tool_name: 'permissions',
    subject: shown(params.permissions),
    detail: text(params.reason),
    options: [
      { id: 'turn', label: 'Allow for this turn', decision: 'allow', scope: 'once' },
      { id: 'session', label: 'Allow for this session', decision: 'allow', scope: 'session', covers: 'exactly these permissions' },
      { id: 'deny', label: 'Deny', decision: 'deny', scope: 'once' },
    ],
  };
  return {
    ask,
    resultOf: ({ option_id, decision }) => {
      const scope = option_id === 'session' ? 'session' : 'turn';
      return decision === 'allow' ? { permissions: granted(record(params.permissions)), scope } : { permissions: {}, scope: 'turn' };
    },
  };
}

/** What is not asked for is left out. */
const granted = (asked: Loose): Loose => Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== null));

function inputRequest(params: Loose): Request {
  const questions = records(params.questions).map(questionOf);
  const ask: Ask = {
    ...NO_QUESTIONS,
    kind: 'question',
    tool_id: text(params.itemId),
    tool_kind: 'other',
    tool_name: 'request_user_input',
    subject: questions.map((question) => question.text).join('\n'),
    detail: null,
    options: [{ id: 'dismiss', label: 'Dismiss', decision: 'cancel', scope: 'once' }],
    questions,
  };
  const answers = (given: AgentAnswer['answers']) =>
    Object.fromEntries(Object.entries(given).map(([id, words]) => [id, { answers: words }]));
  return { ask, resultOf: ({ answers: given }) => ({ answers: answers(given) }) };
}

function questionOf(asked: Loose, index: number): Question {
  const choices = records(asked.options).flatMap(({ label, description }) =>
    typeof label === 'string' ? [{ id: label, label, description: text(description) }] : [],
  );
  return {
    id: text(asked.id) ?? String(index),
    text: text(asked.question) ?? text(asked.header) ?? '',
    type: choices.length > 0 ? 'choice' : 'text',
    choices,
    multiple: false,
    free: asked.isOther === true || choices.length === 0,
    required: true,
  };
}

function elicited(params: Loose, answer: AgentAnswer): Loose {
  return { content: null, _meta: null, ...questionResult(params, answer) };
}
