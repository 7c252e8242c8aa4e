/** One prompt and what comes of it, as one stream: for callers that want an answer, not events. */
import { AfieldError } from '@afield/shared/errors.ts';
import { TURN_EVENTS, type TurnPiece, TurnReader } from '@afield/shared/turn-reader.ts';
import type { PromptInput, UsageService } from './chat-service.ts';
import { withChat } from './chat/chat-face.ts';
import { audibleTypes, followEvents } from './follow-events.ts';
import { allows, type Identity } from './identity.ts';
import type { EventLog, SessionService } from './service.ts';

/** Pieces that wait for a slow reader; the rest waits on disk. */
const QUEUE = 64;

export interface PromptStreamDeps {
  sessions: Pick<SessionService, 'get' | 'prompt'>;
  events: EventLog;
  usage: Pick<UsageService, 'session'>;
}

/**
 * Stores the prompt, then gives the pieces of its turn; the prompt goes on when nobody reads any more. A prompt whose id is known is not
 * given again, and what is still to come of it is told. Errors: those of `prompt`; forbidden; not_supported without a chat face;
 * unavailable when it could not be given.
 */
export async function* streamPrompt(
  deps: PromptStreamDeps,
  { session_id, prompt, identity, signal }: { session_id: string; prompt: PromptInput; identity: Identity; signal: AbortSignal | undefined },
): AsyncGenerator<TurnPiece> {
  const { sessions, events, usage } = deps;
  if (!allows(identity.scopes, 'sessions:read')) throw new AfieldError('forbidden', 'This device may not read what an agent answers.');
  withChat(sessions.get(session_id));
  const reader = new TurnReader(prompt.id, usage.session(session_id).sum);
  const queue: TurnPiece[] = [];
  let failure: unknown = null;
  let wake = () => {};
  const fail = (error: unknown) => {
    failure ??= error;
    wake();
  };
  const following = followEvents(events, {
    since: events.nextSeq() - 1,
    session_id,
    types: audibleTypes(identity, TURN_EVENTS),
    hasRoom: () => queue.length < QUEUE,
    deliver(event) {
      if (!identity.valid()) return fail(new AfieldError('unauthenticated', 'This device was revoked.'));
      try {
        queue.push(...reader.read(event));
      } catch (error) {
        fail(error);
      }
      wake();
    },
    onLost: () => fail(new AfieldError('unavailable', 'Too slow: what was said could not be kept. Read the messages of the session.')),
  });
  const abort = () => fail(signal?.reason);
  signal?.addEventListener('abort', abort);
  try {
    const { state } = await sessions.prompt(session_id, prompt);
    if (state !== 'home') queue.push(...reader.resume(state, sessions.get(session_id)));
    following.start();
    while (true) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else if (failure !== null) throw failure;
      else if (reader.over) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    following.close();
  }
}
