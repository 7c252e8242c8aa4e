/** One reader's way through the event log: what it missed, from disk, then live ones, with no hole between and nothing queued for it. */
import { type AfieldEvent, EVENT_TYPES, type EventType, topicMatches } from '@afield/shared/events.ts';
import type { Permission } from '@afield/shared/route.ts';
import { allows, type Identity } from './identity.ts';
import type { EventLog } from './service.ts';

/** Events read from disk at a time; between two pages others have their turn. */
const PAGE = 200;
/** How often a reader that had no room is looked at again, in ms. */
const RETRY_MS = 100;

export interface FollowOptions {
  /** The last seq that is known already. Null: only what happens from now on. */
  since: number | null;
  session_id: string | null;
  types: readonly EventType[];
  /** False while the line is full: nothing is sent then, and the reader catches up from disk when it has drained. */
  hasRoom(): boolean;
  deliver(event: AfieldEvent): void;
  /** The reader was so slow that its next events were deleted meanwhile: it must start anew. */
  onLost(): void;
}

export interface Following {
  /** `gap`: what came after `since` cannot be told any more; it goes on with `next_seq`. */
  readonly resume: 'ok' | 'gap';
  /** Stored events below this come first, live ones from here on. */
  readonly next_seq: number;
  /** Resolves once the stored ones were delivered, or it was closed. */
  readonly caughtUp: Promise<void>;
  /** Begins to deliver. */
  start(): void;
  close(): void;
}

export function followEvents(log: EventLog, options: FollowOptions): Following {
  const next_seq = log.nextSeq();
  const resume = options.since === null || log.covers(options.since) ? 'ok' : 'gap';
  const wanted = new Set<string>(options.types);
  let cursor = options.since === null || resume === 'gap' ? next_seq - 1 : options.since;
  let live = false;
  let closed = false;
  let waiting: NodeJS.Timeout | NodeJS.Immediate | null = null;
  const { promise: caughtUp, resolve } = Promise.withResolvers<void>();

  const give = (event: AfieldEvent) => {
    cursor = event.seq;
    options.deliver(event);
  };

  const page = () => {
    waiting = null;
    if (closed) return;
    if (!options.hasRoom()) {
      waiting = setTimeout(page, RETRY_MS);
      return;
    }
    if (cursor < next_seq - 1 && !log.covers(cursor)) {
      options.onLost();
      return;
    }
    const query = { since: cursor, limit: PAGE, types: [...options.types] };
    const found = log.read(options.session_id === null ? query : { ...query, session_id: options.session_id });
    for (const event of found) if (!closed) give(event);
    if (found.length === PAGE) {
      waiting = setImmediate(page);
      return;
    }
    // Read and found the end in the same tick: whatever is published from now on is heard live.
    live = true;
    resolve();
  };

  const unsubscribe = log.subscribe((event) => {
    if (!live || closed || !wanted.has(event.type)) return;
    if (options.session_id !== null && event.session_id !== options.session_id) return;
    if (options.hasRoom()) give(event);
    else {
      live = false;
      waiting = setTimeout(page, RETRY_MS);
    }
  });

  return {
    resume,
    next_seq,
    caughtUp,
    start: page,
    close() {
      closed = true;
      unsubscribe();
      if (waiting !== null) {
        clearTimeout(waiting as NodeJS.Timeout);
        clearImmediate(waiting as NodeJS.Immediate);
      }
      resolve();
    },
  };
}

/** What a reader must be allowed to do, to hear of a noun. */
const NOUNS: Record<string, Permission> = {
  session: 'sessions:read',
  message: 'sessions:read',
  tool: 'sessions:read',
  plan: 'sessions:read',
  agent: 'sessions:read',
  approval: 'approvals:read',
  usage: 'usage:read',
  log: 'sessions:read',
  device: 'devices:read',
  machine: 'system:read',
};

/** The event types that fit one of the topics and that this identity may hear of. An unlisted noun is heard by nobody. */
export function audibleTypes(identity: Identity, topics: readonly string[]): EventType[] {
  return EVENT_TYPES.filter((type) => {
    const permission = NOUNS[type.split('.')[0] as string];
    return permission !== undefined && allows(identity.scopes, permission) && topics.some((topic) => topicMatches(topic, type));
  });
}
