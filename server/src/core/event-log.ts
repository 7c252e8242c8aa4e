import { AfieldError } from '@afield/shared/errors.ts';
import type { AfieldEvent, EventPayloads, EventType } from '@afield/shared/events.ts';
import type { Disk } from './history/storage.ts';
import type { Clock, EventStore } from './ports.ts';
import type { EventLog } from './service.ts';

/** Newest events that are kept: weeks of an ordinary home, a few hundred MB at the very most. */
const KEEP_EVENTS = 200_000;
/** Old ones are deleted in steps of this many, so that a publication stays cheap. */
const PRUNE_EVERY = 1_000;

/**
 * Global, numbered history of everything that happened. An event is on disk before anyone hears of it. Only when the disk is full it is
 * told all the same, under a seq that is on no disk; log entries are not even tried then (`storage_full`).
 */
export function createEventLog(store: EventStore, clock: Clock, options: { keep?: number; disk?: Disk } = {}): EventLog {
  const { disk } = options;
  const keep = options.keep ?? KEEP_EVENTS;
  const subscribers = new Set<(event: AfieldEvent) => void>();
  let sincePruned = 0;

  const prune = () => {
    try {
      store.prune(keep);
    } catch (error) {
      if (disk?.failed(error) !== true) throw error;
    }
  };
  prune();

  const pruneNow = () => {
    if (++sincePruned < Math.min(PRUNE_EVERY, keep)) return;
    sincePruned = 0;
    prune();
  };

  const append = (event: Parameters<EventStore['append']>[0]): number => {
    if (event.type === 'log' && disk?.writing === false) throw full();
    try {
      return store.append(event);
    } catch (error) {
      if (disk?.failed(error) !== true) throw error;
      if (event.type === 'log') throw full();
      return store.skip();
    }
  };

  return {
    publish<T extends EventType>(type: T, session_id: string | null, payload: EventPayloads[T]): AfieldEvent {
      const timestamp = new Date(clock.now()).toISOString();
      const seq = append({ type, session_id, timestamp, payload });
      const known = type === 'log' ? { entry: { ...(payload as EventPayloads['log']).entry, seq } } : payload;
      const event = { type, seq, session_id, timestamp, payload: known } as AfieldEvent;
      pruneNow();
      for (const tell of [...subscribers]) tell(event);
      return event;
    },
    subscribe(handler) {
      // A handler given twice is two subscriptions, each with its own end.
      const own = (event: AfieldEvent) => handler(event);
      subscribers.add(own);
      return () => subscribers.delete(own);
    },
    read: (query) => store.read(query),
    nextSeq: () => store.nextSeq(),
    covers: (since) => since >= store.firstSeq() - 1 && since < store.nextSeq(),
  };
}

const full = () => new AfieldError('storage_full', 'The disk is full: nothing new is kept. Make room, then try again.');
