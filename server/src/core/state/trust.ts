/** Directories in which the question whether an agent may work there is answered with yes (setting `trust`). */
import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import { AfieldError } from '@afield/shared/errors.ts';

export interface TrustPolicy {
  /** The line of the setting that covers a real directory; null: none does. */
  covers(machine: string, cwd: string): string | null;
}

/** `/srv/x` and everything in it; `/srv/*`: what is in it, but not itself; `~/x` on this machine; `box:/srv/x` on another. */
const LINE = /^(?:(?<machine>[a-z0-9][a-z0-9._-]{0,63}):(?=\/))?(?<root>~|\/)(?<rest>[^*\0\n]*?)(?<inside>\/?\*)?$/u;

interface Rule {
  line: string;
  machine: string;
  folder: string;
  inside: boolean;
}

/** Errors: bad_request for a line that means nothing, or everything. */
export function createTrustPolicy(lines: readonly string[], home: string): TrustPolicy {
  const rules = lines.map((line) => checked(line, home));
  const fits = ({ folder, inside }: Rule, cwd: string) => cwd.startsWith(`${folder}/`) || (!inside && cwd === folder);
  return {
    covers: (machine, cwd) => rules.find((rule) => rule.machine === machine && fits(rule, cwd))?.line ?? null,
  };
}

function checked(line: string, home: string): Rule {
  const rule = ruleOf(line, home);
  const fault = faultOf(rule);
  if (rule !== null && fault === null) return rule;
  throw new AfieldError('bad_request', `The setting trust: "${line}" ${fault}.`);
}

/** Null, or what is wrong with a line. */
function faultOf(rule: Rule | null): string | null {
  if (rule === null)
    return 'must be an absolute directory or ~/…, at most with /* at its end, and before it perhaps the name of a machine and a colon';
  if (rule.folder === '') return 'would trust every directory; name those that you mean';
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(rule.folder)) return 'must not hold . or .. as a part';
  return null;
}

function ruleOf(line: string, home: string): Rule | null {
  const { machine = LOCAL_MACHINE, root, rest, inside } = LINE.exec(line)?.groups ?? {};
  if (root === undefined || rest === undefined || (inside === '*' && rest !== '')) return null;
  if (root === '~' && rest !== '' && !rest.startsWith('/')) return null;
  const folder = (root === '~' ? `${home}${rest}` : `/${rest}`).replace(/\/{2,}/g, '/').replace(/\/$/, '');
  return { line, machine, folder, inside: inside !== undefined };
}
