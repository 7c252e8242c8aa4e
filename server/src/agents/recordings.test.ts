import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Reading, readRules, StateReader } from '../core/state/state-reader.ts';
import { createRecipes } from './index.ts';
import { FOLDERS, play, type Recording, recordings, type Step, stepsOfScreens } from './replay.ts';

type State = 'idle' | 'busy' | 'waiting';
/** What a marker's name means; the first that fits. `end`: as before it. `over`: the program is gone. */
const MEANINGS: [RegExp, State | 'before' | 'over'][] = [
  [/^end$/, 'before'],
  [/^(exited|after first ctrl-c)/, 'over'],
  [
    /^(waiting|still waiting|first of two|second of two|second ask|ask$|trust|api key|after trust|first screen|TUI asks|hook is)/,
    'waiting',
  ],
  [/^(busy|retrying)/, 'busy'],
  [/^(ready|finished|failed|main|after greet|denied|http hook denied|resumed|interrupted|approved|after key 1 while hook runs)/, 'idle'],
];
/** Markers that name no state, and what is true there. */
const NAMELESS: Record<string, State> = {
  // It ran in automatic mode: nothing was asked, and it was done when the marker was set.
  'claude/dialogs-first-run: edit ask': 'idle',
  'claude/e529: later': 'idle',
  'claude/hook-deny: later': 'idle',
  'claude/hook-none: later': 'idle',
  'codex/dialog-trust: after enter': 'idle',
  'gemini/dialogs-first-run: after enter': 'waiting',
  // It tries for more than 40 s.
  'gemini/e529: later': 'busy',
  'opencode/e529: later': 'idle',
};
/**
 * Markers that were set at another moment than they say, by what the screen really shows there; null: it shows nothing, being redrawn
 * for the first time.
 */
const MISPLACED: Record<string, State | null> = {
  'opencode/resume-2: finished': 'busy',
  'opencode/resume-2: end': 'idle',
  'opencode/slow-interrupt: busy: streaming': null,
  // The interrupt came before the conversation was made, and was lost.
  'opencode/slow-interrupt: interrupted': 'busy',
};

/** What a session is told to be from its start to the last marker, by scenario; the first that fits. In brackets: may be left out. */
const COURSES: [RegExp, RegExp][] = [
  [/^claude\/dialogs/, /^waiting waiting (busy )?idle( busy idle){2}$/],
  [/^codex\/dialog/, /^waiting (busy )?idle$/],
  [/^gemini\/dialogs/, /^waiting waiting$/],
  [/^gemini\/e529/, /^idle busy$/],
  [/^claude\/edit-deny/, /^idle busy waiting idle busy waiting idle$/],
  [/^opencode\/slow-interrupt$/, /^idle busy( idle)? busy$/],
  [/\/(edit-deny|bash-deny)/, /^(busy )?idle busy waiting (busy )?idle$/],
  [/\/two/, /^(busy )?idle busy waiting (busy waiting )?busy idle$/],
  // What they draw while they leave counts as work, for the moment until they are gone.
  [/\/exit/, /^(busy )?idle( busy)?$/],
  [/\/resume-1/, /^(busy )?idle busy idle( busy)?$/],
  [/\/(greet|think|resume|slow-interrupt|e401|e529)/, /^(busy )?idle busy idle$/],
  [/\/(edit-approve|bash|change|long|hook|shared)/, /^(busy )?idle busy waiting busy idle$/],
];
/** What the scenario's own work is called, where the agent's face tells. */
const ACTIVITIES: [RegExp, string][] = [
  [/^(claude|opencode)\/think/, 'thinking'],
  [/^(claude|codex|gemini|opencode)\/long$/, 'running'],
];

/** Longest from a change of the face to the publication of what it says: a look, the settling, and the recording's own coarseness. */
const TOLD_WITHIN_MS = 450;

const recipes = createRecipes();
const agents = (folder: string) => readdirSync(folder).filter((name) => recipes.get(name) !== null);
const label = ({ agent, name }: Pick<Recording, 'agent' | 'name'>) => `${agent}/${name}`;

