/** What a notification says. All of it is made here: nothing an agent printed ever becomes a title or a body (case E10). */
import type { Device } from '@afield/shared/api/devices.ts';
import type { PushMessage } from '@afield/shared/api/push.ts';
import { askWords, byWords, decisionWords } from '@afield/shared/approval-words.ts';
import { dollars } from '@afield/shared/cost-words.ts';
import type { BudgetCrossing } from '@afield/shared/events.ts';
import type { ApprovalCall } from './approval-attention.ts';
import type { Attention } from './attention.ts';

/** Phones cut a title after about 50 characters and a body after about 150; more would only make the payload large. */
const MAX_TITLE_CHARS = 100;
const MAX_BODY_CHARS = 240;

type Stamp = Pick<PushMessage, 'seq' | 'timestamp'>;

/** A session ended, or waits for its person. */
export function sessionMessage({ kind, turn, session, workedMs, background }: Attention, stamp: Stamp): PushMessage {
  const name = session.name;
  const agent = session.agent;
  const worked = workedMs === null ? '' : ` · worked ${duration(workedMs)}`;
  const texts: Record<Attention['kind'], [title: string, body: string]> = {
    waiting: turn
      ? [`${agent} waits for you`, `${name} · ${background === 0 ? 'waits for your next message' : stillRun(background)}${worked}`]
      : [`${agent} needs an answer`, `${name} · ${session.status_reason ?? 'asks something on its screen'}`],
    finished: [`Finished: ${name}`, `${agent} ended by itself, without an error${worked}`],
    failed: [`Failed: ${name}`, session.status_reason ?? `${agent} ended with exit code ${session.exit_code ?? 'unknown'}`],
    lost: [`Lost: ${name}`, `${session.status_reason ?? `The process of ${agent} is gone.`} History and files are kept.`],
  };
  const [title, body] = texts[kind];
  return bounded({ kind, title, body, tag: `session:${session.id}`, path: `/sessions/${session.id}`, session_id: session.id, ...stamp });
}

/** A budget is used up, or nearly so. It has a notification of its own: it must not hide that the session waits. */
export function budgetMessage(crossing: BudgetCrossing, session_id: string, stamp: Stamp): PushMessage {
  const { budget, state, usd, spent_usd, session_name, agent } = crossing;
  const reached = state === 'reached';
  const spent = `${dollars(spent_usd)} of ${dollars(usd)}`;
  const texts =
    budget === 'session'
      ? [
          `${reached ? 'Budget reached' : 'Budget nearly used'}: ${session_name}`,
          `${spent}. ${reached ? `No new message goes to ${agent} until you raise it.` : `At 100 % no new message goes to ${agent}.`}`,
        ]
      : [
          reached ? 'Budget of the day reached' : 'Budget of the day nearly used',
          `${spent} for all sessions. ${reached ? 'No new message goes to an agent before 00:00 UTC.' : 'At 100 % no new message goes to an agent today.'}`,
        ];
  return bounded({
    kind: 'budget',
    title: texts[0] ?? '',
    body: texts[1] ?? '',
    tag: budget === 'session' ? `budget:${session_id}` : 'budget:day',
    path: budget === 'session' ? `/sessions/${session_id}/info` : '/usage',
    session_id: budget === 'session' ? session_id : null,
    ...stamp,
  });
}

/** Approvals wait for an answer; or none does any more, and the notification that said so is replaced without a sound. */
export function approvalMessage({ approval, waiting }: ApprovalCall, stamp: Stamp): PushMessage {
  const { id, session_id, session_name, agent, ask, outcome } = approval;
  const about = { tag: `session:${session_id}`, path: `/sessions/${session_id}`, session_id, ...stamp };
  if (waiting > 0) {
    const title = waiting === 1 ? `${agent} ${askWords(ask)}` : `${agent} asks ${waiting} things`;
    const path = waiting === 1 ? `/approvals/${id}` : '/approvals';
    return bounded({ kind: 'waiting', title, body: `${session_name} · waits for your answer`, ...about, path });
  }
  const how =
    outcome === null || outcome.decision === 'unknown' ? 'It is not asked any more' : `${decisionWords(outcome)}, ${byWords(outcome)}`;
  return bounded({
    kind: 'answered',
    title: `Answered: ${session_name}`,
    body: `${how} · ${agent} ${askWords(ask)}`,
    quiet: true,
    ...about,
  });
}

/** Every other device is told of a new one, in case it was not its owner's doing. */
export function deviceMessage(device: Device, stamp: Stamp): PushMessage {
  return bounded({
    kind: 'device_paired',
    title: 'A new device was paired',
    body: `${device.name} may now reach your sessions. If that was not you, revoke it in the settings.`,
    tag: `device:${device.id}`,
    path: '/settings',
    session_id: null,
    ...stamp,
  });
}

export function testMessage(stamp: Stamp): PushMessage {
  return bounded({
    kind: 'test',
    title: 'Your home server can reach you',
    body: 'This is the test you asked for. A session that needs you calls the same way.',
    tag: 'test',
    path: '/settings',
    session_id: null,
    ...stamp,
  });
}

function stillRun(background: number): string {
  return background === 1 ? 'done, 1 program still runs' : `done, ${background} programs still run`;
}

function bounded(message: PushMessage): PushMessage {
  return { ...message, title: plain(message.title, MAX_TITLE_CHARS), body: plain(message.body, MAX_BODY_CHARS) };
}

/** One line without control, format (bidi overrides, zero width: case E5) and lone surrogate characters. */
function plain(text: string, maxChars: number): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Cf}\p{Co}\p{Cn}]/gu, '')
    .trim();
  const chars = [...line];
  return chars.length <= maxChars ? line : `${chars.slice(0, maxChars - 1).join('')}…`;
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
