import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import type { Recipe } from '../ports.ts';
import { Track } from '../track.ts';
import { type Signals, StateReader } from './state-reader.ts';

let clock: ManualClock;
let now: { title: string; screen: string; alternate: boolean; foreign: boolean | null };
let told: string[];
beforeEach(() => {
  clock = manualClock();
  now = { title: '', screen: '', alternate: false, foreign: null };
  told = [];
});

function reader(states: Recipe['states'], more: Partial<Recipe> = {}): StateReader {
  const signals: Signals = {
    title: () => now.title,
    screen: () => now.screen,
    alternate: () => now.alternate,
    foreignForeground: () => now.foreign,
  };
  const recipe = { states, quietMs: 1_000, ...more } as Recipe;
  return new StateReader(recipe, clock, signals, ({ status, reason }) => told.push(reason === null ? status : `${status}: ${reason}`));
}

const RULES: Recipe['states'] = [
  { status: 'busy', title: /^◐/u },
  { status: 'waiting', screen: /Proceed\?$/u, reason: 'It asks.' },
  { status: 'idle', title: /^✳/u },
];

describe('by rules', () => {
  it('the first that fits decides, in the order of the recipe', () => {
    const read = reader(RULES);
    now = { ...now, title: '✳', screen: 'x' };
    read.title();
    clock.advance(300);
    now.screen = 'Proceed?';
    read.output();
    clock.advance(500);
    now.title = '◐';
    read.title();
    expect(told).toEqual(['idle', 'waiting: It asks.', 'busy']);
  });

  it('busy is told at once, a calmer status only when it lasts', () => {
    const read = reader(RULES);
    now.title = '◐';
    read.title();
    expect(told).toEqual(['busy']);
    for (let i = 0; i < 5; i++) {
      now.title = '✳';
      read.title();
      clock.advance(200);
      now.title = '◐';
      read.title();
      clock.advance(50);
    }
    expect(told).toEqual(['busy']);
    now.title = '✳';
    read.title();
    clock.advance(300);
    expect(told).toEqual(['busy', 'idle']);
  });

  it('output is looked at ten times a second at most', () => {
    let looks = 0;
    const read = reader([{ status: 'busy', screen: /x/u }]);
    Object.defineProperty(now, 'screen', { get: () => `x${looks++}` });
    for (let i = 0; i < 1_000; i++) {
      read.output();
      clock.advance(1);
    }
    expect(looks).toBeGreaterThan(5);
    expect(looks).toBeLessThanOrEqual(11);
  });

  it('what is drawn without a known face is work only when it lasts: an agent that leaves draws too', () => {
    const read = reader(RULES);
    now.title = '✳';
    read.title();
    clock.advance(300);
    now.title = '';
    read.title();
    read.output();
    clock.advance(200);
    now.title = '✳';
    read.title();
    clock.advance(1_000);
    expect(told).toEqual(['idle']);
    now.title = '';
    read.output();
    clock.advance(500);
    expect(told).toEqual(['idle', 'busy']);
  });

  it('another activity of the same work is told when it lasts for a second', () => {
    const activities: (string | null)[] = [];
    const rules: Recipe['states'] = [
      { status: 'busy', title: /^◐/u, screen: /thinking/u, activity: 'thinking' },
      { status: 'busy', title: /^◐/u, screen: /running/u, activity: 'running' },
      { status: 'busy', title: /^◐/u },
    ];
    const recipe = { states: rules, quietMs: 1_000 } as unknown as Recipe;
    const signals = { title: () => now.title, screen: () => now.screen, alternate: () => false, foreignForeground: () => null };
    const read = new StateReader(recipe, clock, signals, ({ activity }) => activities.push(activity));
    const shows = (screen: string, ms: number) => {
      now.screen = screen;
      read.output();
      clock.advance(ms);
    };
    now = { ...now, title: '◐', screen: 'thinking' };
    read.title();
    shows('', 500);
    shows('thinking', 500);
    shows('running', 600);
    expect(activities).toEqual(['thinking']);
    shows('running', 600);
    shows('', 1_200);
    expect(activities).toEqual(['thinking', 'running', null]);
  });

  it('nothing is said after it stopped', () => {
    const read = reader(RULES);
    read.output();
    read.stop();
    now.title = '◐';
    read.title();
    clock.advance(10_000);
    expect(told).toEqual([]);
  });
});

it('an agent whose idle face is known is not called idle by a short silence: it may still be starting', () => {
  const read = reader(RULES);
  read.output();
  clock.advance(15_000);
  expect(told).toEqual([]);
  clock.advance(10_000);
  expect(told).toEqual(['idle']);
});

