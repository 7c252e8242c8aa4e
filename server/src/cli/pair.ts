import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { type Io, note, say, sayJson } from './io.ts';
import { printable } from './print/printable.ts';
import { drawQr } from './print/qr.ts';
import { ensureRunning } from './reach/background.ts';
import { createPairing, type NewPairing, sayPaired, secondsLeft, untilPaired } from './reach/pairing.ts';

export const examples: CommandModule['examples'] = [
  ['afield pair', 'scan the code with your phone, then compare six digits'],
  ['afield pair --no-wait', 'prints link and code, and comes back at once'],
  ['afield pair --json', 'the link for a program; it is good once, for two minutes'],
];

interface Options {
  /** Set by --no-wait only: commander gives defaults of such options before this command is loaded. */
  wait?: false;
  light?: true;
  json?: true;
}

/** The code, or why there is none. Its size is told when it does not fit the window: half a code cannot be scanned. */
function sayQr(io: Io, link: string, light: boolean): void {
  const columns = io.stdout.columns ?? 80;
  const { lines, columns: needed } = drawQr(link, { columns, colour: io.stdout.hasColors?.() === true, lightGround: light });
  if (lines === null) {
    say(io, `(The QR code needs a window of ${needed} columns; this one has ${columns}. The link does the same.)`);
    return;
  }
  say(io, ...lines);
  const rows = io.stdout.rows ?? Number.POSITIVE_INFINITY;
  if (lines.length + 2 > rows) say(io, `(Make the window ${lines.length + 2} lines high to see the whole code.)`);
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** A link to this very machine is no use to a phone: what a phone needs is said instead. */
function show(io: Io, pairing: NewPairing, light: boolean): void {
  if (LOOPBACK.test(new URL(pairing.link).hostname)) {
    say(io, 'Open this link in a browser on this machine:', '', pairing.link, '');
    if (io.stdout.isTTY) sayQr(io, pairing.link, light);
    say(io, 'A phone cannot reach this address. It needs a relay that both can reach: docs/guides/relay-on-a-vps.md.', '');
  } else {
    say(io, 'Open this link on the device that you want to let in, or scan the code:', '', pairing.link, '');
    if (io.stdout.isTTY) sayQr(io, pairing.link, light);
  }
  say(io, `Fingerprint: ${printable(pairing.fingerprint)}`, 'Your device shows the same before it connects.');
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .option('--no-wait', 'do not wait for the device')
    .option('--light', 'without colours: draw the code for a light background')
    .option('--json', 'print the pairing, and do not wait')
    .action(async (options: Options) => {
      const home = await context.home();
      await ensureRunning(home, io);
      const pairing = await createPairing(home);
      if (options.json) {
        sayJson(io, pairing);
        return;
      }
      show(io, pairing, options.light === true);
      if (options.wait === false) {
        say(io, `It is good once, for ${secondsLeft(pairing, io.now())} s.`);
        return;
      }
      const paired = await untilPaired(io, home, pairing, 'afield pair');
      if (paired === null) note(io, `The link stays good for ${secondsLeft(pairing, io.now())} s. afield devices shows who came.`);
      else sayPaired(io, paired);
    });
}
