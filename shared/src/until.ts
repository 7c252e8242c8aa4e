/** For tests: waiting for what must come, never for a time. */

/** For a machine that has other things to do; below the time that a test has. */
const PATIENCE_MS = 15_000;
const POLL_MS = 10;

/** What it gives when it is there. */
type There<T> = Exclude<NonNullable<T>, false>;

/**
 * Waits until `probe` gives something true, and gives that. Default 15 s.
 *
 * `what`: what is waited for, or what is there instead; it is said when it did not come. Errors: that, and whatever `probe` throws.
 */
export async function until<T>(
  what: string | (() => string | Promise<string>),
  probe: () => T | Promise<T>,
  ms = PATIENCE_MS,
): Promise<There<T>> {
  const end = performance.now() + ms;
  for (;;) {
    const value = await probe();
    if (value) return value as There<T>;
    if (performance.now() > end) throw new Error(`Waited ${ms} ms for: ${typeof what === 'string' ? what : await what()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** `until`, for a condition that says itself what it is. */
export const eventually = <T>(probe: () => T | Promise<T>, ms?: number): Promise<There<T>> => until(String(probe), probe, ms);
