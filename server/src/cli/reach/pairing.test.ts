import type { Pairing } from '@afield/shared/api/devices.ts';
import { expect, it } from 'vitest';
import type { Io } from '../io.ts';
import type { Home } from './home.ts';
import { secondsLeft, spaced, untilPaired } from './pairing.ts';

const MADE = { id: '0123456789abcdef', state: 'open', expires_at: '2026-11-20T12:02:00.000Z' } as Pairing;

function setup(...states: Pairing['state'][]) {
  const io = { now: () => Date.parse('2026-11-20T12:00:00Z'), stderr: { write: () => true } } as unknown as Io;
  const call = async () => ({ ...MADE, state: states.length > 1 ? states.shift() : states[0] });
  return { io, home: { client: async () => ({ call }) } as unknown as Home };
}

it('waits over open until paired', async () => {
  const { io, home } = setup('open', 'paired');
  expect((await untilPaired(io, home, MADE, 'afield pair'))?.state).toBe('paired');
});

it('a burnt link and an expired one end with what to do', async () => {
  const burnt = setup('burnt');
  await expect(untilPaired(burnt.io, burnt.home, MADE, 'afield pair')).rejects.toThrow('Make a new one: afield pair');
  const expired = setup('expired');
  await expect(untilPaired(expired.io, expired.home, MADE, 'afield open')).rejects.toThrow('Make a new one: afield open');
});

it('gives up by its own clock only well after the end', async () => {
  const { io, home } = setup('open');
  const late = { ...io, now: () => Date.parse('2026-11-20T12:02:11Z') };
  await expect(untilPaired(late, home, MADE, 'afield pair')).rejects.toThrow(/not used in time/);
});

it('counts seconds up to the end, never below none', () => {
  expect(secondsLeft(MADE, Date.parse('2026-11-20T12:00:00.500Z'))).toBe(120);
  expect(secondsLeft(MADE, Date.parse('2026-11-20T13:00:00Z'))).toBe(0);
});

it('shows the six digits in two groups', () => {
  expect(spaced('012345')).toBe('012 345');
});
