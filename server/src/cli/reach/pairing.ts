/** What becomes of a pairing link: waits until a device came, or it is too late. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pairing } from '@afield/shared/api/devices.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { type Io, say } from '../io.ts';
import { printable } from '../print/printable.ts';
import { StatusLine } from '../print/progress.ts';
import { styleFor } from '../print/style.ts';
import type { Home } from './home.ts';

const POLL_MS = 500;
/** The home server decides when a ticket is over; a clock here that is ahead must not give up before it says so. */
const CLOCK_TOLERANCE_MS = 10_000;

/** A pairing that was just made: its link is in the answer, once. */
export type NewPairing = Pairing & { link: string };

/** Errors: `relay_not_configured`, with what to do about it. */
export async function createPairing(home: Home): Promise<NewPairing> {
  const pairing = await home.ask('Making a link', 'createPairing', { body: {} });
  if (pairing.link === undefined) throw new AfieldError('internal', 'The home server made a pairing without a link. Try again.');
  return { ...pairing, link: pairing.link };
}

/** Seconds that the link is still good for. */
export const secondsLeft = (pairing: Pairing, now: number): number => Math.max(0, Math.ceil((Date.parse(pairing.expires_at) - now) / 1000));

const minutes = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

/** The six digits in two groups, as the phone shows them. */
export const spaced = (check: string): string => printable(check).replace(/^(\d{3})(\d{3})$/, '$1 $2');

/** Resolves once a device has paired. Null: Ctrl-C. Errors: `conflict` when the link expired or was burnt. */
export async function untilPaired(io: Io, home: Home, made: Pairing, again: string): Promise<Pairing | null> {
  const line = new StatusLine(io);
  const stop = new AbortController();
  const leave = (): void => stop.abort();
  process.once('SIGINT', leave);
  try {
    const client = await home.client();
    for (;;) {
      const pairing = await client.call('getPairing', { params: { id: made.id } });
      if (pairing.state === 'paired') return pairing;
      if (pairing.state === 'burnt') throw new AfieldError('conflict', `Five wrong attempts used the link up. Make a new one: ${again}`);
      const late = Date.parse(made.expires_at) + CLOCK_TOLERANCE_MS < io.now();
      if (pairing.state === 'expired' || late) throw new AfieldError('conflict', `The link was not used in time. Make a new one: ${again}`);
      line.show(`Waiting for your device. The link is good for ${minutes(secondsLeft(made, io.now()))}. Ctrl-C leaves.`);
      await sleep(POLL_MS, undefined, { signal: stop.signal });
    }
  } catch (error) {
    if (stop.signal.aborted) return null;
    throw error;
  } finally {
    process.off('SIGINT', leave);
    line.end();
  }
}

/** What to compare, and what to do when it differs. */
export function sayPaired(io: Io, { device, check }: Pairing): void {
  const style = styleFor(io.stdout);
  const name = device === null ? 'A device' : printable(device.name);
  say(io, `${style('done', '● Paired:')} ${name}`);
  if (check !== null) say(io, `Check: ${style('strong', spaced(check))}. Your device shows the same six digits.`);
  if (device !== null) say(io, `If they differ, somebody is in between: afield devices revoke ${device.id}`);
}
