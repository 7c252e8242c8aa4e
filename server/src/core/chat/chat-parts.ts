/** What a chat session is made of, joined. */
import type { Session } from '@afield/shared/api/sessions.ts';
import type { SessionDeps, SessionLimits } from '../deps.ts';
import type { SessionRow } from '../ports.ts';
import { SessionRecord } from '../sessions/record.ts';
import { type AgentExit, AgentRun } from './agent-run.ts';
import { Asks } from './asks.ts';
import { filesOf } from './attachments.ts';
import { Budget } from './budget.ts';
import { ChatKnown } from './chat-known.ts';
import { ChatStatus } from './chat-status.ts';
import { Delivery } from './delivery.ts';
import { Hearing } from './hearing.ts';
import { Interrupt } from './interrupt.ts';
import { Transcript } from './transcript.ts';
import { Turn } from './turn.ts';

export interface ChatContext {
  deps: SessionDeps;
  limits: SessionLimits;
  row: SessionRow;
  /** Of the session: its attachments, and what is known beside its items. */
  folder: string;
}

/** What only the session decides. */
export interface ChatHooks {
  view(): Session;
  /** Its state is another: something may be given, or started. */
  changed(): void;
  exited(exit: AgentExit): void;
  /** Nothing is given to an agent that is being ended. */
  ending(): boolean;
  resumable(): boolean;
  /** Ends the agent, which did not react. */
  replace(why: string): Promise<void>;
  cancel(): void;
}

export type ChatParts = ReturnType<typeof joinParts>;

export function joinParts({ deps, limits, row, folder }: ChatContext, hooks: ChatHooks) {
  const { clock } = deps;
  const record = new SessionRecord(row, deps);
  const transcript = new Transcript(deps, record);
  const known = new ChatKnown({ record, folder, clock, can: deps.chatRuntimes.get(row.runtime)?.can ?? null });
  const status = new ChatStatus({
    deps,
    limits,
    record,
    view: hooks.view,
    runningTools: () => transcript.runningTools,
    stalled: (sentence) => transcript.notice('warning', `${sentence} Interrupt it if it does not go on.`),
    changed: hooks.changed,
  });
  const asks: Asks = new Asks(row, deps, {
    transcript,
    changed: () => turn.asksChanged(),
    give: (key, answer) => run.agent().answer(key, answer),
  });
  const budget = new Budget(deps.usage, record, { transcript, cancel: hooks.cancel });
  const turn: Turn = new Turn({
    transcript,
    status,
    asks,
    reason: () => budget.reason,
    ended: (taken) => {
      interrupt.over();
      if (taken) delivery.taken();
    },
  });
  const hearing = new Hearing({ record, transcript, status, asks, turn, known, budget, way: () => run.way });
  const run = new AgentRun(deps, row, { update: (update) => hearing.hear(update), exit: hooks.exited });
  const interrupt = new Interrupt(clock, {
    works: () => turn.works,
    cancel: () => run.agent().cancel(),
    resumable: hooks.resumable,
    notice: (text) => transcript.notice('warning', text),
    end: () => hooks.replace('It did not react to the interrupt and was ended.'),
  });
  const delivery = new Delivery(
    row.id,
    { store: deps.store.prompts, clock, snapshots: deps.snapshots },
    {
      ready: (steer) => run.up && !hooks.ending() && (!turn.works || (steer && known.can.steer)),
      verdict: () => budget.look(),
      place: () => row,
      giving: (prompt) => {
        turn.given();
        transcript.prompted(prompt);
      },
      give: async ({ id, content, attachments }) => run.agent().prompt({ id, content, files: await filesOf(folder, attachments) }),
      refused: (_prompt, reason) => {
        transcript.notice('error', `The prompt was not given to the agent. ${reason}`);
        turn.refused();
      },
    },
    {
      changed: (prompt_id, state, reason) => record.delivered(prompt_id, state, reason),
      queue: () => record.queueChanged(),
      fault: (error) => deps.warn(`Prompts of session ${row.id} cannot be given.`, error),
      again: hooks.changed,
    },
  );
  return { record, transcript, known, status, asks, budget, turn, run, interrupt, delivery };
}
