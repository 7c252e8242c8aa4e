import { spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { note, say, sayJson } from './io.ts';
import { ensureRunning } from './reach/background.ts';
import { createPairing, sayPaired, secondsLeft, untilPaired } from './reach/pairing.ts';

export const examples: CommandModule['examples'] = [
  ['afield open', 'pairs the browser of this machine with a fresh link'],
  ['afield open --print', 'only prints the link'],
];

/** A program that opens addresses comes back at once; one that does not is the browser itself, which is as good. */
const OPENER_MS = 3000;

function opener(address: string): { file: string; args: string[] } {
  if (process.platform === 'darwin') return { file: 'open', args: [address] };
  if (process.platform === 'win32') return { file: 'rundll32', args: ['url.dll,FileProtocolHandler', address] };
  return { file: 'xdg-open', args: [address] };
}

/** True when a browser took it, as far as can be told. */
function openInBrowser(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const { file, args } = opener(address);
    const child = spawn(file, args, { detached: true, stdio: 'ignore' });
    const timer = setTimeout(() => resolve(true), OPENER_MS);
    const settle = (opened: boolean) => {
      clearTimeout(timer);
      resolve(opened);
    };
    child.on('error', () => settle(false));
    child.on('exit', (code) => settle(code === 0));
    child.unref();
  });
}

/** A page that leads to the link. The link itself in the arguments of a program could be read by every user of this machine. */
function redirectPage(link: string): string {
  const target = JSON.stringify(link).replaceAll('<', '\\u003c');
  return `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Afield</title><script>location.replace(${target})</script>\n`;
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .option('--print', 'only print the link')
    .option('--json', 'print the pairing as JSON, and do not open anything')
    .action(async (options: { print?: true; json?: true }) => {
      const home = await context.home();
      await ensureRunning(home, io);
      const pairing = await createPairing(home);
      if (options.json) {
        sayJson(io, pairing);
        return;
      }
      const page = path.join(home.config.data_dir, 'open.html');
      try {
        if (!options.print) await writeFile(page, redirectPage(pairing.link), { mode: 0o600 });
        const opened = !options.print && (await openInBrowser(pathToFileURL(page).href));
        if (!options.print)
          note(io, opened ? 'Your browser opens. If it shows no page, use this link:' : 'No browser could be opened. Use this link:');
        say(io, pairing.link);
        if (options.print) return;
        const paired = await untilPaired(io, home, pairing, 'afield open');
        if (paired === null) note(io, `The link stays good for ${secondsLeft(pairing, io.now())} s.`);
        else sayPaired(io, paired);
      } finally {
        await rm(page, { force: true });
      }
    });
}
