import type { Rule, RuleTrial } from '@afield/shared/api/approvals.ts';
import { toolKind } from '@afield/shared/api/chat.ts';
import { uuidv7 } from '@afield/shared/client/uuid.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { exactPattern } from '@afield/shared/rule-pattern.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { type Io, say, sayJson, styleOf, tableWidth } from './io.ts';
import { since } from './print/age.ts';
import { exact } from './print/exact.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';
import { listApprovals } from './reach/approvals.ts';
import type { Home } from './reach/home.ts';
import { findProject } from './reach/projects.ts';
import { shortIds } from './reach/resolve.ts';

export const examples: CommandModule['examples'] = [
  ['afield rules', 'what is answered without you, in the order in which it is asked'],
  ['afield rules try allow "npm run *" --project web', 'what it would have done with what you answered before'],
  ['afield rules add allow "npm run *" --project web --kind execute', 'makes it'],
  ['afield rules add deny "** --force**"', 'goes before whatever allows'],
  ['afield rules add allow "src/**" --kind edit', 'changes of files below src'],
  ['afield rules add allow --like 019a7c31-4b2e', 'exactly the command of an approval'],
  ['afield rules remove 019a7c31', 'you are asked again'],
];

const ACTIONS = ['allow', 'ask', 'deny'] as const;
/** The newest approvals, among which `--like` looks for one. */
const LOOKED_AT = 1_000;
const PATTERN_HELP =
  '\nA pattern fits the whole command: * is any text without what a shell acts on (; & | < > ( ) $( ` and new lines), ** any text at all,\n\\* a star. Changes of files are matched by their paths, absolute or below the directory of the session: * stays in one folder there.';

interface Options {
  project?: string;
  agent?: string;
  kind?: string;
  like?: string;
  json?: true;
}

async function matchOf(home: Home, action: string, pattern: string | undefined, { project, agent, kind, like }: Options) {
  const known = ACTIONS.find((one) => one === action);
  if (known === undefined) throw new UsageError(`A rule may ${ACTIONS.join(', ')}, not "${action}".`);
  const tool_kind = toolKind.options.find((one) => one === kind);
  if (kind !== undefined && tool_kind === undefined)
    throw new UsageError(`There is no kind "${kind}". Kinds: ${toolKind.options.join(', ')}.`);
  if ((pattern === undefined) === (like === undefined)) throw new UsageError('Give a pattern, or --like with an approval.');
  return {
    action: known,
    pattern: pattern ?? (await patternLike(home, like as string)),
    ...(project === undefined ? {} : { project_id: (await findProject(home, project)).id }),
    ...(agent === undefined ? {} : { agent }),
    ...(tool_kind === undefined ? {} : { tool_kind }),
  };
}

/** Exactly what an approval asked. */
async function patternLike(home: Home, id: string): Promise<string> {
  const all = await listApprovals(home, { all: true, count: LOOKED_AT });
  const found = all.filter((one) => one.id.startsWith(id.toLowerCase()));
  const [only] = found;
  if (id.length < 8 || only === undefined || found.length > 1)
    throw new AfieldError(
      'approval_not_found',
      `Not exactly one approval begins with "${printable(id)}". afield approvals --all lists them.`,
    );
  if (only.ask.diffs.length > 0) throw new UsageError('That approval changes files. Write a pattern for their paths.');
  return exactPattern(only.ask.subject);
}

const scopeOf = (rule: Pick<Rule, 'agent' | 'tool_kind'>): string =>
  printable([rule.agent, rule.tool_kind].filter((one) => one !== null).join(' ')) || '-';

