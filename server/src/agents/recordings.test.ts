import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Screen } from '../core/screen.ts';
import { readRules } from '../core/state-reader.ts';
import { createRecipes } from './index.ts';

/**
 * Real agents, recorded against a scripted model, with a marker at each step. At each marker the recipe must read the state that the
 * marker names. A few recordings are kept in `fixtures/`; the full set is used where it lies beside this clone.
 */
const here = dirname(fileURLToPath(import.meta.url));
const folders = [join(here, 'fixtures'), join(here, '../../../../shared/agents/recordings')].filter((folder) => existsSync(folder));

type State = 'idle' | 'busy' | 'waiting' | 'over';
/** What a marker's name means; the first that fits. */
const MEANINGS: [RegExp, State][] = [
  [/^(exited|after first ctrl-c)/, 'over'],
  [
    /^(waiting|still waiting|first of two|second of two|second ask|ask$|trust|api key|after trust|first screen|TUI asks|hook is)/,
    'waiting',
  ],
  [/^(busy|retrying)/, 'busy'],
  [/^(ready|finished|failed|main|after greet|edit ask|denied|http hook denied|resumed|interrupted|later|end)/, 'idle'],
];
/** Markers that were set a moment before or after what they name: what the screen really shows there. Null: nothing that counts. */
const REALLY: Record<string, Record<string, State | null>> = {
  'codex/dialog-trust': { 'after enter': 'idle' },
  'gemini/dialogs-first-run': { 'after enter': 'waiting', end: 'waiting' },
  'gemini/e529': { later: 'busy', end: 'busy' },
  'opencode/resume-2': { finished: 'busy' },
  'opencode/slow-interrupt': { 'busy: streaming': null, interrupted: 'busy', end: 'busy' },
};

interface Step {
  marker: string;
  title: string;
  screen: string;
}

const recipes = createRecipes();

function check(agent: string, recording: string, steps: Step[]): number {
  const { states } = recipes.get(agent)!;
  let checked = 0;
  for (const { marker, title, screen } of steps) {
    const exception = REALLY[`${agent}/${recording}`];
    const meant = exception !== undefined && marker in exception ? exception[marker] : MEANINGS.find(([name]) => name.test(marker))?.[1];
    if (meant === 'over') break;
    if (meant === undefined || meant === null) continue;
    const reading = readRules(states, { title: () => title, screen: () => screen });
    expect.soft(reading?.status, `at "${marker}"`).toBe(meant);
    if (meant === 'waiting') expect.soft(reading?.reason, `at "${marker}"`).toMatch(/^It asks .+\.$/);
    checked++;
  }
  return checked;
}

async function stepsOfCast(file: string): Promise<Step[]> {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const { width, height } = JSON.parse(head) as { width: number; height: number };
  const screen = new Screen({ cols: width, rows: height }, 100);
  let title = '';
  screen.onTitle = (text) => {
    title = text;
  };
  const steps: Step[] = [];
  for (const line of lines) {
    const [, code, text] = JSON.parse(line) as [number, string, string];
    if (code === 'o') screen.write(Buffer.from(text));
    if (code !== 'm') continue;
    await screen.settled();
    steps.push({ marker: text, title, screen: screen.ruleText() });
  }
  screen.dispose();
  return steps;
}

function stepsOfScreens(file: string): Step[] {
  const parts = readFileSync(file, 'utf8')
    .split(/^===== /m)
    .slice(1);
  return parts.map((part) => {
    const [head = '', ...lines] = part.split('\n');
    const [, marker = '', title = ''] = /^(.*?) {2}t=\S+ title="(.*)" alt=/.exec(head) ?? [];
    const screen = lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
    return { marker, title: title.trim(), screen: screen.split('\n').slice(-24).join('\n') };
  });
}

describe.each(folders)('recordings in %s', (folder) => {
  for (const agent of readdirSync(folder).filter((name) => recipes.get(name) !== null)) {
    const names = readdirSync(join(folder, agent));
    it.each(names.filter((name) => name.endsWith('.cast')))(`${agent}/%s is read right at every marker`, async (name) => {
      const steps = await stepsOfCast(join(folder, agent, name));
      expect(check(agent, name.replace('.cast', ''), steps)).toBeGreaterThan(0);
    });
    it.each(names.filter((name) => name.endsWith('.screens.txt')))(`${agent}/%s is read right at every marker`, (name) => {
      const steps = stepsOfScreens(join(folder, agent, name));
      expect(check(agent, name.replace('.screens.txt', ''), steps)).toBeGreaterThan(0);
    });
  }
});

it('the recordings that come with the sources are there', () => {
  expect(readdirSync(folders[0]!).sort()).toEqual(['README.md', 'claude', 'codex', 'gemini', 'opencode']);
});
