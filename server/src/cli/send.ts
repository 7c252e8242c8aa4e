import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { uuidv7 } from '@afield/shared/client/uuid.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { type Io, say, sayJson } from './io.ts';
import { printable } from './print/printable.ts';
import type { Home } from './reach/home.ts';
import { findSession } from './reach/sessions.ts';
import { KEY_HELP, keysBytes } from './terminal/key-names.ts';

export const examples: CommandModule['examples'] = [
  ['afield send web "run the tests again"', 'a message; it is kept at home until the agent takes it'],
  ['git diff | afield send web -', 'what standard input gives'],
  ['afield send web --keys Escape', 'keys, as if typed'],
  ['afield send web --keys y,Enter', 'several of them'],
];

/** Limit of the API for one message, in characters. */
const MAX_MESSAGE = 100_000;

interface Options {
  keys?: string[];
  now?: true;
  json?: true;
}

/** Standard input to its end, but not more than a message may hold. */
async function readAll(stdin: AsyncIterable<Uint8Array | string>): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stdin) {
    const bytes = Buffer.from(part as Uint8Array);
    size += bytes.length;
    if (size > MAX_MESSAGE * 4) throw tooLong();
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}

const tooLong = (): AfieldError =>
  new AfieldError('too_large', `A message may have ${MAX_MESSAGE} characters. Put the text into a file and name the file instead.`);

async function messageOf(io: Io, words: readonly string[]): Promise<string> {
  const typed = words.join(' ');
  const text = typed === '-' ? (await readAll(io.stdin as NodeJS.ReadableStream)).trimEnd() : typed;
  if (text.trim() === '') throw new UsageError('There is nothing to send. Give a text, - for standard input, or --keys.');
  if (text.length > MAX_MESSAGE) throw tooLong();
  return text;
}

/** Where the message is now: never more than is known. */
function delivery({ state }: Prompt, session: Session): string {
  const name = printable(session.name);
  switch (state) {
    case 'home':
      return `◷ At home. ${name} gets it as soon as it is ready.`;
    case 'accepted':
      return `✓ Given to ${name}.`;
    case 'consumed':
      return `✓✓ ${name} took it.`;
    case 'stuck':
      return `△ It could not be given to ${name}. afield logs ${session.id.slice(0, 13)} says why.`;
    case 'withdrawn':
      return '⊘ It was taken back before it was given.';
  }
}

async function sendKeys(home: Home, session: Session, keys: readonly string[]): Promise<void> {
  await home.ask('Sending keys', 'inputSession', { params: { id: session.id }, body: { text: keysBytes(keys) } });
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id')
    .argument('[text...]', 'the message; - reads standard input')
    .option('-k, --keys <keys...>', 'keys instead of a message')
    .option('--now', 'do not wait until the agent is ready')
    .option('--json', 'machine readable')
    .addHelpText('after', `\nKeys: ${KEY_HELP}.`)
    .action(async (text: string, words: string[], options: Options) => {
      if (options.keys !== undefined && words.length > 0) throw new UsageError('Give either a message or --keys, not both.');
      const keys = options.keys;
      if (keys !== undefined) keysBytes(keys);
      const content = keys === undefined ? await messageOf(io, words) : '';
      const home = await context.home();
      const session = await findSession(home, text, io.now());
      if (keys !== undefined) {
        await sendKeys(home, session, keys);
        if (options.json) sayJson(io, { session_id: session.id, sent: true });
        return;
      }
      const body = { id: uuidv7(), content, priority: options.now ? ('now' as const) : ('normal' as const) };
      const prompt = await home.ask('Sending', 'promptSession', { params: { id: session.id }, body });
      if (options.json) sayJson(io, prompt);
      else say(io, delivery(prompt, session));
    });
}