async function list({ io, home: open }: Context, json: boolean): Promise<void> {
  const home = await open();
  const rules = await home.ask('Asking the home server', 'listRules');
  if (json) {
    sayJson(io, rules);
    return;
  }
  if (rules.items.length === 0) {
    say(io, 'There are no rules: you are asked about everything. afield rules add makes one.');
    return;
  }
  const named = rules.items.some(({ project_id }) => project_id !== null);
  const projects = named ? (await home.ask('Asking the home server', 'listProjects')).items : [];
  const projectOf = (id: string | null) =>
    id === null ? 'all' : printable(projects.find((one) => one.id === id)?.name ?? 'a project that is gone');
  const short = shortIds(rules.items.map(({ id }) => id));
  const rows = rules.items.map((rule) => [
    rule.action,
    exact(rule.pattern),
    projectOf(rule.project_id),
    scopeOf(rule),
    rule.used === 0 ? 'never' : `${rule.used}×, ${since(rule.used_at ?? rule.created_at, io.now())} ago`,
    short.get(rule.id) as string,
  ]);
  const style = styleOf(io);
  const columns = [
    { title: 'DOES' },
    { title: 'PATTERN', cut: 'end', min: 12 },
    { title: 'PROJECT', cut: 'end' },
    { title: 'ONLY' },
    { title: 'USED' },
    { title: 'ID' },
  ] as const;
  say(io, ...table(columns, rows, { max: tableWidth(io), head: (text) => style('quiet', text) }));
}

function showTrial(io: Io, action: Rule['action'], { looked_at, matched, allowed, denied, examples: some }: RuleTrial): void {
  const would = { allow: 'allowed', deny: 'denied', ask: 'asked you about' }[action];
  say(
    io,
    `Of the last ${looked_at} that you answered it would have ${would} ${matched}: you allowed ${allowed} of them, and denied ${denied}.`,
  );
  const style = styleOf(io);
  for (const { decision, subject, created_at } of some) {
    const said = decision === 'allow' ? style('done', 'allowed') : style('fail', 'denied ');
    say(io, `  ${said}  ${exact(subject)}  ${style('quiet', `${since(created_at, io.now())} ago`)}`);
  }
}

const withOptions = (command: Command): Command =>
  command
    .argument('<action>', ACTIONS.join(', '))
    .argument('[pattern]', 'what it fits, in quotes')
    .option('--project <name>', 'only in this project (in all, but never in production)')
    .option('--agent <agent>', 'only of this agent')
    .option('--kind <kind>', `only tools of this kind: ${toolKind.options.join(', ')}`)
    .option('--like <approval>', 'instead of a pattern: exactly what this approval asked')
    .option('--json', 'machine readable')
    .addHelpText('after', PATTERN_HELP);

export function define(command: Command, context: Context): void {
  const { io } = context;
  withOptions(command.command('add').description('Make a rule')).action(
    async (action: string, pattern: string | undefined, options: Options) => {
      const home = await context.home();
      const body = { id: uuidv7(), ...(await matchOf(home, action, pattern, options)) };
      const rule = await home.ask('Making the rule', 'createRule', { body });
      if (options.json) sayJson(io, rule);
      else say(io, `${rule.action} ${exact(rule.pattern)}: made. What it decides stands in the transcript and in afield approvals --all.`);
    },
  );
  withOptions(command.command('try').description('What a rule would have done with what you answered; makes nothing')).action(
    async (action: string, pattern: string | undefined, options: Options) => {
      const home = await context.home();
      const body = await matchOf(home, action, pattern, options);
      const trial = await home.ask('Trying the rule', 'tryRule', { body });
      if (options.json) sayJson(io, trial);
      else showTrial(io, body.action, trial);
    },
  );
  command
    .command('list', { isDefault: true })
    .description('List the rules, in the order in which they are asked')
    .option('--json', 'machine readable, as the API answers')
    .action((options: { json?: true }) => list(context, options.json === true));
  command
    .command('remove')
    .description('Delete a rule')
    .argument('<rule>', 'its id, or the beginning of it')
    .action(async (text: string) => {
      const home = await context.home();
      const { items } = await home.ask('Asking the home server', 'listRules');
      const found = items.filter(({ id }) => text.length >= 4 && id.startsWith(text.toLowerCase()));
      const [rule] = found;
      if (rule === undefined || found.length > 1)
        throw new AfieldError(
          'rule_not_found',
          `${found.length === 0 ? 'No rule begins' : 'Several rules begin'} with "${printable(text)}". afield rules lists them.`,
        );
      await home.ask('Removing the rule', 'deleteRule', { params: { id: rule.id } });
      say(io, `Removed: ${rule.action} ${exact(rule.pattern)}. What it answered stays answered.`);
    });
}
