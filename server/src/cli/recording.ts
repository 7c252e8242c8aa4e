import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { note, sayPart } from './io.ts';
import { size } from './print/age.ts';
import { printable } from './print/printable.ts';
import { withProgress } from './print/progress.ts';
import { findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield recording web', 'saves web.cast here; any asciicast player shows it'],
  ['afield recording web -o demo.cast', 'under another name'],
  ['afield recording web -o - | head -1', 'to standard output'],
];

/** `web.cast`; what is no letter, digit, dot or dash becomes a dash. */
function fileName(session: Session): string {
  const name = session.name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+|-+$/g, '');
  return `${name === '' ? session.id : name}.cast`;
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** Whole or not at all: it gets its name once everything is there. Returns the number of bytes. */
async function save(bytes: AsyncIterable<Uint8Array>, file: string): Promise<number> {
  const part = `${file}.part`;
  try {
    const handle = await open(part, 'w', 0o600);
    await pipeline(Readable.from(bytes), handle.createWriteStream());
    const { size: written } = await stat(part);
    await rename(part, file);
    return written;
  } catch (cause) {
    await rm(part, { force: true });
    if (cause instanceof AfieldError) throw cause;
    throw new AfieldError('internal', `${file} could not be written: ${(cause as Error).message}.`, { cause });
  }
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id')
    .option('-o, --output <file>', 'where to; - is standard output (the name of the session, .cast)')
    .option('--force', 'overwrite a file that is there')
    .action(async (text: string, options: { output?: string; force?: true }) => {
      const home = await context.home();
      const session = await findSession(home, text, io.now());
      const recording = await withProgress(io, 'Reading the recording', home.download(`/sessions/${session.id}/recording`));
      if (options.output === '-') {
        for await (const part of recording) await sayPart(io, part);
        return;
      }
      const file = path.resolve(io.cwd(), options.output ?? fileName(session));
      if (!options.force && (await exists(file))) {
        throw new AfieldError('conflict', `${printable(file)} is there already. Give another name with -o, or --force.`);
      }
      const written = await withProgress(io, 'Saving the recording', save(recording, file));
      note(io, `${printable(file)}, ${size(written)}`);
    });
}
