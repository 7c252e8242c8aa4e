/** Questions of Claude that are open, and answers that it has not yet shown to have. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, Ask, ChatUpdate } from '../../core/chat-ports.ts';
import type { Loose } from '../loose.ts';
import { fileDiff } from '../unified-diff.ts';
import { readAsk, responseTo } from './asks.ts';
import { ELICITATION, readElicitation } from './elicitation.ts';
import type { FileNow } from './file-now.ts';

interface Open {
  /** The call that it is about; null: none, or nobody knows. */
  tool_id: string | null;
  /** What goes into the `control_response`. */
  responseOf(answer: AgentAnswer): object;
  /** Of an answer that was sent. */
  sent: { promise: Promise<void>; resolve(): void; reject(error: Error): void } | null;
}

export interface AsksOptions {
  tell(update: ChatUpdate): void;
  send(message: object): void;
  /** So many wait for an answer now. */
  changed(open: number): void;
}

/** More at one time are no questions to a person. */
const MAX_OPEN = 200;

export class Asks {
  readonly #options: AsksOptions;
  readonly #open = new Map<string, Open>();

  constructor(options: AsksOptions) {
    this.#options = options;
  }

  /** `now`: the file that it would write, as it is; null: not looked at. */
  open(key: string, request: Loose, now: FileNow | null): void {
    const read = readRequest(request);
    const ask = now === null ? read.ask : shownOver(read.ask, now);
    if (!this.#open.has(key) && this.#open.size >= MAX_OPEN) {
      this.#options.send({
        type: 'control_response',
        response: { subtype: 'error', request_id: key, error: 'Too many questions at once.' },
      });
      return;
    }
    this.#open.get(key)?.sent?.reject(notThere());
    this.#open.set(key, { tool_id: ask.tool_id, responseOf: read.responseOf, sent: null });
    this.#options.tell({ type: 'ask', key, ask });
    this.#changed();
  }

  /** Resolves once Claude has it. Errors: not_found when it does not want it any more; unavailable. */
  async answer(key: string, answer: AgentAnswer): Promise<void> {
    const open = this.#open.get(key);
    if (open === undefined) throw notThere();
    if (open.sent !== null) return open.sent.promise;
    const response = open.responseOf(answer);
    this.#options.send({ type: 'control_response', response: { subtype: 'success', request_id: key, response } });
    open.sent = Promise.withResolvers<void>();
    open.sent.promise.catch(() => {});
    this.#changed();
    await open.sent.promise;
  }

  /** Our answer came back: it has it. False: to none of these. */
  echoed(key: string): boolean {
    const open = this.#open.get(key);
    if (open === undefined) return false;
    this.#open.delete(key);
    open.sent?.resolve();
    this.#changed();
    return true;
  }

  /** It does not want to know any more. */
  withdrawn(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    open.sent?.reject(notThere());
    this.#options.tell({ type: 'ask_gone', key, by: 'agent', decision: 'cancel' });
    this.#changed();
  }

  /** A tool gave something back: whoever asked for it has its answer, though it did not show so. */
  resulted(tool_id: string): void {
    for (const [key, open] of this.#open) {
      if (open.tool_id !== tool_id) continue;
      if (open.sent === null) this.withdrawn(key);
      else this.echoed(key);
    }
  }

  /** It goes on, or is idle: it has every answer that it was sent. `idle`: it does not wait for any other. */
  movedOn(idle: boolean): void {
    for (const [key, open] of this.#open) {
      if (open.sent !== null) this.echoed(key);
      else if (idle) this.withdrawn(key);
    }
  }

  close(error: AfieldError): void {
    for (const { sent } of this.#open.values()) sent?.reject(error);
    this.#open.clear();
  }

  #changed(): void {
    this.#options.changed([...this.#open.values()].filter(({ sent }) => sent === null).length);
  }
}

/** A request that asks a person. */
export const isAsk = ({ subtype }: Loose): boolean => subtype === 'can_use_tool' || subtype === ELICITATION;

function readRequest(request: Loose): { ask: Ask; responseOf(answer: AgentAnswer): object } {
  if (request.subtype === ELICITATION) return readElicitation(request);
  const open = readAsk(request);
  return { ask: open.ask, responseOf: (answer) => responseTo(open, answer) };
}

const notThere = () => new AfieldError('not_found', 'Claude does not ask this any more.');

/** With the file as it is now before what is to be written over it. */
export const shownOver = (ask: Ask, now: FileNow): Ask => ({ ...ask, diffs: ask.diffs.map((diff) => over(diff, now)) });

function over<T extends ReturnType<typeof fileDiff>>(diff: T, now: FileNow): ReturnType<typeof fileDiff> {
  const whole = fileDiff(diff.path, now.text, diff.after);
  return { ...whole, cut: whole.cut || diff.cut || now.cut };
}
