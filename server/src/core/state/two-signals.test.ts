import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import type { Reading, ReadStatus } from './state-reader.ts';
import { TwoSignals } from './two-signals.ts';

let clock: ManualClock;
let signs: Reading | null;
let told: string[];
let differed: string[];
let signals: TwoSignals;
beforeEach(() => {
  clock = manualClock();
  signs = null;
  told = [];
  differed = [];
  signals = new TwoSignals(clock, {
    signs: () => signs,
    read: ({ status, reason, activity }) => told.push([status, reason, activity].filter((one) => one !== null).join(' ')),
    differ: (heard, seen) => differed.push(`${heard.status} ${seen.status}`),
  });
});
const reading = (status: ReadStatus, more: Partial<Reading> = {}): Reading => ({
  status,
  reason: null,
  activity: null,
  seen: true,
  ...more,
});
const shows = (status: ReadStatus, more: Partial<Reading> = {}) => {
  signs = reading(status, more);
  signals.screen(signs);
};
const says = (status: ReadStatus, more: Partial<Reading> = {}) => {
  signals.sound();
  signals.companion(reading(status, more));
};
const now = () => told.at(-1);

describe('what is heard and what is seen', () => {
  it('is what the screen shows while nothing is heard', () => {
    shows('busy');
    says('idle');
    expect(now()).toBe('idle');
    signals.companion(null);
    expect(now()).toBe('busy');
  });

  it('is what is heard, with what the screen tells beside it', () => {
    shows('waiting', { reason: 'It shows a dialog.' });
    says('busy', { activity: 'reading' });
    expect(now()).toBe('busy reading');
    says('waiting', { seen: false });
    expect(now()).toBe('waiting It shows a dialog.');
    shows('busy', { activity: 'running' });
    says('busy');
    expect(now()).toBe('busy running');
  });

  it('is idle once the screen has been for ten seconds, whatever is said, until one of them says something else', () => {
    shows('idle');
    says('busy');
    clock.advance(9_999);
    says('busy', { activity: 'thinking' });
    expect(now()).toBe('busy thinking');
    clock.advance(1);
    expect(now()).toBe('idle');
    expect(differed).toEqual(['busy idle']);
    says('busy', { activity: 'reading' });
    expect(now()).toBe('idle');
    shows('busy');
    expect(now()).toBe('busy reading');
    shows('idle');
    expect(now()).toBe('busy reading');
    clock.advance(10_000);
    expect(now()).toBe('idle');
    // Once is enough.
    expect(differed).toEqual(['busy idle']);
  });

  it('stays busy while a screen without a known face is only silent', () => {
    signals.screen(reading('idle', { seen: false }));
    says('busy');
    clock.advance(60_000);
    expect(now()).toBe('busy');
    expect(differed).toEqual([]);
  });

  it('never is idle where a dialog stands: what is typed would answer it', () => {
    says('idle');
    shows('waiting', { reason: 'It shows a dialog.' });
    expect(now()).toBe('waiting It shows a dialog.');
    says('busy');
    expect(now()).toBe('busy');
    clock.advance(3_000);
    expect(now()).toBe('waiting It shows a dialog.');
    clock.advance(7_000);
    expect(differed).toEqual(['busy waiting']);
  });

  it('waits for an approval that somebody can answer, though the screen shows another thing', () => {
    shows('busy');
    says('waiting', { reason: 'It waits for an answer.' });
    clock.advance(60_000);
    expect(now()).toBe('waiting It waits for an answer.');
    expect(differed).toEqual(['waiting busy']);
    // Of a wait for nobody knows what the screen knows more.
    says('busy');
    says('waiting', { seen: false });
    clock.advance(10_000);
    expect(now()).toBe('busy');
  });

  it('is busy again with the screen when whoever said idle says nothing any more', () => {
    shows('busy');
    says('idle');
    clock.advance(8_000);
    signals.sound();
    clock.advance(2_000);
    expect(now()).toBe('idle');
    clock.advance(10_000);
    expect(now()).toBe('busy');
  });
});
