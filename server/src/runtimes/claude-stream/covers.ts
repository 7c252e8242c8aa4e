/** What Claude would do without asking once it is granted something: made of the permissions that are sent, and of nothing else. */
import { type Loose, list, records, shown, text } from '../loose.ts';

/** What its mode `acceptEdits` lets pass, as Claude tells it itself. */
const EDITS = 'edits of files, and commands such as mkdir, touch, rm, mv, cp and sed, where it works (its mode acceptEdits)';

const PLACES: Readonly<Record<string, string>> = {
  localSettings: '.claude/settings.local.json',
  projectSettings: '.claude/settings.json',
  userSettings: 'your own settings of Claude',
};

export function coversOf(granted: readonly Loose[]): string {
  return granted.map(covered).join('; ');
}

function covered(update: Loose): string {
  const what = whatOf(update);
  const place = text(update.destination) ?? 'session';
  return place === 'session' ? what : `${what}, kept in ${PLACES[place] ?? place}`;
}

function whatOf({ type, rules, mode, directories }: Loose): string {
  if (type === 'addRules') return records(rules).map(ruleText).join(', ');
  if (type === 'setMode') return mode === 'acceptEdits' ? EDITS : `whatever its mode ${shown(mode)} allows`;
  return `to work in ${list(directories).map(shown).join(', ')} as in its own directory`;
}

/** As Claude writes its rules, `Bash(npm test)`; one without a pattern holds for all that the tool can do. */
function ruleText(rule: Loose): string {
  const content = text(rule.ruleContent);
  const tool = text(rule.toolName) ?? '?';
  return content === null ? `every use of ${tool}` : `${tool}(${content})`;
}
