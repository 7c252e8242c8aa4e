/** Prompts that were typed into a terminal, until their agent tells of them as what a person said. */
import type { ChatStore } from '../chat-stores.ts';
import type { PromptRow, PromptStore } from '../ports.ts';

/** Remembered at a time. */
const MAX = 16;
/** The newest items, in which a prompt that was told already is found. */
const LOOKED_AT = 50;

export class GivenPrompts {
  readonly #session_id: string;
  readonly #store: { prompts: PromptStore; chat: ChatStore };
  readonly #arrived: (prompt_id: string) => void;
  #given: PromptRow[] = [];

  /** `arrived`: of a prompt that counts as stuck. */
  constructor(session_id: string, store: { prompts: PromptStore; chat: ChatStore }, arrived: (prompt_id: string) => void) {
    this.#arrived = arrived;
    this.#session_id = session_id;
    this.#store = store;
  }

  /** An earlier server was typing these when it ended. */
  inherit(): void {
    for (const row of this.#store.prompts.unconfirmed(this.#session_id)) this.add(row);
  }

  add(row: PromptRow): void {
    this.#given = [...this.#given.filter(({ id }) => id !== row.id), row].slice(-MAX);
  }

  /** The oldest one with this text, once; null: it was typed at the desk. */
  take(text: string): PromptRow | null {
    const said = words(text);
    const found = [...this.#given, ...this.#ofEarlier()].find((row) => words(row.content) === said) ?? null;
    if (found === null) return null;
    this.#given = this.#given.filter(({ id }) => id !== found.id);
    // It was given up, and arrived all the same.
    if (this.#store.prompts.get(found.id)?.state === 'stuck') this.#arrived(found.id);
    return found;
  }

  /** An earlier server may have typed it, and died before it was told of. */
  #ofEarlier(): PromptRow[] {
    const { prompts, chat } = this.#store;
    const last = prompts.lastGiven(this.#session_id);
    const rows = [...prompts.unconfirmed(this.#session_id), ...(last === null ? [] : [last])];
    if (rows.length === 0) return rows;
    const told = new Set(chat.list({ session_id: this.#session_id, limit: LOOKED_AT }).map(({ body }) => body.prompt_id));
    return rows.filter(({ id }) => !told.has(id));
  }
}

/** Terminals break lines where they like. */
const words = (text: string) => text.replace(/\s+/g, ' ').trim();
