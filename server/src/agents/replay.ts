/** For tests: real agents' terminals, recorded against a scripted model, with a marker at each step. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ManualClock, manualClock } from '../core/manual-clock.ts';
import { Screen } from '../core/terminal/screen.ts';

const here = dirname(fileURLToPath(import.meta.url));
/** A few come with the sources; the full set is used where it lies beside this clone. */
export const FOLDERS = [join(here, 'fixtures'), join(here, '../../../../shared/agents/recordings')].filter((folder) => existsSync(folder));

export interface Recording {
  folder: string;
  agent: string;
  /** `edit-approve`, `greet-120x40`. */
  name: string;
}

export function recordings(folder: string, agent: string, ending: '.cast' | '.screens.txt'): Recording[] {
  const names = readdirSync(join(folder, agent)).filter((name) => name.endsWith(ending));
  return names.map((name) => ({ folder, agent, name: name.slice(0, -ending.length) }));
}

/** What a mirror showed at a marker. */
export interface Step {
  marker: string;
  title: string;
  screen: string;
}

export function stepsOfScreens({ folder, agent, name }: Recording): Step[] {
  const parts = readFileSync(join(folder, agent, `${name}.screens.txt`), 'utf8').split(/^===== /m);
  return parts.slice(1).map((part) => {
    const [head = '', ...lines] = part.split('\n');
    const [, marker = '', title = ''] = /^(.*?) {2}t=\S+ title="(.*)" alt=/.exec(head) ?? [];
    const text = lines.map((line) => line.trimEnd()).join('\n');
    return { marker, title: title.trim(), screen: text.trimEnd().split('\n').slice(-24).join('\n') };
  });
}

export interface Replay {
  clock: ManualClock;
  screen: Screen;
  title(): string;
}

/** What whoever watches hears; each call after the clock stands at its time. */
export interface Watching {
  /** The mirror shows more. */
  drawn?(): void;
  titled?(): void;
  keys?(text: string): void;
  /** A step, not the title and bell markers. Return false to end there. */
  marker?(name: string): boolean;
}

/** Plays a recording into a mirror, with its real timing on a clock of the test's. */
export async function play({ folder, agent, name }: Recording, watch: (replay: Replay) => Watching): Promise<void> {
  const [head = '', ...lines] = readFileSync(join(folder, agent, `${name}.cast`), 'utf8')
    .trim()
    .split('\n');
  const { width, height } = JSON.parse(head) as { width: number; height: number };
  const clock = manualClock();
  const screen = new Screen({ cols: width, rows: height }, 100);
  let title = '';
  const watching = watch({ clock, screen, title: () => title });
  screen.onTitle = (text) => {
    title = text;
    watching.titled?.();
  };
  screen.onParsed = () => watching.drawn?.();
  for (const line of lines) {
    const [at, code, text] = JSON.parse(line) as [number, string, string];
    clock.advance(Math.max(0, at * 1_000 - clock.monotonic()));
    if (code === 'o') {
      screen.write(Buffer.from(text));
      await screen.settled();
    } else if (code === 'i') watching.keys?.(text);
    else if (code === 'm' && !/^(title: |bell$|osc \d)/.test(text) && watching.marker?.(text) === false) break;
  }
  screen.dispose();
}
