import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import { CompanionLine } from './companion-line.ts';
import { ScriptedCompanion, type ScriptedLine } from './scripted-companion.ts';

let clock: ManualClock;
let companion: ScriptedCompanion;
let told: string[];
let warnings: string[];
let line: CompanionLine;
beforeEach(() => {
  clock = manualClock();
  companion = new ScriptedCompanion();
  told = [];
  warnings = [];
  line = new CompanionLine(
    { clock, warn: (message) => warnings.push(message) },
    { companion, folder: '/nowhere', memory: {}, session_id: 's', machine: {} as never },
    { update: ({ type }) => told.push(type), joined: () => told.push('joined'), away: (why) => told.push(`away: ${why}`) },
  );
});
const settled = () => new Promise((resolve) => setImmediate(resolve));
/** Time goes by, second by second; how many times it joined meanwhile. */
const joinsWithin = async (seconds: number) => {
  const before = companion.lines.length;
  for (let i = 0; i < seconds; i++) {
    clock.advance(1_000);
    await settled();
  }
  return companion.lines.length - before;
};

describe('the line to a companion', () => {
  it('is heard from before it has joined, and begun once', async () => {
    companion.joins = (one) => one.say({ type: 'running' });
    line.begin();
    line.begin();
    await settled();
    line.begin();
    expect(told).toEqual(['running', 'joined']);
    expect(companion.lines).toHaveLength(1);
  });

  it('that never comes up is given up after a minute, and what comes of it later is left', async () => {
    let comesUp = () => {};
    const never = (one: ScriptedLine) =>
      new Promise<void>((resolve) => {
        comesUp = () => {
          one.say({ type: 'running' });
          resolve();
        };
      });
    companion.joins = never;
    line.begin();
    clock.advance(59_999);
    await settled();
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual(['away: The agent does not answer.']);
    const [first] = companion.lines;
    comesUp();
    await settled();
    expect(first?.left).toBe(true);
    expect(told).toHaveLength(1);
    companion.joins = () => {};
    clock.advance(500);
    await settled();
    expect(told.at(-1)).toBe('joined');
  });

  it('that fails is tried ever more seldom, and told of the runner of the server once', async () => {
    companion.joins = () => {
      throw new Error('no');
    };
    line.begin();
    await settled();
    expect(await joinsWithin(60)).toBeGreaterThanOrEqual(5);
    expect(await joinsWithin(600)).toBeLessThanOrEqual(20);
    expect(warnings).toHaveLength(1);
    await expect(line.answer('a', { option_id: null, decision: 'cancel', text: null, answers: {} })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('that breaks at once each time is tried ever more seldom, and at once again after it has held for long', async () => {
    companion.joins = () => {};
    line.begin();
    await settled();
    for (const wait of [500, 1_000, 2_000]) {
      companion.line.exit('broken');
      clock.advance(wait - 1);
      await settled();
      expect(told.at(-1)).toBe('away: broken');
      clock.advance(1);
      await settled();
      expect(told.at(-1)).toBe('joined');
    }
    clock.advance(30_000);
    companion.line.exit('broken');
    clock.advance(500);
    await settled();
    expect(told.at(-1)).toBe('joined');
  });

  it('is left for good: nobody is heard or joined any more', async () => {
    line.begin();
    await settled();
    line.leave();
    expect(companion.line.left).toBe(true);
    companion.line.say({ type: 'running' });
    companion.line.exit('gone');
    expect(await joinsWithin(120)).toBe(0);
    expect(told).toEqual(['joined']);
    line.begin();
    await settled();
    expect(companion.lines).toHaveLength(1);
  });
});
