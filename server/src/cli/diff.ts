import type { ChangedFile } from '@afield/shared/api/changes.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { type Io, note, say, sayJson, styleOf } from './io.ts';
import { printable, printableLines } from './print/printable.ts';
import type { Style } from './print/style.ts';
import { findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield diff web', 'what changed since the session began'],
  ['afield diff web --against message --stat', 'since the last message, one line a file'],
  ['afield diff web --against main src/relay.ts', 'one file against a branch'],
];

interface Options {
  against?: string;
  stat?: true;
  json?: true;
}

const LETTERS: Readonly<Record<ChangedFile['change'], string>> = { added: 'A', modified: 'M', deleted: 'D', renamed: 'R' };

const nameOf = ({ path, old_path }: ChangedFile): string =>
  old_path === null ? printable(path) : `${printable(old_path)} → ${printable(path)}`;

function statLine(file: ChangedFile, style: Style): string {
  const count = file.binary ? style('quiet', 'binary') : `${style('done', `+${file.added}`)} ${style('fail', `-${file.deleted}`)}`;
  return `${LETTERS[file.change]}  ${nameOf(file)}  ${count}`;
}

function showHunks(io: Io, file: ChangedFile, style: Style): void {
  for (const { old_start, new_start, heading, lines } of file.hunks ?? []) {
    say(io, style('run', `@@ -${old_start} +${new_start} @@${heading === '' ? '' : ` ${printable(heading)}`}`));
    for (const line of lines) {
      // A line end inside of a line (CR) would let it show something else.
      const text = printableLines(line);
      if (line.startsWith('+')) say(io, style('done', text));
      else say(io, line.startsWith('-') ? style('fail', text) : text);
    }
  }
}

/** What of a file is not shown, and how to see it. */
function missing(file: ChangedFile, one: boolean): string | null {
  if (file.binary) return 'Binary: its bytes are not shown.';
  if (one) return file.cut ? 'More has changed in it than is shown here.' : null;
  return file.cut ? 'Too large for the list. Give its path to see it.' : null;
}

function show(io: Io, files: readonly ChangedFile[], options: Options, one: boolean): void {
  const style = styleOf(io);
  for (const file of files) {
    if (options.stat) {
      say(io, statLine(file, style));
      continue;
    }
    say(
      io,
      style(
        'strong',
        statLine(file, (_role, text) => text),
      ),
    );
    showHunks(io, file, style);
    const rest = missing(file, one);
    if (rest !== null) say(io, style('quiet', rest));
    say(io, '');
  }
  if (one && !options.stat) return;
  const sum = (key: 'added' | 'deleted') => files.reduce((total, file) => total + file[key], 0);
  say(io, style('quiet', `${files.length} ${files.length === 1 ? 'file' : 'files'}, +${sum('added')} -${sum('deleted')}`));
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id')
    .argument('[path]', 'only this file, as the repository calls it')
    .option('--against <what>', 'start (default), message (before the last one), or a branch, tag or commit')
    .option('--stat', 'one line a file')
    .option('--json', 'machine readable')
    .action(async (text: string, path: string | undefined, options: Options) => {
      const home = await context.home();
      const { id, name } = await findSession(home, text, io.now());
      const query = { against: options.against ?? 'start', ...(path === undefined ? {} : { path }) };
      const changes = await home.ask('Looking at the changes', 'getDiff', { params: { id }, query });
      if (options.json) return sayJson(io, changes);
      if (changes.vcs === 'none') {
        throw new Error(
          `The directory of ${printable(name)} is in no git repository, so its changes cannot be told. Run git init there and make a commit: what changes after it shows with --against HEAD.`,
        );
      }
      if (changes.files.length === 0) return note(io, 'Nothing changed yet.');
      show(io, changes.files, options, path !== undefined);
      if (changes.more_files > 0) note(io, `${changes.more_files} more files have changed.`);
    });
}
