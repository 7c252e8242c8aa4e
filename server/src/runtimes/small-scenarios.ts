/** For tests: what the small agents of several protocols do in the same words, whichever way they tell it. */
import { setTimeout as pause } from 'node:timers/promises';

export interface SmallAgent {
  name: string;
  /** `ms`: between two words. */
  says(words: string, ms?: number): Promise<void>;
  thinks(words: string): Promise<void>;
  /** Asks before it would run this. `announced`: its tool call was told before. */
  runs(line: string, announced?: boolean): Promise<unknown>;
  /** From now on it reacts to no interrupt. */
  goesDeaf(): void;
}

export const smallScenarios = ({ name, says, thinks, runs, goesDeaf }: SmallAgent) => ({
  greet: () => says(`Hello from the small ${name}. Nothing was changed.`),
  async think() {
    await thinks('First I look, then I answer.');
    await says('I have thought about it.');
  },
  async two() {
    for (const file of ['one.tmp', 'two.tmp']) await runs(`touch ${file}`);
    await says('Done.');
  },
  async never() {
    await runs('touch never-announced', false);
    await says('Done.');
  },
  slow: () => says(Array.from({ length: 200 }, (_, index) => `word${index + 1} `).join(''), 30),
  async ignore() {
    goesDeaf();
    await says('I do not listen to you. ');
    for (;;) await pause(1_000);
  },
  async die() {
    process.stderr.write(`segmentation fault (small ${name})\n`);
    await pause(20);
    process.exit(3);
  },
});
