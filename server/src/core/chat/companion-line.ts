/** The line to a companion: joined again and again while its session runs. What a former one still says is not heard. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, ChatUpdate, Companion } from '../chat-ports.ts';
import type { SessionDeps } from '../deps.ts';
import type { Machine } from '../machine-ports.ts';
import type { Accompanied } from './companion-plan.ts';

const RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** One that has not joined by then is tried anew. */
const JOIN_MS = 60_000;
/** One that was heard for so long was no failure. */
const STEADY_MS = 30_000;

export interface CompanionLineEvents {
  update(update: ChatUpdate): void;
  /** It is heard. */
  joined(): void;
  /** Nobody hears it any more, or still not; it is tried again. `why`: for a person. */
  away(why: string): void;
}

export class CompanionLine {
  readonly #deps: Pick<SessionDeps, 'clock' | 'warn'>;
  readonly #start: Accompanied & { session_id: string; machine: Machine };
  readonly #events: CompanionLineEvents;
  #companion: Companion | null = null;
  /** Of the line that is heard now. */
  #number = 0;
  #failures = 0;
  #timer: { cancel(): void } | null = null;
  #over = false;

  constructor(
    deps: Pick<SessionDeps, 'clock' | 'warn'>,
    start: Accompanied & { session_id: string; machine: Machine },
    events: CompanionLineEvents,
  ) {
    this.#deps = deps;
    this.#start = start;
    this.#events = events;
  }

  /** Its program runs. */
  begin(): void {
    if (!this.#over && this.#timer === null && this.#companion === null) this.#join();
  }

  /** Errors: those of `Companion.answer`; unavailable while it is away. */
  async answer(key: string, answer: AgentAnswer): Promise<void> {
    if (this.#companion === null) throw new AfieldError('unavailable', 'The agent of this session is not heard now.');
    await this.#companion.answer(key, answer);
  }

  leave(): void {
    this.#over = true;
    this.#drop();
  }

  #join(): void {
    const mine = ++this.#number;
    const { clock } = this.#deps;
    const { session_id, machine, folder, memory, companion } = this.#start;
    let since: number | null = null;
    const lost = (why: string) => {
      if (mine !== this.#number) return;
      if (since !== null && clock.monotonic() - since >= STEADY_MS) this.#failures = 0;
      this.#lost(why);
    };
    this.#timer = clock.setTimeout(() => lost('The agent does not answer.'), JOIN_MS);
    const sink = {
      update: (update: ChatUpdate) => {
        if (mine === this.#number) this.#events.update(update);
      },
      exit: ({ detail }: { detail: string }) => lost(detail),
    };
    joinSafely(() => companion.join({ session_id, machine, folder, memory }, sink)).then(
      (joined) => {
        if (mine !== this.#number) return joined.leave();
        since = clock.monotonic();
        this.#timer?.cancel();
        this.#timer = null;
        this.#companion = joined;
        this.#events.joined();
      },
      (error: unknown) => {
        if (mine === this.#number && this.#failures === 0) this.#deps.warn(`The agent of session ${session_id} is not heard.`, error);
        lost(error instanceof Error ? error.message : String(error));
      },
    );
  }

  #lost(why: string): void {
    this.#drop();
    const wait = Math.min(RETRY_MS * 2 ** this.#failures++, MAX_RETRY_MS);
    this.#timer = this.#deps.clock.setTimeout(() => {
      this.#timer = null;
      this.#join();
    }, wait);
    this.#events.away(why);
  }

  #drop(): void {
    this.#number++;
    this.#timer?.cancel();
    this.#timer = null;
    const companion = this.#companion;
    this.#companion = null;
    try {
      companion?.leave();
    } catch (error) {
      this.#deps.warn('A companion could not be left.', error);
    }
  }
}

/** One that throws instead of rejecting is no better. */
async function joinSafely(join: () => Promise<Companion>): Promise<Companion> {
  return join();
}
