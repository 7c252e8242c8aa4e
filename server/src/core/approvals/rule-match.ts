/** Whether a rule fits an ask, and what the rules together say of it. No state, no store. */
import { posix } from 'node:path';
import type { ApprovalAsk, ApprovalOption } from '@afield/shared/api/approvals.ts';
import type { ToolKind } from '@afield/shared/api/chat.ts';
import { canOnlyBeDenied } from '@afield/shared/approval-bytes.ts';
import type { RuleRow } from '../chat-stores.ts';
import { compilePattern, fits, type Pattern, pathBarriers, shellBarriers } from './rule-pattern.ts';

export interface Asked {
  project_id: string | null;
  agent: string;
  production: boolean;
  ask: ApprovalAsk;
}
type Match = Pick<RuleRow, 'project_id' | 'agent' | 'tool_kind' | 'pattern' | 'action'>;

/** `deny` before `ask` before `allow`. */
export const RULE_ORDER = ['deny', 'ask', 'allow'] as const;

/** Kinds that change files: with their diffs at hand it is the paths that a rule looks at. */
const CHANGES_FILES: ReadonlySet<ToolKind> = new Set(['edit', 'delete', 'move']);

/** Kinds whose subject may be a path by itself. */
const NAMES_A_FILE: ReadonlySet<ToolKind> = new Set(['read', 'edit', 'delete', 'move']);

/** A file as a rule may name it: as an absolute path, and as one below the directory of the session. */
function namesOf(path: string, cwd: string): string[] {
  const absolute = posix.resolve(cwd, path);
  const below = posix.relative(cwd, absolute);
  return below === '' || below === '..' || below.startsWith('../') ? [absolute] : [absolute, below];
}

const isText = (pattern: Pattern, text: string) => fits(pattern, text, shellBarriers(text));
const isFile = (pattern: Pattern, names: readonly string[]) => names.some((name) => fits(pattern, name, pathBarriers(name)));

/** A subject that is a path. Should it be a command all the same, `*` goes over nothing that a shell acts on. */
function isNamed(pattern: Pattern, { tool_kind, subject, cwd }: ApprovalAsk): boolean {
  if (!NAMES_A_FILE.has(tool_kind) || subject.includes('\n')) return false;
  return namesOf(subject, cwd).some((name) => {
    const [shell, path] = [shellBarriers(name), pathBarriers(name)];
    return fits(
      pattern,
      name,
      shell.map((barrier, i) => barrier | (path[i] as number)),
    );
  });
}

/**
 * The pattern against the subject, also as a path where it may be one; of an ask that changes files and shows their diffs, against its
 * paths. What allows must fit all of them, what denies or asks any, and for these the subject counts too.
 */
function patternFits({ pattern, action }: Match, ask: ApprovalAsk): boolean {
  const compiled = compilePattern(pattern);
  if (ask.diffs.length === 0 || !CHANGES_FILES.has(ask.tool_kind)) return isText(compiled, ask.subject) || isNamed(compiled, ask);
  const paths = ask.diffs.map(({ path }) => namesOf(path, ask.cwd));
  if (action === 'allow') return paths.every((names) => isFile(compiled, names));
  return isText(compiled, ask.subject) || isNamed(compiled, ask) || paths.some((names) => isFile(compiled, names));
}

/** The option that a rule may take: this once, never more. Null: it cannot allow this. */
export const allowedOnce = (ask: ApprovalAsk): ApprovalOption | null =>
  ask.options.find(({ decision, scope }) => decision === 'allow' && scope === 'once') ?? null;

/**
 * True when the rule decides about this by itself. A rule answers permissions only, nothing that is too long to be read; it allows nothing
 * that is not shown whole, and nothing in production unless it names the project.
 */
export function ruleFits(rule: Match, { project_id, agent, production, ask }: Asked): boolean {
  if (ask.kind !== 'permission' || ask.questions.length > 0 || canOnlyBeDenied(ask)) return false;
  if (rule.project_id !== null && rule.project_id !== project_id) return false;
  if (rule.agent !== null && rule.agent !== agent) return false;
  if (rule.tool_kind !== null && rule.tool_kind !== ask.tool_kind) return false;
  if (rule.action === 'allow') {
    if (production && rule.project_id === null) return false;
    if (allowedOnce(ask) === null || ask.diffs.some(({ cut }) => cut)) return false;
  }
  return patternFits(rule, ask);
}

/** Deny before ask before allow, older ones first. */
export function inOrder(rules: readonly RuleRow[]): RuleRow[] {
  return RULE_ORDER.flatMap((action) => rules.filter((rule) => rule.action === action));
}

/** The rule that decides; null: none fits, so a person is asked. */
export function decidingRule(rules: readonly RuleRow[], asked: Asked): RuleRow | null {
  return inOrder(rules).find((rule) => ruleFits(rule, asked)) ?? null;
}
