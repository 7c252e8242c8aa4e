import { AfieldError } from '@afield/shared/errors.ts';
import type { ChatSink, Companion } from '../core/chat-ports.ts';

/** A companion that hears nothing (yet). `sink`: is told that this is how it stays. */
export function deafCompanion(why: string, sink: ChatSink | null = null): Companion {
  if (sink !== null) queueMicrotask(() => sink.exit({ code: null, signal: null, detail: why }));
  return {
    answer: async () => {
      throw new AfieldError('unavailable', why);
    },
    leave() {},
  };
}
