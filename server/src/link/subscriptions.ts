/** What one connection listens to. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import type { Requests, Responses } from '@afield/shared/link/messages.ts';
import { audibleTypes, type Following, followEvents } from '../core/follow-events.ts';
import type { Identity } from '../core/identity.ts';
import type { EventLog, SessionService } from '../core/service.ts';

export const MAX_SUBSCRIPTIONS = 16;

export interface SubscriptionDeps {
  identity: Identity;
  events: EventLog;
  sessions: SessionService;
  hasRoom(): boolean;
  /** `subscription`: id of the request that asked for it. */
  deliver(event: AfieldEvent, subscription: string): void;
  onLost(): void;
}

export class Subscriptions {
  readonly #deps: SubscriptionDeps;
  readonly #open = new Map<string, Following>();

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps;
  }

  /** `answer` is called before the first event. Errors: too_many, forbidden, session_not_found. */
  subscribe(id: string, request: Requests['subscribe'], answer: (subscribed: Responses['subscribed']) => void): void {
    const { identity, events, sessions, hasRoom, deliver, onLost } = this.#deps;
    if (this.#open.size >= MAX_SUBSCRIPTIONS)
      throw new AfieldError('too_many', `${MAX_SUBSCRIPTIONS} subscriptions are open on this connection.`);
    const types = audibleTypes(identity, request.topics);
    if (types.length === 0) throw new AfieldError('forbidden', 'None of these topics exists, or this device may hear of none.');
    if (request.session_id !== undefined) sessions.get(request.session_id);
    const following = followEvents(events, {
      since: request.since ?? null,
      session_id: request.session_id ?? null,
      types,
      hasRoom,
      deliver: (event) => deliver(event, id),
      onLost,
    });
    this.#open.get(id)?.close();
    this.#open.set(id, following);
    answer({ resume: following.resume, next_seq: following.next_seq });
    following.start();
  }

  /** One of them, or all. */
  unsubscribe(id: string | undefined): void {
    for (const [key, following] of this.#open) {
      if (id !== undefined && id !== key) continue;
      following.close();
      this.#open.delete(key);
    }
  }

  /** Resolves when every stored event was sent that was asked for so far. */
  async caughtUp(): Promise<void> {
    await Promise.all([...this.#open.values()].map((following) => following.caughtUp));
  }
}
