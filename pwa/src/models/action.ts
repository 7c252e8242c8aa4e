import { type AfieldError, ERRORS, type ErrorCode } from '@afield/shared/errors.ts';
import { type ReadonlySignal, signal } from '@preact/signals';

/** What went wrong, as home says it. `code` is null for what did not come from there. */
export interface Failure {
  text: string;
  code: ErrorCode | null;
}

export function failureOf(cause: unknown): Failure {
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = (cause as Partial<AfieldError> | null)?.code;
  return { text, code: code !== undefined && code in ERRORS ? code : null };
}

/** Something that a person asked for: one at a time, and a failure says why and changes nothing. */
export interface Action {
  busy: ReadonlySignal<boolean>;
  failure: ReadonlySignal<Failure | null>;
  clear(): void;
  /** True when it was done. False, and nothing happens, while the one before is under way. */
  run(work: () => Promise<unknown>): Promise<boolean>;
}

export function createAction(): Action {
  const busy = signal(false);
  const failure = signal<Failure | null>(null);
  return {
    busy,
    failure,
    clear() {
      failure.value = null;
    },
    async run(work) {
      if (busy.peek()) return false;
      busy.value = true;
      failure.value = null;
      try {
        await work();
        return true;
      } catch (cause) {
        failure.value = failureOf(cause);
        return false;
      } finally {
        busy.value = false;
      }
    },
  };
}
