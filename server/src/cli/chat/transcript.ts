/** A chat as lines that are printed once: its tail from the home server, then what happens, in whatever order and however often it comes. */
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import type { Style } from '../print/style.ts';
import { headOf, noticeLines, planLines, textLines, toolEnd, toolLine } from './item-lines.ts';
import { StreamedText } from './streamed-text.ts';

type Of<K extends ChatItem['kind']> = Extract<ChatItem, { kind: K }>;
type Spoken = Of<'message'> | Of<'thought'>;

/** Items that are over and may be told of once more; older ones are not. */
const MAX_REMEMBERED = 2_000;

export interface TranscriptOptions {
  style: Style;
  columns(): number;
  print(lines: string[]): void;
  /** The item as it is now: pieces of it are missing. */
  fetch(item_id: string): Promise<ChatItem>;
  /** Prompts that were typed here stand on the screen already. */
  isOwn(prompt_id: string): boolean;
}

export class Transcript {
  readonly #options: TranscriptOptions;
  readonly #open = new Map<string, { item: Spoken; text: StreamedText; shown: boolean }>();
  readonly #over = new Set<string>();
  /** Tool calls whose first line stands there. */
  readonly #tools = new Set<string>();
  readonly #fetching = new Set<string>();
  #plan = '';
  /** Whose text was printed last: another one begins with who speaks. */
  #last: string | null = null;

  constructor(options: TranscriptOptions) {
    this.#options = options;
  }

  /** An item as it is known now, old or new. */
  show(item: ChatItem): void {
    if (this.#over.has(item.id)) return;
    switch (item.kind) {
      case 'message':
      case 'thought':
        this.#spoken(item);
        break;
      case 'tool':
        this.#tool(item);
        break;
      case 'plan':
        this.#planned(item);
        break;
      case 'notice':
        this.#done(item.id);
        this.#print(item.id, noticeLines(item, this.#options.style));
        break;
      case 'approval':
        break; // shown with the approval
    }
  }

  hear(event: AfieldEvent): void {
    if (event.type === 'message.chunk') this.#chunk(event.payload);
    else if ('item' in event.payload && /^(message|tool|plan)\./.test(event.type)) this.show(event.payload.item);
  }

  /** Anything else that is said between. */
  aside(lines: string[]): void {
    this.#print(null, lines);
  }

  #spoken(item: Spoken): void {
    const known = this.#open.get(item.id);
    if (item.kind === 'message' && item.prompt_id !== null && this.#options.isOwn(item.prompt_id)) {
      this.#done(item.id);
      return;
    }
    if (item.state === 'open') {
      const open = known ?? { item, text: new StreamedText(this.#options.columns() - 2), shown: false };
      this.#open.set(item.id, open);
      this.#flow(item.id, open.text.push(0, item.text) ?? []);
      return;
    }
    this.#open.delete(item.id);
    this.#done(item.id);
    const rest = known?.shown === true ? known.text.end(item.text) : null;
    // Nothing of it was shown, or it ended as another text than it began: all of it is said.
    if (rest === null) {
      if (item.text.trim() !== '') this.#print(null, textLines(item, this.#options.style));
      return;
    }
    this.#lines(item, rest);
    if (item.state === 'cut') this.aside([this.#options.style('quiet', '  (cut off)')]);
  }

  #chunk({ item_id, at, text }: { item_id: string; at: number; text: string }): void {
    const open = this.#open.get(item_id);
    if (this.#over.has(item_id) || this.#tools.has(item_id)) return;
    const lines = open?.text.push(at, text) ?? null;
    if (lines === null) void this.#refetch(item_id);
    else this.#flow(item_id, lines);
  }

  async #refetch(item_id: string): Promise<void> {
    if (this.#fetching.has(item_id)) return;
    this.#fetching.add(item_id);
    try {
      this.show(await this.#options.fetch(item_id));
    } catch {
      // What is missing comes with the end of the item, or never was there.
    } finally {
      this.#fetching.delete(item_id);
    }
  }

  #flow(id: string, lines: string[]): void {
    const open = this.#open.get(id);
    if (open === undefined || lines.length === 0) return;
    this.#lines(open.item, lines);
    open.shown = true;
  }

  #lines(item: Spoken, lines: string[]): void {
    const { style } = this.#options;
    const head = this.#last === item.id ? '  ' : headOf(item, style);
    const quiet = (line: string) => (item.kind === 'thought' ? style('quiet', line) : line);
    this.#print(
      item.id,
      lines.map((line, i) => `${i === 0 ? head : '  '}${quiet(line)}`),
    );
  }

  #tool(item: Of<'tool'>): void {
    const { style } = this.#options;
    const isOver = item.state === 'done' || item.state === 'failed' || item.state === 'cut';
    const known = this.#tools.has(item.id);
    // A call that nobody knows anything of yet waits for its title.
    if (!isOver && item.title === '' && item.input === null) return;
    this.#tools.add(item.id);
    if (!isOver) {
      if (!known) this.#print(item.id, [toolLine(item, style)]);
      return;
    }
    this.#tools.delete(item.id);
    this.#done(item.id);
    const again = !known || item.state !== 'done' ? [toolLine(item, style)] : [];
    this.#print(item.id, [...again, ...toolEnd(item, style)]);
  }

  #planned({ id, steps }: Of<'plan'>): void {
    const lines = planLines(steps);
    const plan = lines.join('\n');
    if (plan === this.#plan) return;
    this.#plan = plan;
    this.#print(id, lines);
  }

  #done(id: string): void {
    this.#over.add(id);
    const [oldest] = this.#over;
    if (this.#over.size > MAX_REMEMBERED && oldest !== undefined) this.#over.delete(oldest);
  }

  #print(id: string | null, lines: string[]): void {
    if (lines.length === 0) return;
    this.#last = id;
    this.#options.print(lines);
  }
}
