/** One prompt and what comes of it, as one stream: for callers that want an answer, not events. */
import type { Prompt } from '@afield/shared/api/prompts.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { TurnPieces } from '@afield/shared/turn-pieces.ts';
import { TURN_EVENTS, type TurnPiece, TurnReader } from '@afield/shared/turn-reader.ts';
import { withChat } from '../chat/chat-face.ts';
import type { PromptInput, UsageService } from '../chat-service.ts';
import { audibleTypes, type Following, followEvents } from '../follow-events.ts';
import { allows, type Identity } from '../identity.ts';
import type { EventLog, SessionService } from '../service.ts';

/** Pieces that wait for a slow reader; the rest waits on disk. */
const QUEUE = 64;

export interface PromptStreamDeps {
  sessions: Pick<SessionService, 'get' | 'prompt'>;
  events: EventLog;
  usage: Pick<UsageService, 'session'>;
}

export interface PromptStream {
  prompt: Prompt;
  /** Errors: unavailable when it could not be given; unauthenticated once the device is revoked. */
  pieces: AsyncGenerator<TurnPiece>;
}

/**
 * Stores the prompt, then gives the pieces of its turn; the prompt goes on when nobody reads any more. A prompt whose id is known is not
 * given again, and what is still to come of it is told. Errors: those of `prompt`; forbidden; not_supported without a chat face.
 */
export async function streamPrompt(
  { sessions, events, usage }: PromptStreamDeps,
  {
    session_id,
    prompt,
    identity,
    signal,
  }: { session_id: string; prompt: PromptInput; identity: Identity; signal: AbortSignal | undefined },
): Promise<PromptStream> {
  if (!allows(identity.scopes, 'sessions:read')) throw new AfieldError('forbidden', 'This device may not read what an agent answers.');
  withChat(sessions.get(session_id));
  const reader = new TurnReader(prompt.id, usage.session(session_id).sum);
  const waiting = new TurnPieces(reader);
  const following = followEvents(events, {
    since: events.nextSeq() - 1,
    session_id,
    types: audibleTypes(identity, TURN_EVENTS),
    hasRoom: () => waiting.length < QUEUE,
    deliver: (event) =>
      waiting.add(() => {
        if (identity.valid()) return reader.read(event);
        throw new AfieldError('unauthenticated', 'This device was revoked.');
      }),
    onLost: () =>
      waiting.fail(new AfieldError('unavailable', 'Too slow: what was said is not kept as events. Read the messages of the session.')),
  });
  try {
    const stored = await sessions.prompt(session_id, prompt);
    if (stored.state !== 'home') waiting.add(() => reader.resume(stored.state, sessions.get(session_id)));
    return { prompt: stored, pieces: tell(waiting, following, signal) };
  } catch (error) {
    following.close();
    throw error;
  }
}

async function* tell(waiting: TurnPieces, following: Following, signal: AbortSignal | undefined): AsyncGenerator<TurnPiece> {
  try {
    following.start();
    yield* waiting.all(signal);
  } finally {
    following.close();
  }
}
