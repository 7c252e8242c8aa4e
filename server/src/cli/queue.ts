import type { Prompt } from '@afield/shared/api/prompts.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import { promptLines, queueLines } from './chat/queue-lines.ts';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { say, sayJson, styleOf } from './io.ts';
import { printable } from './print/printable.ts';
import { isId } from './reach/resolve.ts';
import { findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield queue web', 'messages that wait until the agent is ready'],
  ['afield queue web edit 1 "run all tests"', 'the first of them says something else'],
  ['afield queue web move 3 1', 'the third goes first'],
  ['afield queue web now 2', 'into the turn that goes on, where the agent can'],
  ['afield queue web withdraw 1', 'takes it back'],
  ['afield queue web show 01934b1e-7100-7000-8000-000000000001', 'what became of a message, also when it waits no more'],
];

const ACTIONS = { edit: 2, move: 2, now: 1, withdraw: 1, show: 1 } as const;
type Action = keyof typeof ACTIONS;

/** By its place, from 1, or by the beginning of its id. Errors: prompt_not_found. */
function promptOf(prompts: readonly Prompt[], text: string): Prompt {
  const found = /^\d{1,4}$/.test(text)
    ? prompts.slice(Number(text) - 1, Number(text))
    : prompts.filter(({ id }) => text.length >= 4 && id.startsWith(text.toLowerCase()));
  const [one] = found;
  if (one !== undefined && found.length === 1 && text !== '0') return one;
  throw new AfieldError(
    'prompt_not_found',
    `Not exactly one message that waits is "${printable(text)}". afield queue <session> lists them.`,
  );
}

function changeOf(
  action: Exclude<Action, 'withdraw' | 'show'>,
  words: readonly string[],
): { content?: string; position?: number; priority?: 'now' } {
  if (action === 'now') return { priority: 'now' };
  const text = words.slice(1).join(' ');
  if (action === 'edit') return { content: text };
  const place = Number(text);
  if (!Number.isInteger(place) || place < 1 || place > 1001)
    throw new UsageError(`move takes a place from 1 on, not "${printable(text)}".`);
  return { position: place - 1 };
}

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name, id or beginning of an id')
    .argument('[action]', `${Object.keys(ACTIONS).join(', ')}; left out: list`)
    .argument('[words...]', 'which message, by its number; then the new text, or the new place')
    .option('--json', 'machine readable')
    .action((text: string, action: string | undefined, words: string[], options: { json?: true }) =>
      action === undefined
        ? list(context, text, options.json === true)
        : act(context, text, actionOf(action, words), words, options.json === true),
    );
}

function actionOf(action: string, words: readonly string[]): Action {
  const known = (Object.keys(ACTIONS) as Action[]).find((one) => one === action);
  if (known === undefined) throw new UsageError(`queue knows ${Object.keys(ACTIONS).join(', ')}, not "${printable(action)}".`);
  if (words.length < ACTIONS[known])
    throw new UsageError(`${known} needs ${ACTIONS[known] === 2 ? 'a message and what it becomes' : 'a message'}.`);
  return known;
}

async function list({ io, home: open }: Context, text: string, json: boolean): Promise<void> {
  const home = await open();
  const { id } = await findSession(home, text, io.now());
  const queue = await home.ask('Asking the home server', 'getQueue', { params: { id } });
  if (json) sayJson(io, queue);
  else say(io, ...queueLines(queue.items, styleOf(io)));
}

function act(context: Context, text: string, action: Action, words: readonly string[], json: boolean): Promise<void> {
  return action === 'show' ? show(context, text, words[0] as string, json) : change(context, text, action, words, json);
}

/** One that waits by its number, any by its id. */
async function show({ io, home: open }: Context, text: string, which: string, json: boolean): Promise<void> {
  const home = await open();
  const { id } = await findSession(home, text, io.now());
  const waiting = isId(which) ? [] : (await home.ask('Asking the home server', 'getQueue', { params: { id } })).items;
  const prompt_id = isId(which) ? which : promptOf(waiting, which).id;
  const prompt = await home.ask('Asking the home server', 'getPrompt', { params: { id, prompt_id } });
  if (json) sayJson(io, prompt);
  else say(io, ...promptLines(prompt, styleOf(io)));
}

async function change(
  { io, home: open }: Context,
  text: string,
  action: Exclude<Action, 'show'>,
  words: readonly string[],
  json: boolean,
): Promise<void> {
  const body = action === 'withdraw' ? null : changeOf(action, words);
  const home = await open();
  const { id } = await findSession(home, text, io.now());
  const { items } = await home.ask('Asking the home server', 'getQueue', { params: { id } });
  const params = { id, prompt_id: promptOf(items, words[0] as string).id };
  const prompt =
    body === null
      ? await home.ask('Taking it back', 'withdrawQueued', { params })
      : await home.ask('Changing it', 'updateQueued', { params, body });
  if (json) sayJson(io, prompt);
  else say(io, { edit: 'Changed.', move: 'Moved.', now: 'Given to the agent.', withdraw: 'Taken back.' }[action]);
}
