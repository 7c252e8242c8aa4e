/** Whether Claude runs, waits or is idle: as it says itself, or, where it does not (before 2.1), as its messages show. */
import type { ChatUpdate, TurnStop } from '../../core/chat-ports.ts';
import { type Loose, text } from '../loose.ts';

type State = 'running' | 'waiting' | 'idle';
const TOLD: Readonly<Record<string, State>> = { running: 'running', requires_action: 'waiting', idle: 'idle' };

export class Status {
  readonly #tell: (update: ChatUpdate) => void;
  #state: State = 'idle';
  #stop: TurnStop = 'done';
  /** It tells its states. */
  #exact = false;
  #asks = 0;

  constructor(tell: (update: ChatUpdate) => void) {
    this.#tell = tell;
  }

  /** It tells its states, and shows what it takes. */
  get exact(): boolean {
    return this.#exact;
  }

  get state(): State {
    return this.#state;
  }

  /** Its own word. False: a state that we do not know. */
  told({ state }: Loose): boolean {
    this.#exact = true;
    const known = TOLD[text(state) ?? ''];
    if (known !== undefined) this.#become(known);
    return known !== undefined;
  }

  /** A turn begins: it took a prompt. What comes after the end of a turn, and before this, belongs to none. */
  begins(): void {
    if (!this.#exact) this.#become(this.#asks > 0 ? 'waiting' : 'running');
  }

  /** So many of its questions are open. */
  asks(open: number): void {
    const before = this.#asks;
    this.#asks = open;
    if (this.#exact || before === open) return;
    if (open > 0) this.#become('waiting');
    else if (this.#state === 'waiting') this.#become('running');
  }

  /** A turn's result came; its own word for idle follows where it tells. */
  ended(stop: TurnStop): void {
    this.#stop = stop;
    if (!this.#exact) this.#become('idle');
  }

  #become(state: State): void {
    if (state === this.#state) return;
    this.#state = state;
    if (state === 'idle') {
      this.#tell({ type: 'idle', stop: this.#stop });
      this.#stop = 'done';
    } else this.#tell({ type: state });
  }
}
