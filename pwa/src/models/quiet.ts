import type { LogEntry } from '@afield/shared/api/logs.ts';
import { type Probe, probe as probeSchema } from '@afield/shared/api/probes.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { createModel, effect, signal } from '@preact/signals';
import { createAction } from './action.ts';
import type { HomeLink } from './home-link.ts';
import { whileOpen } from './while-open.ts';

/** What home found when it looked why a session is quiet. `probe` is null where only the sentence was kept. */
export interface Quiet {
  reason: string;
  timestamp: string;
  probe: Probe | null;
}

/** Kinds of entries that tell whether the last look is still true: after output or another state it is not. */
const TELLING = 'probe,output,state';

/** The look that an entry of the log was written for; null where it says less than that. */
function probeIn({ session_id, timestamp, text: reason, detail }: LogEntry): Probe | null {
  const { success, data } = probeSchema.safeParse({ ...detail, session_id, timestamp, reason });
  return success ? data : null;
}

/** Why a session is quiet: the last look, as long as it is true, and a new one when asked for. */
export const QuietModel = createModel((link: HomeLink, sessionId: string) => {
  const quiet = signal<Quiet | null>(null);
  const asking = createAction();

  function take(probe: Probe): void {
    quiet.value = { reason: probe.reason, timestamp: probe.timestamp, probe };
  }

  /** It did something since the look: what was found then is no answer any more. */
  function moved(timestamp: string): void {
    if (quiet.peek() !== null && Date.parse(timestamp) > Date.parse(quiet.peek()!.timestamp)) quiet.value = null;
  }

  async function load(): Promise<void> {
    try {
      const { items } = await link.call('getLogs', { params: { id: sessionId }, query: { limit: 1, type: TELLING } });
      const last = items.at(-1);
      if (last === undefined) return;
      if (last.type !== 'probe') moved(last.timestamp);
      else if (quiet.peek() === null) quiet.value = { reason: last.text, timestamp: last.timestamp, probe: probeIn(last) };
    } catch {
      // A courtesy: whoever wants to know asks, and then hears why it does not work.
    }
  }

  function onEvent(event: AfieldEvent): void {
    if (event.session_id !== sessionId) return;
    if (event.type === 'probe.result') take(event.payload.probe);
    else if (event.type === 'session.status_changed') moved(event.timestamp);
    else if (event.type === 'log' && event.payload.entry.type === 'output') moved(event.timestamp);
  }

  const subscription = link.subscribe({ topics: ['probe.result', 'session.status_changed', 'log'], session_id: sessionId }, onEvent);
  const stop = whileOpen(link, () => void load());
  effect(() => () => {
    stop();
    subscription.close();
  });

  return {
    quiet,
    asking,
    ask: () =>
      asking.run(async () => {
        take(await link.call('probeSession', { params: { id: sessionId } }));
      }),
  };
});
export type QuietLook = InstanceType<typeof QuietModel>;
