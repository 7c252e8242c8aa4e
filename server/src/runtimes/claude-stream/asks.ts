/** Claude's questions to its person: what is shown of them, and how an answer is said to it. */
import type { Question } from '@afield/shared/api/approvals.ts';
import type { AgentAnswer, Ask, AskOption } from '../../core/chat-ports.ts';
import { type Loose, list, record, records, shown, text } from '../loose.ts';
import { coversOf } from './covers.ts';
import { diffsOf, kindOf, subjectOf } from './tools.ts';

const QUESTION = 'AskUserQuestion';
const ONCE: AskOption = { id: 'allow', label: 'Allow', decision: 'allow', scope: 'once' };
const DENY: AskOption = { id: 'deny', label: 'Deny', decision: 'deny', scope: 'once' };
const STOP: AskOption = { id: 'stop', label: 'Deny and stop', decision: 'cancel', scope: 'once' };
const NO_ANSWER: AskOption = { id: 'deny', label: 'Do not answer', decision: 'deny', scope: 'once' };
const SAID_NO = 'The user said no.';

/** An open request `can_use_tool`. */
export interface OpenAsk {
  tool: string;
  tool_id: string | null;
  input: Loose;
  ask: Ask;
  /** Permissions that go with an option, by its id. */
  grants: ReadonlyMap<string, readonly Loose[]>;
}

export function readAsk(request: Loose): OpenAsk {
  const tool = text(request.tool_name) ?? 'unknown';
  const input = record(request.input);
  const tool_id = text(request.tool_use_id);
  const offered =
    tool === QUESTION
      ? { options: [NO_ANSWER], grants: new Map() }
      : optionsOf(tool, records(request.permission_suggestions), request.suppress_always_allow_rule !== true);
  const why = [text(request.decision_reason), text(input.description)];
  const ask: Ask = {
    kind: tool === QUESTION ? 'question' : 'permission',
    tool_id,
    tool_kind: kindOf(tool),
    tool_name: tool,
    subject: tool === QUESTION ? questionText(input) : subjectOf(tool, input),
    detail: why.filter((line) => line !== null).join('\n') || null,
    diffs: diffsOf(tool, input),
    options: offered.options,
    questions: tool === QUESTION ? records(input.questions).map(questionOf) : [],
  };
  return { tool, tool_id, input, ask, grants: offered.grants };
}

/** What goes into the `control_response`. */
export function responseTo({ tool, input, grants }: OpenAsk, answer: AgentAnswer): object {
  if (answer.decision === 'deny') return { behavior: 'deny', message: answer.text ?? SAID_NO };
  if (answer.decision === 'cancel') return { behavior: 'deny', message: answer.text ?? SAID_NO, interrupt: true };
  if (tool === QUESTION) return { behavior: 'allow', updatedInput: answered(input, answer) };
  const granted = grants.get(answer.option_id ?? '') ?? [];
  return { behavior: 'allow', updatedInput: input, ...(granted.length === 0 ? {} : { updatedPermissions: granted }) };
}

/** `mayKeep`: it takes rules with which it does not ask again. */
function optionsOf(tool: string, suggestions: readonly Loose[], mayKeep: boolean) {
  const grants = new Map<string, readonly Loose[]>();
  const options: AskOption[] = [{ ...ONCE, label: tool === 'ExitPlanMode' ? 'Begin' : ONCE.label }];
  const add = (id: string, label: string, scope: AskOption['scope'], granted: readonly Loose[]) => {
    if (grants.has(id)) return;
    grants.set(id, granted);
    options.push({ id, label, decision: 'allow', scope, covers: coversOf(granted) });
  };
  const rules = suggestions.filter((suggestion) => mayKeep && allowsByRules(suggestion));
  if (rules.length > 0) {
    const here = inSession(rules);
    add('allow_session', `Allow ${coversOf(here)} in this session`, 'session', here);
    const kept = rules.filter(({ destination }) => destination !== 'session');
    if (kept.length > 0) add('allow_always', `Always allow ${coversOf(kept)}`, 'always', kept);
  }
  const mode = suggestions.find(({ type, destination }) => type === 'setMode' && destination === 'session');
  if (mode?.mode === 'acceptEdits' && (rules.length === 0 || kindOf(tool) === 'edit')) {
    add('allow_edits', 'Allow all edits in this session', 'session', [mode]);
  }
  const folders = suggestions.filter(({ type, directories }) => type === 'addDirectories' && list(directories).length > 0);
  if (folders.length > 0 && rules.length === 0 && kindOf(tool) !== 'edit') {
    const what = folders.flatMap(({ directories }) => list(directories).map(shown)).join(', ');
    add('allow_folder', `Allow work in ${what} in this session`, 'session', inSession(folders));
  }
  if (tool === 'ExitPlanMode') {
    add('allow_edits', 'Begin, and allow all edits in this session', 'session', [
      { type: 'setMode', mode: 'acceptEdits', destination: 'session' },
    ]);
  }
  return { options: [...options, tool === 'ExitPlanMode' ? { ...DENY, label: 'Keep planning' } : DENY, STOP], grants };
}

const inSession = (granted: readonly Loose[]): Loose[] => granted.map((one) => ({ ...one, destination: 'session' }));

/** Rules that say what they allow. */
function allowsByRules({ type, behavior, rules }: Loose): boolean {
  const some = records(rules);
  return type === 'addRules' && behavior === 'allow' && some.length > 0 && some.every(({ toolName }) => text(toolName) !== null);
}

const questionText = (input: Loose) =>
  records(input.questions)
    .map(({ question }) => text(question) ?? '?')
    .join('\n');

function questionOf(given: Loose, at: number): Question {
  const choices = records(given.options).map((option) => {
    const label = text(option.label) ?? '?';
    return { id: label, label, description: text(option.description) };
  });
  return {
    id: `q${at + 1}`,
    text: text(given.question) ?? '?',
    type: choices.length > 0 ? 'choice' : 'text',
    choices,
    multiple: given.multiSelect === true,
    free: true,
    required: true,
  };
}

/** By the question's own words, as it wants them; several choices in one line. */
function answered(input: Loose, { answers, text: words }: AgentAnswer): Loose {
  const said = records(input.questions).flatMap((given, at) => {
    const chosen = answers[`q${at + 1}`] ?? (at === 0 && words !== null ? [words] : []);
    return chosen.length === 0 ? [] : [[text(given.question) ?? '?', chosen.join(', ')] as const];
  });
  return said.length === 0 ? input : { ...input, answers: Object.fromEntries(said) };
}
