/** Signals that ask a program to end. */
export type AskingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** `promise` resolves at the first of them. After `stop` they end the program at once again, as they do by default. */
export function signalled(...signals: AskingSignal[]): { promise: Promise<void>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const listener = (): void => resolve();
  for (const signal of signals) process.on(signal, listener);
  return {
    promise,
    stop: () => {
      for (const signal of signals) process.off(signal, listener);
    },
  };
}
