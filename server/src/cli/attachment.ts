import type { Attachment } from '@afield/shared/api/chat.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import { tailOf } from './chat/follow.ts';
import type { CommandModule, Context } from './context.ts';
import { UsageError } from './exit.ts';
import { sayPart } from './io.ts';
import { printable } from './print/printable.ts';
import { withProgress } from './print/progress.ts';
import { endingOf } from './reach/attachments.ts';
import { isId } from './reach/resolve.ts';
import { saveTo } from './reach/saving.ts';
import { findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield attachment web 01934b1e-7300', 'saves it here under its id; afield messages shows the ids'],
  ['afield attachment web 01934b1e-7300 -o shot.png', 'under another name'],
  ['afield attachment web 01934b1e-7300 -o - | file -', 'to another program'],
];

/** Items that are looked through for an id, newest first. */
const LOOKED_AT = 5_000;
const MIN_PREFIX = 4;

/** All that was given in the newest part of a chat, and with prompts that wait. */
async function attachmentsOf(client: AfieldClient, id: string): Promise<Attachment[]> {
  const [items, queue] = await Promise.all([tailOf(client, id, LOOKED_AT), client.call('getQueue', { params: { id } })]);
  const told = items.flatMap((item) => (item.kind === 'message' ? item.attachments : []));
  const all = [...told, ...queue.items.flatMap(({ attachments }) => attachments)];
  return [...new Map(all.map((one) => [one.id, one])).values()];
}

/** By its id, or by the beginning of it. Errors: not_found, conflict. */
function pick(attachments: readonly Attachment[], text: string): Pick<Attachment, 'id' | 'media_type'> {
  const wanted = text.trim().toLowerCase();
  const found = attachments.filter(({ id }) => id === wanted || (wanted.length >= MIN_PREFIX && id.startsWith(wanted)));
  if (found.length === 1) return found[0] as Attachment;
  if (found.length > 1) {
    const lines = found.map(({ id, name }) => `  ${id}  ${printable(name)}`);
    throw new AfieldError('conflict', [`"${printable(text)}" fits ${found.length} attachments. Say it with the id:`, ...lines].join('\n'));
  }
  // Older than what was looked through.
  if (isId(wanted)) return { id: wanted, media_type: '' };
  throw new AfieldError('not_found', `There is no attachment "${printable(text)}" in this session. afield messages shows which there are.`);
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id')
    .argument('<attachment>', 'its id, or the beginning of it')
    .option('-o, --output <file>', 'where to; - is standard output (the id, with an ending by its type)')
    .option('--force', 'overwrite a file that is there')
    .action(async (text: string, which: string, { output, force }: { output?: string; force?: true }) => {
      if (output === '-' && io.stdout.isTTY === true)
        throw new UsageError('These bytes may control a terminal. Give a file with -o, or lead them into another program.');
      const home = await context.home();
      const { id } = await findSession(home, text, io.now());
      const attachments = await withProgress(io, 'Looking for it', attachmentsOf(await home.client(), id));
      const found = pick(attachments, which);
      const bytes = await withProgress(io, 'Reading it', home.download(`/sessions/${id}/attachments/${found.id}`));
      if (output !== '-') {
        // Never under the name that somebody gave it.
        const file = output ?? `${found.id}${endingOf(found.media_type)}`;
        return saveTo(io, bytes, { doing: 'Saving it', file, force: force === true });
      }
      for await (const part of bytes) await sayPart(io, part);
    });
}
