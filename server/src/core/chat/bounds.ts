/** How much of what an agent says is kept. Everything else is cut, and says so where a person reads it. */
import type { Choice, FileDiff, PlanStep } from '@afield/shared/api/chat.ts';

/** UTF-16 units, as all sizes here but `DIFF` and `OUTPUT`, which are near enough to bytes. */
export const MAX = {
  message: 200_000,
  thought: 100_000,
  notice: 4_000,
  /** The end of a tool's output that is kept. */
  output: 64 * 1024,
  input: 64 * 1024,
  name: 200,
  title: 500,
  path: 4_096,
  locations: 100,
  diffSide: 200_000,
  /** Of all files of one call together: an item must fit into one message of the link, many times over. */
  diffs: 1_000_000,
  diffFiles: 100,
  steps: 200,
  step: 1_000,
  choices: 500,
  choiceId: 200,
  choiceText: 500,
  id: 200,
  version: 100,
  /** Of an entry of the log: enough to find it by its words. */
  logged: 16_000,
} as const;

/** A copy of its own, so that a piece does not keep all of what it was cut from. */
const own = (text: string) => Buffer.from(text, 'utf16le').toString('utf16le');
const high = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;
const low = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;

/** The first `max` units, never half a character. */
export function head(text: string, max: number): string {
  if (text.length <= max) return text;
  return own(text.slice(0, high(text.charCodeAt(max - 1)) ? max - 1 : max));
}

/** The last `max` units, never half a character. */
export function tail(text: string, max: number): string {
  if (text.length <= max) return text;
  const from = text.length - max;
  return own(text.slice(low(text.charCodeAt(from)) ? from + 1 : from));
}

/** Cut, with an ellipsis where it was. */
export function short(text: string, max: number): string {
  return text.length <= max ? text : `${head(text, max - 1)}…`;
}

/** One line of it. */
export function line(text: string, max: number): string {
  return short(
    text
      .slice(0, max * 4)
      .replace(/\s+/g, ' ')
      .trim(),
    max,
  );
}

export function boundDiffs(diffs: readonly FileDiff[]): FileDiff[] {
  let left: number = MAX.diffs;
  return diffs.slice(0, MAX.diffFiles).map(({ path, before, after, cut }) => {
    const room = Math.min(MAX.diffSide, Math.floor(left / 2));
    const [was, is] = [side(before, room), side(after, room)];
    left -= (was?.length ?? 0) + (is?.length ?? 0);
    return {
      path: short(path, MAX.path),
      before: was,
      after: is,
      cut: cut || was?.length !== before?.length || is?.length !== after?.length,
    };
  });
}
const side = (text: string | null, room: number) => (text === null ? null : head(text, room));

export function boundSteps(steps: readonly PlanStep[]): PlanStep[] {
  return steps.slice(0, MAX.steps).map(({ text, state }) => ({ text: short(text, MAX.step), state }));
}

/** An id that is longer than any is dropped: cut it would be another one. */
export function boundChoices(choices: readonly Choice[]): Choice[] {
  return choices
    .filter(({ id }) => id.length <= MAX.choiceId)
    .slice(0, MAX.choices)
    .map(({ id, name, description }) => ({
      id,
      name: line(name, MAX.name),
      description: description === null ? null : short(description, MAX.choiceText),
    }));
}
