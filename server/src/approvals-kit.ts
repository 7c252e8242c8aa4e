/** For tests: approvals and rules over a real store, with a clock that stands still and agents that take what they are told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApprovalOption, Question } from '@afield/shared/api/approvals.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { uuidv7 } from 'uuidv7';
import { createRecipes } from './agents/index.ts';
import { createApprovals } from './core/approvals/approvals.ts';
import { createRules } from './core/approvals/rules.ts';
import type { AgentAnswer, Ask, AskOption } from './core/chat-ports.ts';
import { createEventLog } from './core/event-log.ts';
import { manualClock } from './core/manual-clock.ts';
import type { SessionRow } from './core/ports.ts';
import { sampleProject, sampleRow } from './sample-row.ts';
import { openStore, type Store } from './store/store.ts';

export const OPTIONS: Record<'once' | 'session' | 'always' | 'deny', ApprovalOption> = {
  once: { id: 'y', label: 'Yes', decision: 'allow', scope: 'once', covers: null },
  session: { id: 's', label: 'Yes, in this session', decision: 'allow', scope: 'session', covers: 'npm *' },
  always: { id: 'a', label: 'Yes, always', decision: 'allow', scope: 'always', covers: 'npm test, kept in its settings' },
  deny: { id: 'n', label: 'No', decision: 'deny', scope: 'once', covers: null },
};

/** Whatever an agent asks, in two words. */
export const YES_NO: AskOption[] = [
  { id: 'yes', label: 'Yes', decision: 'allow', scope: 'once' },
  { id: 'no', label: 'No', decision: 'deny', scope: 'once' },
];

export const sampleAsk = (changes: Partial<Ask> = {}): Ask => ({
  kind: 'permission',
  tool_id: 't1',
  tool_kind: 'execute',
  tool_name: 'Bash',
  subject: 'npm test',
  detail: null,
  diffs: [],
  options: [OPTIONS.once, OPTIONS.always, OPTIONS.deny],
  questions: [],
  ...changes,
});

export const sampleQuestion = (changes: Partial<Question> = {}): Question => ({
  id: 'q',
  text: 'Which one?',
  type: 'choice',
  choices: [
    { id: 'one', label: 'One', description: null },
    { id: 'two', label: 'Two', description: null },
  ],
  multiple: false,
  free: false,
  required: true,
  ...changes,
});

/** A chat whose agent works. */
export const sampleChat = (changes: Partial<SessionRow> = {}): SessionRow =>
  sampleRow({ agent: 'claude', cwd: '/srv/web', faces: ['chat'], runtime: 'claude-stream', status: 'busy', pid: 1, ...changes });

export interface ApprovalHouseOptions {
  sessions?: SessionRow[];
  /** Ids; each gets a directory of its own. */
  projects?: string[];
  /** Kept from an earlier house: a restart. */
  folder?: string;
  /** Stands before the real store: a disk that is full, say. */
  over?(store: Store): Store;
}

/** Houses of one file's tests; `close` after each of them. */
export function approvalHouses() {
  const houses: ApprovalHouse[] = [];
  const open = (options?: ApprovalHouseOptions): ApprovalHouse => {
    const house = approvalHouse(options);
    houses.push(house);
    return house;
  };
  return {
    open,
    /** The home server ends and starts again. */
    restart(house: ApprovalHouse): ApprovalHouse {
      houses.splice(houses.indexOf(house), 1);
      house.close({ keep: true });
      return open({ folder: house.folder });
    },
    close() {
      for (const house of houses.splice(0)) house.close();
    },
  };
}

/** Close it. */
export function approvalHouse({ sessions = [sampleChat()], projects = [], folder, over = (store) => store }: ApprovalHouseOptions = {}) {
  const at = folder ?? mkdtempSync(join(tmpdir(), 'afield-approvals-'));
  const opened = openStore(join(at, 'afield.db'));
  const clock = manualClock();
  const created_at = new Date(clock.now()).toISOString();
  if (folder === undefined) {
    for (const row of sessions) opened.sessions.insert(row);
    for (const id of projects) opened.projects.insert(sampleProject(id, { created_at }));
  }
  const store = over(opened);
  const events = createEventLog(store.events, clock);
  const heard: AfieldEvent[] = [];
  events.subscribe((event) => heard.push(event));
  const warnings: string[] = [];
  const recipes = createRecipes({ agents: {} });
  const deps = { clock, newId: uuidv7, store, events, recipes, warn: (message: string) => void warnings.push(message) };
  const before = events.nextSeq();
  const approvals = createApprovals(deps);
  const row = sessions[0] as SessionRow;
  return {
    desk: approvals.desk,
    service: approvals.service,
    closeApprovals: () => approvals.close(),
    rules: createRules(deps),
    folder: at,
    store: opened,
    clock,
    heard,
    warnings,
    row,
    /** An agent asks; it takes every answer unless told otherwise. */
    ask(
      ask: Partial<Ask> = {},
      { of = row, takes = async () => {} }: { of?: SessionRow; takes?: (answer: AgentAnswer) => Promise<void> } = {},
    ) {
      const taken: AgentAnswer[] = [];
      const deliver = async (answer: AgentAnswer) => {
        taken.push(answer);
        await takes(answer);
      };
      const approval = approvals.desk.ask(of, { ask: sampleAsk(ask), item_id: null, deliver });
      return { id: approval.id, hash: approval.hash, approval, taken };
    },
    /** What this house told of approvals: type and state, in order. */
    told: () =>
      events
        .read({ since: before - 1, limit: 1_000, types: ['approval.requested', 'approval.resolved'] })
        .map((event) => `${event.type} ${(event.payload as { approval: { state: string } }).approval.state}`),
    logged: (id = row.id) =>
      opened.logs
        .read({ session_id: id, types: ['approval'], limit: 100 })
        .map(({ text }) => text)
        .reverse(),
    /** Whatever promises are due have had their turn. */
    settled: () => new Promise<void>((resolve) => setImmediate(resolve)),
    close({ keep = false } = {}) {
      opened.close();
      if (!keep) rmSync(at, { recursive: true, force: true });
    },
  };
}
export type ApprovalHouse = ReturnType<typeof approvalHouse>;
