/**
 * Answers a dialog that an agent shows before it works, where a policy of its owner says so. Only while nothing else has been seen of
 * the agent, only when the whole screen is that dialog and asks about the session's own directory, and only while nobody types: what an
 * agent prints later can never make us press a key.
 */
import { basename } from 'node:path';
import type { Clock, KnownDialog } from '../ports.ts';

/** The screen must stand still for so long before it is believed: it is drawn in pieces. */
const STILL_MS = 300;
/** A key shows its effect within this time, or was lost: the program did not listen yet. Long, since a second one must never reach what comes next. */
const REACT_MS = 5_000;
/** How often one key is pressed for the same screen. */
const TRIES = 2;
/** Keys in all, however the dialog goes on. */
const MAX_KEYS = 6;

const KEPT = 'Answer it in its terminal.';

export interface DialogPlace {
  /** The real directory of the session. */
  cwd: string;
  /** The line of the setting that covers it. */
  policy: string;
}

export interface DialogTarget {
  title(): string;
  /** The visible lines, right-trimmed. */
  lines(): string[];
  /** False: the program does not read. */
  write(bytes: Uint8Array): boolean;
  /** Told once, when it is over: answered, or given up. */
  over(answered: boolean, text: string, detail: Record<string, unknown>): void;
}

export class DialogAnswers {
  readonly #dialogs: readonly KnownDialog[];
  readonly #place: DialogPlace;
  readonly #clock: Clock;
  readonly #target: DialogTarget;
  #timer: { due: number; cancel(): void } | null = null;
  #stopped = false;
  /** The screen as it was looked at last. */
  #seen = '';
  /** The dialog that is being answered. */
  #open: KnownDialog | null = null;
  #keys = 0;
  /** The screen for which a key was pressed last, when, and how often. */
  #pressed = { screen: '', at: 0, times: 0 };

  constructor(dialogs: readonly KnownDialog[], place: DialogPlace, clock: Clock, target: DialogTarget) {
    this.#dialogs = dialogs;
    this.#place = place;
    this.#clock = clock;
    this.#target = target;
  }

  /** The screen shows more. */
  drawn(): void {
    if (!this.#stopped) this.#lookIn(STILL_MS);
  }

  /** Somebody types, or the agent has shown a face of its own. What was answered before that is told. */
  stop(): void {
    if (this.#open !== null) this.#end(this.#keys > 0 && this.#dialogOn(this.#screen()) === null);
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #lookIn(ms: number): void {
    const due = this.#clock.monotonic() + ms;
    if (this.#timer !== null && this.#timer.due <= due) return;
    this.#timer?.cancel();
    const timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#look();
    }, ms);
    this.#timer = { due, cancel: () => timer.cancel() };
  }

  #look(): void {
    const screen = this.#screen();
    if (screen !== this.#seen) {
      this.#seen = screen;
      this.#lookIn(STILL_MS);
      return;
    }
    const dialog = this.#dialogOn(screen);
    if (dialog === null) {
      if (this.#open !== null) this.#end(true);
      return;
    }
    const press = dialog.keys.find(({ when }) => when.test(screen))?.press;
    if (press === undefined) return;
    this.#open = dialog;
    const again = this.#pressed.screen === screen;
    const left = again ? this.#pressed.at + REACT_MS - this.#clock.monotonic() : 0;
    if (left > 0) {
      this.#lookIn(Math.ceil(left));
      return;
    }
    if (this.#keys >= MAX_KEYS || (again && this.#pressed.times >= TRIES)) {
      this.#end(false);
      return;
    }
    this.#pressed = { screen, at: this.#clock.monotonic(), times: again ? this.#pressed.times + 1 : 1 };
    this.#keys++;
    this.#target.write(Buffer.from(press));
    this.#lookIn(REACT_MS);
  }

  #end(answered: boolean): void {
    const { cwd, policy } = this.#place;
    const dialog = this.#open?.name ?? null;
    this.#open = null;
    this.stop();
    const text = answered
      ? `It asked whether it may work in ${cwd}. Answered with yes: "${policy}" in the setting trust covers it.`
      : `It asks whether it may work in ${cwd}. "${policy}" in the setting trust covers it, but the dialog did not go away. ${KEPT}`;
    this.#target.over(answered, text, { dialog, policy, cwd, keys: this.#keys });
  }

  #screen(): string {
    const lines = [...this.#target.lines()];
    while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop();
    while (lines.length > 0 && lines[0]!.trim() === '') lines.shift();
    return lines.join('\n');
  }

  #dialogOn(screen: string): KnownDialog | null {
    const title = this.#target.title();
    return this.#dialogs.find((dialog) => dialog.title.test(title) && this.#isOurs(dialog.screen.exec(screen)?.groups?.folder)) ?? null;
  }

  /** The dialog names our directory: whole, from the home directory on, or its last part. Lines may break at a space, which is then lost. */
  #isOurs(shown: string | undefined): boolean {
    if (shown === undefined) return false;
    const bare = (text: string) => text.replace(/\s+/gu, '');
    const { cwd } = this.#place;
    const folder = bare(shown);
    if (folder.startsWith('~/')) return bare(cwd).endsWith(folder.slice(1));
    return folder.startsWith('/') ? folder === bare(cwd) : folder === bare(basename(cwd)) && folder !== '';
  }
}
