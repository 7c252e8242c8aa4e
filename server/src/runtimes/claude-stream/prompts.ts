/** Prompts that were given and not yet seen to be taken. */
import type { AfieldError } from '@afield/shared/errors.ts';

export class Prompts {
  readonly #waiting = new Map<string, { promise: Promise<void>; resolve(): void; reject(error: Error): void }>();

  given(id: string): Promise<void> {
    const prompt = Promise.withResolvers<void>();
    this.#waiting.set(id, prompt);
    return prompt.promise;
  }

  failed(id: string, error: Error): void {
    this.#waiting.get(id)?.reject(error);
    this.#waiting.delete(id);
  }

  /** It came back. False: it is none of ours that waits; an older Claude gives it an id of its own. */
  echoed(id: string | null): boolean {
    if (id !== null && this.#settle(id)) return true;
    const [oldest] = this.#waiting.keys();
    return oldest !== undefined && this.#settle(oldest);
  }

  /** `queued`: it has it, and comes to it when its turn is over, or at its next step. */
  lifecycle(id: string | null, state: unknown): void {
    if (id !== null && (state === 'queued' || state === 'started')) this.#settle(id);
  }

  /** Resolves once all that were given are taken, or cannot be any more. */
  async taken(): Promise<void> {
    await Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise));
  }

  close(error: AfieldError): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #settle(id: string): boolean {
    const prompt = this.#waiting.get(id);
    this.#waiting.delete(id);
    prompt?.resolve();
    return prompt !== undefined;
  }
}
