import type { UsageSum } from '../api/usage.ts';
import { AfieldError } from '../errors.ts';
import type { Link } from '../link/link.ts';
import { TurnPieces } from '../turn-pieces.ts';
import { TURN_EVENTS, type TurnPiece, TurnReader } from '../turn-reader.ts';
import { uuidv7 } from './uuid.ts';

export interface PromptStreamOptions {
  /** The same id again is not given to the agent again. Default: made here. */
  prompt_id?: string;
  priority?: 'normal' | 'now';
  signal?: AbortSignal;
}

interface Calls {
  usageBefore(): Promise<UsageSum>;
  prompt(body: { id: string; content: string; priority: 'normal' | 'now' }): Promise<void>;
}

/** As `AfieldClient.streamPrompt`. A line that breaks comes back, and with it what was missed. */
export async function* promptStream(
  link: Pick<Link, 'subscribe'>,
  calls: Calls,
  session_id: string,
  content: string,
  { prompt_id = uuidv7(), priority = 'normal', signal }: PromptStreamOptions,
): AsyncGenerator<TurnPiece> {
  signal?.throwIfAborted();
  const reader = new TurnReader(prompt_id, await calls.usageBefore());
  const pieces = new TurnPieces(reader);
  const subscription = link.subscribe(
    {
      topics: [...TURN_EVENTS],
      session_id,
      onError: (error) => pieces.fail(error),
      onGap: () =>
        pieces.fail(new AfieldError('unavailable', 'Some of what was said is not known here any more. Read the messages of the session.')),
    },
    (event) => pieces.add(() => reader.read(event)),
  );
  try {
    await calls.prompt({ id: prompt_id, content, priority });
    yield* pieces.all(signal);
  } finally {
    subscription.close();
  }
}
