import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { uuidv7 } from '@afield/shared/client/uuid.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { type Io, say, sayJson } from './io.ts';
import { printable } from './print/printable.ts';
import { attachmentOf } from './reach/attachments.ts';
import { findSession } from './reach/sessions.ts';
import { KEY_HELP, keysBytes } from './terminal/key-names.ts';
import { gather } from './variables.ts';

export const examples: CommandModule['examples'] = [
  ['afield send web "run the tests again"', 'a message; it is kept at home until the agent takes it'],
  ['git diff | afield send web -', 'what standard input gives'],
  ['afield send web "what is wrong here?" --file shot.png', 'a picture with it, where the agent takes some'],
  ['afield send web --now "stop, use pnpm"', 'into the turn that goes on, where the agent can'],
  ['afield send web --keys Escape', 'keys, as if typed'],
  ['afield send web --keys y,Enter', 'several of them'],
];

/** Limit of the API for one message, in characters. */
const MAX_MESSAGE = 100_000;

interface Options {
  keys?: string[];
  file?: string[];
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

async function pressKeys(
  { io, home: open }: Context,
  text: string,
  words: string[],
  keys: string[],
  { file, json }: Options,
): Promise<void> {
  if (words.length > 0) throw new UsageError('Give either a message or --keys, not both.');
  if (file !== undefined) throw new UsageError('Keys take no file.');
  const bytes = keysBytes(keys);
  const home = await open();
  const session = await findSession(home, text, io.now());
  await home.ask('Sending keys', 'inputSession', { params: { id: session.id }, body: { text: bytes } });
  if (json) sayJson(io, { session_id: session.id, sent: true });
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id')
    .argument('[text...]', 'the message; - reads standard input')
    .option('-k, --keys <keys...>', 'keys instead of a message')
    .option('-f, --file <file>', 'goes with the message; again for another', gather)
    .option('--now', 'do not wait until the agent is ready')
    .option('--json', 'machine readable')
    .addHelpText('after', `\nKeys: ${KEY_HELP}.`)
    .action(async (text: string, words: string[], options: Options) => {
      if (options.keys !== undefined) return pressKeys(context, text, words, options.keys, options);
      const content = await messageOf(io, words);
      const attachments = (options.file ?? []).map((file) => attachmentOf(io, file));
      const home = await context.home();
      const session = await findSession(home, text, io.now());
      const body = { id: uuidv7(), content, priority: options.now ? ('now' as const) : ('normal' as const), attachments };
      const prompt = await home.ask('Sending', 'promptSession', { params: { id: session.id }, body });
      if (options.json) sayJson(io, prompt);
      else say(io, delivery(prompt, session));
    });
}
