import type { Session } from '@afield/shared/api/sessions.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { sayPart } from './io.ts';
import { withProgress } from './print/progress.ts';
import { saveTo } from './reach/saving.ts';
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
      const file = options.output ?? fileName(session);
      await saveTo(io, recording, { doing: 'Saving the recording', file, force: options.force === true });
    });
}