describe('signals in their order', () => {
  const settled = () => clock.advance(21_000);

  it('a bell decides where no rule fits, until it works or is typed to', () => {
    const read = reader(RULES, { bell: 'waiting' });
    settled();
    read.output();
    read.bell();
    clock.advance(500);
    expect(told).toEqual(['idle', 'waiting: It rang its bell.']);
    read.input();
    read.output();
    settled();
    expect(told.at(-1)).toBe('idle');
    read.bell();
    clock.advance(500);
    for (let i = 0; i < 15; i++) {
      read.output();
      clock.advance(100);
    }
    expect(told.slice(-2)).toEqual(['waiting: It rang its bell.', 'busy']);
  });

  it('a bell corrects no rule, and means nothing to most', () => {
    const read = reader(RULES, { bell: 'waiting' });
    now.title = '◐';
    read.title();
    read.bell();
    settled();
    expect(told).toEqual(['busy']);
    const other = reader([]);
    clock.advance(2_000);
    told = [];
    other.bell();
    clock.advance(2_000);
    expect(told).toEqual([]);
  });

  it('processes that work correct silence, until something is printed', () => {
    const read = reader([], { foregroundDecides: true });
    now.foreign = false;
    clock.advance(1_500);
    read.observed(true);
    clock.advance(60_000);
    expect(told).toEqual(['idle', 'busy']);
    read.observed(false);
    clock.advance(1_000);
    expect(told).toEqual(['idle', 'busy', 'idle']);
    read.observed(true);
    clock.advance(1_000);
    read.output();
    clock.advance(1_500);
    expect(told).toEqual(['idle', 'busy', 'idle', 'busy', 'idle']);
  });

  it('processes that work correct no rule and no bell', () => {
    const read = reader(RULES, { bell: 'idle' });
    now.title = '✳';
    read.title();
    clock.advance(500);
    read.observed(true);
    clock.advance(1_000);
    now.title = '';
    read.bell();
    read.observed(false);
    read.observed(true);
    clock.advance(1_000);
    expect(told).toEqual(['idle']);
  });
});

describe('without a rule', () => {
  it('output is work, silence is idle', () => {
    const read = reader([]);
    clock.advance(2_000);
    expect(told).toEqual(['idle']);
    read.output();
    clock.advance(200);
    expect(told).toEqual(['idle', 'busy']);
    clock.advance(2_000);
    expect(told).toEqual(['idle', 'busy', 'idle']);
  });

  it('the echo of a key is not work', () => {
    const read = reader([]);
    clock.advance(2_000);
    read.input();
    clock.advance(20);
    read.output();
    clock.advance(3_000);
    expect(told).toEqual(['idle']);
  });

  it('while it starts nothing is said before it is quiet', () => {
    const read = reader([]);
    for (let i = 0; i < 20; i++) {
      read.output();
      clock.advance(100);
    }
    expect(told).toEqual([]);
    clock.advance(1_500);
    expect(told).toEqual(['idle']);
  });

  it('in a shell the program in front decides: a silent command works, a silent editor waits', () => {
    const read = reader([], { foregroundDecides: true });
    now.foreign = false;
    clock.advance(1_500);
    now.foreign = true;
    read.output();
    clock.advance(5_000);
    expect(told).toEqual(['idle', 'busy']);
    now.alternate = true;
    read.output();
    clock.advance(5_000);
    expect(told).toEqual(['idle', 'busy', 'idle']);
  });

  it('a shell that is itself in front works while it prints on and on, and rests after it', () => {
    const read = reader([], { foregroundDecides: true });
    now.foreign = false;
    clock.advance(1_500);
    const print = (times: number) => {
      for (let i = 0; i < times; i++) {
        read.output();
        clock.advance(100);
      }
    };
    print(3);
    clock.advance(2_000);
    expect(told).toEqual(['idle']);
    print(15);
    expect(told).toEqual(['idle', 'busy']);
    clock.advance(2_000);
    expect(told).toEqual(['idle', 'busy', 'idle']);
  });

  it('typing into a shell is not its work', () => {
    const read = reader([], { foregroundDecides: true });
    now.foreign = false;
    clock.advance(1_500);
    for (let i = 0; i < 30; i++) {
      read.input();
      read.output();
      clock.advance(100);
    }
    expect(told).toEqual(['idle']);
  });
});

describe('the track of the last hour', () => {
  const minute = 60_000;

  it('has 26 bars that grow with output and mark waiting', () => {
    const track = new Track(0);
    track.output(100, 0);
    track.output(1_000_000, 10 * minute);
    track.waiting(true, 20 * minute);
    track.waiting(false, 25 * minute);
    const bars = track.bars(59 * minute);
    expect(bars).toHaveLength(26);
    expect(bars[0]).toBe(1);
    expect(Math.max(...bars.filter((bar) => bar < 9))).toBe(8);
    expect(bars.filter((bar) => bar === 9).length).toBeGreaterThanOrEqual(2);
    expect(bars.at(-1)).toBe(0);
  });

  it('forgets what is older than an hour, also after a long sleep', () => {
    const track = new Track(0);
    track.output(5_000, 0);
    expect(track.bars(61 * minute)).toEqual(new Array(26).fill(0));
    track.waiting(true, 62 * minute);
    expect(track.bars(1_000_000 * minute)).toEqual(new Array(26).fill(9));
  });
});