/** What is true at each marker of a recording, one after the other; null: nothing that counts. */
function truthOf(recording: Recording): (marker: string) => State | 'over' | null {
  let before: State | 'over' | null = null;
  return (marker) => {
    const key = `${label(recording)}: ${marker}`;
    const meant = MEANINGS.find(([name]) => name.test(marker))?.[1];
    if (key in MISPLACED) before = MISPLACED[key]!;
    else if (meant !== 'before') before = meant ?? NAMELESS[key] ?? null;
    if (meant === undefined && !(key in NAMELESS)) expect.soft(marker, 'is a marker whose meaning is known').toBe('');
    return before;
  };
}

function checkRules({ agent }: Recording, { marker, title, screen }: Step, truth: State): void {
  const reading = readRules(recipes.get(agent)!.states, { title: () => title, screen: () => screen });
  expect.soft(reading?.status, `at "${marker}"`).toBe(truth);
  if (truth === 'waiting') expect.soft(reading?.reason, `at "${marker}"`).toMatch(/^It asks .+\.$/);
}

describe.each(FOLDERS)('recordings in %s', (folder) => {
  const all = (ending: '.cast' | '.screens.txt') =>
    agents(folder).flatMap((agent) => recordings(folder, agent, ending).map((one) => [label(one), one] as const));

  it.each(all('.screens.txt'))('%s.screens.txt is read right at every marker', (_, recording) => {
    const truthAt = truthOf(recording);
    let checked = 0;
    for (const step of stepsOfScreens(recording)) {
      const truth = truthAt(step.marker);
      if (truth === 'over') break;
      if (truth === null) continue;
      checkRules(recording, step, truth);
      checked++;
    }
    expect(checked).toBeGreaterThan(0);
  });

  it.each(all('.cast'))('%s.cast is told right all the time', async (name, recording) => {
    const recipe = recipes.get(recording.agent)!;
    const truthAt = truthOf(recording);
    const told: Reading[] = [];
    const late: string[] = [];
    let checked = 0;
    await play(recording, ({ clock, screen, title }) => {
      const signals = { title, screen: () => screen.ruleText(), alternate: () => screen.alternate, foreignForeground: () => null };
      const reader = new StateReader(recipe, clock, signals, (reading) => told.push(reading));
      let face: { status: State | null; since: number } = { status: null, since: 0 };
      const look = () => {
        const status = reader.signs()?.status ?? null;
        if (status !== face.status) face = { status, since: clock.monotonic() };
        // What has been on the screen for a while was told.
        const lasted = clock.monotonic() - face.since;
        const last = told.at(-1)?.status;
        if (status !== null && lasted > TOLD_WITHIN_MS && last !== status)
          late.push(`${Math.round(clock.monotonic())} ms: told ${last}, shows ${status} for ${Math.round(lasted)} ms`);
      };
      return {
        drawn: () => {
          reader.output();
          look();
        },
        titled: () => {
          reader.title();
          look();
        },
        keys: () => reader.input(),
        marker: (marker) => {
          const truth = truthAt(marker);
          if (truth !== null && truth !== 'over') {
            checkRules(recording, { marker, title: title(), screen: screen.ruleText() }, truth);
            checked++;
          }
          if (truth !== 'over' && marker !== 'end') return true;
          if (truth !== 'over') clock.advance(TOLD_WITHIN_MS);
          reader.stop();
          return false;
        },
      };
    });
    expect(checked).toBeGreaterThan(0);
    expect(late).toEqual([]);
    const course = told.map(({ status }) => status).filter((status, i, list) => status === 'waiting' || status !== list[i - 1]);
    const [, expected = /^no course is known$/] = COURSES.find(([which]) => which.test(name)) ?? [];
    expect(course.join(' ')).toMatch(expected);
    for (const [which, activity] of ACTIVITIES) if (which.test(name)) expect(told.map((reading) => reading.activity)).toContain(activity);
    // Idle and waiting agents do nothing.
    for (const { status, activity } of told) if (status !== 'busy') expect(activity).toBeNull();
  });
});

it('the recordings that come with the sources are there', () => {
  expect(readdirSync(FOLDERS[0]!).sort()).toEqual(['README.md', 'claude', 'codex', 'gemini', 'opencode']);
});
