/**
 * When an approval calls its person. Each is told after 5 s unless answered, whoever is looking; those that come soon after one another
 * are told together; one that comes while others wait is told too. A call that was answered at home is taken back.
 */
import type { Approval } from '@afield/shared/api/approvals.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import type { Clock } from '../core/ports.ts';
import { APPROVAL_MS } from './attention.ts';

/** What was asked so shortly after the one that is told is told with it. */
export const TOGETHER_MS = 3_000;

export interface ApprovalCall {
  /** The one that called; of several, the oldest that was not told yet. */
  approval: Approval;
  /** How many wait in its session. 0: it was answered, and the call is taken back. */
  waiting: number;
  /** Of the event that started it. */
  seq: number;
}

interface Waiting {
  approval: Approval;
  at: number;
  seq: number;
  /** Null: its person was told. */
  timer: { cancel(): void } | null;
}

export interface ApprovalAttention {
  handle(event: AfieldEvent): void;
  /** True while approvals of a session wait: its status says nothing more than they do. */
  waits(session_id: string): boolean;
  close(): void;
}

export function createApprovalAttention({ clock, tell }: { clock: Clock; tell(call: ApprovalCall): void }): ApprovalAttention {
  /** By session, then by approval, in the order in which they were asked. At most 200 a session wait. */
  const sessions = new Map<string, Map<string, Waiting>>();

  const forget = (session_id: string) => {
    for (const { timer } of sessions.get(session_id)?.values() ?? []) timer?.cancel();
    sessions.delete(session_id);
  };

  const call = (session_id: string) => {
    const waiting = sessions.get(session_id);
    if (waiting === undefined) return;
    const due = [...waiting.values()].filter(({ timer, at }) => timer !== null && clock.monotonic() - at >= APPROVAL_MS - TOGETHER_MS);
    const [first] = due;
    if (first === undefined) return;
    for (const one of due) {
      one.timer?.cancel();
      one.timer = null;
    }
    tell({ approval: first.approval, waiting: waiting.size, seq: due.at(-1)?.seq ?? first.seq });
  };

  const asked = (approval: Approval, seq: number) => {
    if (approval.state !== 'pending') return;
    const { id, session_id } = approval;
    const waiting = sessions.get(session_id) ?? new Map<string, Waiting>();
    sessions.set(session_id, waiting);
    waiting.get(id)?.timer?.cancel();
    const timer = clock.setTimeout(() => call(session_id), APPROVAL_MS);
    waiting.set(id, { approval, at: clock.monotonic(), seq, timer });
  };

  const resolved = (approval: Approval, seq: number) => {
    const waiting = sessions.get(approval.session_id);
    const one = waiting?.get(approval.id);
    if (waiting === undefined || one === undefined || approval.state === 'pending') return;
    one.timer?.cancel();
    waiting.delete(approval.id);
    if (waiting.size > 0) return;
    sessions.delete(approval.session_id);
    // Who answers on a device has it in the hand: one more notification there would only be a nuisance.
    if (one.timer === null && isAtHome(approval)) tell({ approval, waiting: 0, seq });
  };

  return {
    handle: (event) => {
      if (event.type === 'approval.requested') asked(event.payload.approval, event.seq);
      else if (event.type === 'approval.resolved') resolved(event.payload.approval, event.seq);
      else if (event.type === 'session.deleted' && event.session_id !== null) forget(event.session_id);
    },
    waits: (session_id) => sessions.has(session_id),
    close: () => {
      for (const id of [...sessions.keys()]) forget(id);
    },
  };
}

const isAtHome = ({ state, outcome }: Approval) => state === 'gone' || outcome?.by === 'the desk';
