import type { ChatAbilities } from '@afield/shared/api/chat.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { createModel, signal } from '@preact/signals';
import type { Home } from './home.ts';
import type { HomeLink } from './home-link.ts';

/** What a person can do to a session from its header. One at a time; a failure says why and changes nothing. */
export const SessionActionsModel = createModel((link: HomeLink, home: Pick<Home, 'take' | 'drop'>, id: string) => {
  const busy = signal(false);
  const error = signal<string | null>(null);
  const params = { id };

  /** True when it was done. */
  async function act(work: () => Promise<Session | null>): Promise<boolean> {
    if (busy.peek()) return false;
    busy.value = true;
    error.value = null;
    try {
      const session = await work();
      if (session !== null) home.take(session);
      return true;
    } catch (cause) {
      error.value = cause instanceof Error ? cause.message : String(cause);
      return false;
    } finally {
      busy.value = false;
    }
  }

  return {
    busy,
    error,
    clearError() {
      error.value = null;
    },
    /** Interrupts what the agent does now; the session goes on. */
    interrupt: () => act(() => link.call('cancelSession', { params })),
    /** Ends the agent and all its processes; the history stays. */
    stop: () => act(() => link.call('deleteSession', { params, query: {} })),
    /** Lets go of an adopted one: its program goes on in its own tmux. */
    release: () => act(() => link.call('deleteSession', { params, query: { release: true } })),
    rename: (name: string) => act(() => link.call('updateSession', { params, body: { name: name.trim() } })),
    pin: (pinned: boolean) => act(() => link.call('updateSession', { params, body: { pinned } })),
    archive: (archived: boolean) => act(() => link.call('updateSession', { params, body: { archived } })),
    /** The id of a new session that begins with what this one knows; null: it could not be made. */
    async fork(): Promise<string | null> {
      let made: Session | null = null;
      await act(async () => {
        made = await link.call('forkSession', { params, body: {} });
        return made;
      });
      return (made as Session | null)?.id ?? null;
    },
    /** Deletes an ended session with its history and recording. */
    async remove() {
      const done = await act(() => link.call('deleteSession', { params, query: { purge: true } }));
      if (done) home.drop(id);
      return done;
    },
  };
});
/** One with a terminal knows how its agent calls it only where that can begin with it; a chat tells by `can`. */
export const canFork = ({ faces, agent_session_id }: Session, can?: ChatAbilities): boolean =>
  agent_session_id !== null && (faces.includes('terminal') || can?.fork === true);

export type SessionActions = InstanceType<typeof SessionActionsModel>;
