import type { Choice } from '@afield/shared/api/chat.ts';
import type { GivenAttachment } from '@afield/shared/api/prompts.ts';
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Outbox } from './chat-outbox.ts';

/** What is being written to an agent: text, files, and when it shall get them. */

/** Limits of home, in bytes; all together must fit into one message of the link. */
export const MAX_FILE_BYTES = 5_000_000;
export const MAX_TOTAL_BYTES = 5_500_000;
export const MAX_FILES = 8;
const MAX_TEXT = 100_000;
/** Slash commands that are offered at once. */
const MAX_OFFERED = 50;

/** A file that goes with the next prompt. */
export interface ChatFile extends GivenAttachment {
  size_bytes: number;
  /** It was made smaller on this device. */
  shrunk: boolean;
}

export interface ComposerDeps {
  session_id: string;
  outbox: Pick<Outbox, 'add'>;
  /** Kept by this device: what stands in the composer of this session. */
  kept: { read(): string; write(text: string): void };
  /** Files that were chosen and not sent: they live as long as the page. */
  files: Map<string, readonly ChatFile[]>;
  readFile(file: File, most: number): Promise<ChatFile>;
  commands: ReadonlySignal<readonly Choice[]>;
}

const sizeOf = (files: readonly ChatFile[]): number => files.reduce((sum, one) => sum + one.size_bytes, 0);
const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;

/** The word behind a slash at the very beginning, while it is being written; null: none. */
export function slashWord(text: string): string | null {
  return /^\/(\S*)$/.exec(text)?.[1] ?? null;
}

/** As agents tell them, with or without their slash. */
export const slashName = ({ name, id }: Pick<Choice, 'id' | 'name'>): string => (name === '' ? id : name).replace(/^\/+/, '');

/** Those that begin with the word before those that only hold it. */
export function commandsFor(commands: readonly Choice[], word: string): Choice[] {
  const wanted = word.toLowerCase();
  const rank = (choice: Choice) => {
    const at = slashName(choice).toLowerCase().indexOf(wanted);
    return at < 0 ? 2 : Math.sign(at);
  };
  return [...commands]
    .filter((choice) => rank(choice) < 2)
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, MAX_OFFERED);
}

export function createComposer({ session_id, outbox, kept, files: drafts, readFile, commands }: ComposerDeps) {
  const text = signal(kept.read());
  const files = signal<readonly ChatFile[]>(drafts.get(session_id) ?? []);
  const how = signal<'queue' | 'now'>('queue');
  /** Why something was not taken. */
  const problem = signal<string | null>(null);
  const reading = signal(0);
  const dismissed = signal<string | null>(null);
  const word = computed(() => slashWord(text.value));
  const offered = computed(() => (word.value === null || dismissed.value === text.value ? [] : commandsFor(commands.value, word.value)));

  const stops = [effect(() => kept.write(text.value)), effect(() => void drafts.set(session_id, files.value))];

  async function attachOne(file: File): Promise<void> {
    const total = sizeOf(files.peek());
    if (files.peek().length >= MAX_FILES) {
      problem.value = `No more than ${MAX_FILES} files go with one message.`;
      return;
    }
    const read = await readFile(file, Math.min(MAX_FILE_BYTES, MAX_TOTAL_BYTES - total));
    if (read.size_bytes > MAX_FILE_BYTES) {
      problem.value = `${file.name} is ${megabytes(read.size_bytes)}. A file may have ${megabytes(MAX_FILE_BYTES)}.`;
    } else if (total + read.size_bytes > MAX_TOTAL_BYTES) {
      problem.value = `${file.name} does not fit any more: all files of a message together may have ${megabytes(MAX_TOTAL_BYTES)}.`;
    } else files.value = [...files.peek(), read];
  }

  return {
    text,
    files,
    how,
    problem,
    /** Files are being read. */
    reading: computed(() => reading.value > 0),
    /** Slash commands that fit what is being written. */
    offered,
    write(next: string) {
      text.value = next;
      problem.value = null;
    },
    choose(next: 'queue' | 'now') {
      how.value = next;
    },
    /** Puts a slash command into the field. */
    take(choice: Choice) {
      text.value = `/${slashName(choice)} `;
    },
    dismiss() {
      dismissed.value = text.peek();
    },
    async attach(chosen: readonly File[]) {
      problem.value = null;
      reading.value += 1;
      try {
        for (const file of chosen) await attachOne(file);
      } catch {
        problem.value = 'This file cannot be read. Choose it again.';
      } finally {
        reading.value -= 1;
      }
    },
    detach(file: ChatFile) {
      files.value = files.peek().filter((one) => one !== file);
    },
    /** Text back into the field, before what stands there, and its files as far as they fit beside the others. */
    putBack(content: string, attachments: readonly GivenAttachment[] = []) {
      text.value = text.peek().trim() === '' ? content : `${content}\n\n${text.peek()}`;
      const back = attachments.map((one) => ({ ...one, size_bytes: Math.floor((one.base64.length * 3) / 4), shrunk: false }));
      const all = [...back, ...files.peek()];
      if (all.length <= MAX_FILES && sizeOf(all) <= MAX_TOTAL_BYTES) files.value = all;
      else problem.value = 'Its files do not fit beside the others. Choose them again for another message.';
    },
    /** True when it is on its way. `now`: into what the agent does, where it can be steered. */
    send(now: boolean): boolean {
      const content = text.peek().trim();
      if (content === '' || reading.peek() > 0) return false;
      if (content.length > MAX_TEXT) {
        problem.value = `The text has ${content.length.toLocaleString('en')} characters; ${MAX_TEXT.toLocaleString('en')} go at once. Send it as a file.`;
        return false;
      }
      const attachments = files.peek().map(({ name, media_type, base64 }) => ({ name, media_type, base64 }));
      if (!outbox.add(session_id, { content, priority: now ? 'now' : 'normal', attachments })) {
        problem.value = 'Too many messages wait on this device. They go as soon as home is reached; then send this one.';
        return false;
      }
      text.value = '';
      files.value = [];
      how.value = 'queue';
      problem.value = null;
      return true;
    },
    close() {
      for (const stop of stops) stop();
    },
  };
}
export type ChatComposer = ReturnType<typeof createComposer>;
