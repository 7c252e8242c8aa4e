/** Requests to Claude beside the conversation: interrupt, mode, model. Each is answered by its id. */
import { AfieldError } from '@afield/shared/errors.ts';
import { inTime } from '../../core/in-time.ts';
import type { Clock } from '../../core/ports.ts';
import { type Loose, record, text } from '../loose.ts';

export class Control {
  readonly #send: (message: object) => void;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, { resolve(response: Loose): void; reject(error: Error): void }>();
  #last = 0;

  constructor(send: (message: object) => void, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** Errors: not_supported with what it says; unavailable when it is gone, or says nothing in time. */
  async ask(request: object, ms: number): Promise<Loose> {
    this.#last += 1;
    const request_id = `afield-${this.#last}`;
    const asked = Promise.withResolvers<Loose>();
    this.#waiting.set(request_id, asked);
    try {
      this.#send({ type: 'control_request', request_id, request });
      let failed: unknown = null;
      const answer = await inTime(this.#clock, ms, () =>
        asked.promise.catch((error: unknown) => {
          failed = error;
          return null;
        }),
      );
      if (failed !== null) throw failed;
      if (answer === null) throw new AfieldError('unavailable', 'Claude does not answer. Try again in a moment, or stop the session.');
      return answer;
    } finally {
      this.#waiting.delete(request_id);
    }
  }

  /** An answer came. False: to nothing that waits. */
  answered(response: Loose): boolean {
    const asked = this.#waiting.get(text(response.request_id) ?? '');
    if (asked === undefined) return false;
    if (response.subtype === 'error') asked.reject(new AfieldError('not_supported', text(response.error) ?? 'Claude refused.'));
    else asked.resolve(record(response.response));
    return true;
  }

  close(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
