/**
 * What an agent tells again: whoever listens to it anew, after a restart of the home server or a break of the line, hears things that are
 * items already. By their keys they stay the same items.
 */
import { createHash } from 'node:crypto';
import type { PromptRow } from '../ports.ts';
import { head, MAX } from './bounds.ts';
import type { MessageItem, ThoughtItem } from './items.ts';
import type { Ledger } from './ledger.ts';

/** Texts that are told again at a time. */
const MAX_OPEN = 64;

export interface Retelling {
  /** The prompt whose text a person is said to have said; null: it was typed at the desk. */
  promptOf(text: string): Pick<PromptRow, 'id' | 'attachments'> | null;
}

export class Retold {
  readonly #ledger: Ledger;
  readonly promptOf: Retelling['promptOf'];
  /** Texts of items that exist, as far as they were told again. */
  readonly #open = new Map<string, string>();

  constructor(ledger: Ledger, { promptOf }: Retelling) {
    this.#ledger = ledger;
    this.promptOf = promptOf;
  }

  /** True: it is an item already. */
  knows(name: string): boolean {
    return this.#ledger.byKey(keyOf(name)) !== null;
  }

  /** A piece of a text. False: nobody has heard of it before. */
  text(name: string, text: string): boolean {
    const before = this.#open.get(name);
    if (before === undefined && (this.#open.size >= MAX_OPEN || !this.knows(name))) return false;
    this.#open.set(name, (before ?? '') + head(text, MAX.message - (before?.length ?? 0)));
    return true;
  }

  /** It is complete. False: nobody has heard of it before. */
  done(name: string, text: string | undefined): boolean {
    const again = this.#open.get(name);
    this.#open.delete(name);
    const item = this.#ledger.byKey(keyOf(name));
    if (item?.kind !== 'message' && item?.kind !== 'thought') return false;
    const limit = item.kind === 'thought' ? MAX.thought : MAX.message;
    const whole = head(text ?? joined(item, again ?? ''), limit);
    if (whole !== item.text || item.state !== 'done') this.#ledger.change({ ...item, text: whole, state: 'done' });
    return true;
  }

  /** The turn is over: what was told again is complete. */
  over(): void {
    for (const name of [...this.#open.keys()]) this.done(name, undefined);
  }
}

/** Told again from its beginning, or gone on with. */
function joined({ text }: MessageItem | ThoughtItem, again: string): string {
  if (again.startsWith(text)) return again;
  return text.startsWith(again) || text.endsWith(again) ? text : text + again;
}

/** Under which an item is kept. Bounded, whatever an agent calls it. */
export function keyOf(name: string): string {
  return name.length <= MAX.id ? name : createHash('sha256').update(name).digest('hex');
}
