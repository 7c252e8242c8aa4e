/** The state of a chat session: one place where its status changes, the end of turns, and what is said when nothing comes any more. */
import type { Session, SessionStatus } from '@afield/shared/api/sessions.ts';
import { timestamp } from '../clock.ts';
import type { SessionDeps, SessionLimits } from '../deps.ts';
import type { SessionRow } from '../ports.ts';
import type { SessionRecord } from '../sessions/record.ts';
import { Prober } from '../state/probe.ts';
import { TurnEnd } from '../state/turn-end.ts';
import { Track } from '../track.ts';

/** What it does is told this often at most. */
const ACTIVITY_MS = 250;
/** A tool that runs is silent for good reasons: the patience with it, in multiples of the ordinary one. */
const TOOL_PATIENCE = 5;

export interface ChatStatusOptions {
  deps: Pick<SessionDeps, 'clock' | 'machines'>;
  limits: Pick<SessionLimits, 'stallAfterMs'>;
  record: SessionRecord;
  view(): Session;
  /** Calls of tools that run now. */
  runningTools(): number;
  /** Nothing came for so long though it works: told once a silence. */
  stalled(sentence: string): void;
  changed(): void;
}

export class ChatStatus {
  readonly track: Track;
  readonly #options: ChatStatusOptions;
  readonly #row: SessionRow;
  readonly #turn: TurnEnd;
  readonly #prober: Prober;
  #heardAt: number;
  #stall: { cancel(): void } | null = null;
  /** What it said before nothing came any more; undefined: things come. */
  #reasonBefore: string | null | undefined;
  #activityAt = Number.NEGATIVE_INFINITY;
  #activity: { cancel(): void } | null = null;
  #over = false;

  constructor(options: ChatStatusOptions) {
    const { record, deps, view } = options;
    const { clock, machines } = deps;
    this.#options = options;
    this.#row = record.row;
    this.#heardAt = clock.monotonic();
    this.track = new Track(clock.monotonic());
    const processes = async (sample_ms: number) =>
      (await machines.get(this.#row.machine)?.processes({ id: this.#row.id, pid: this.#row.pid }, sample_ms)) ?? null;
    this.#turn = new TurnEnd(clock, this.#row.status, {
      printedAt: () => this.#heardAt,
      processes,
      done: (background) => record.publish('agent.idle', { session: view(), background }),
    });
    // Looks only when it is asked to.
    this.#prober = new Prober(clock, 0, {
      session_id: this.#row.id,
      shell: false,
      knownFace: true,
      title: () => this.#row.title,
      reading: () => {
        const { status, status_reason: reason, activity } = this.#row;
        return status === 'busy' || status === 'idle' || status === 'waiting' ? { status, reason, activity, seen: true } : null;
      },
      foreign: () => null,
      alternate: () => false,
      movedAt: () => this.#heardAt,
      processes,
      observed: () => {},
      told: (probe) => {
        record.publish('probe.result', { probe });
        record.log('probe', probe.reason, { verdict: probe.verdict, quiet_ms: probe.quiet_ms, facts: probe.facts });
      },
    });
  }

  get status(): SessionStatus {
    return this.#row.status;
  }

  /** Why it is quiet. */
  readonly probe = () => this.#prober.probe();

  /** The agent said something of so many bytes. */
  heard(bytes: number): void {
    const { clock } = this.#options.deps;
    this.#heardAt = clock.monotonic();
    this.track.output(bytes, this.#heardAt);
    this.#row.last_output_at = timestamp(clock);
    this.#options.record.saveSoon();
    if (this.#reasonBefore !== undefined && this.#row.status === 'busy') this.become('busy', this.#reasonBefore);
  }

  become(status: SessionStatus, status_reason: string | null, more: Partial<SessionRow> = {}): void {
    const { record, view, changed, deps } = this.#options;
    const previous = this.#row.status;
    if (previous === status && this.#row.status_reason === status_reason && Object.keys(more).length === 0) {
      changed();
      return;
    }
    this.#reasonBefore = undefined;
    this.#activity?.cancel();
    this.#activity = null;
    this.track.waiting(status === 'waiting', deps.clock.monotonic());
    record.save({ activity: status === 'busy' ? (this.#row.activity ?? 'thinking') : null, ...more, status, status_reason });
    record.publish('session.status_changed', { session: view(), previous });
    if (previous !== status) {
      record.log('state', status_reason === null ? status : `${status}: ${status_reason}`, { status, previous });
      if (status === 'busy' && previous !== 'waiting') record.publish('agent.thinking', { session: view() });
    }
    if (!this.#over) this.#turn.became(status);
    this.#watch();
    changed();
  }

  /** What it does, while it is busy. */
  does(activity: NonNullable<Session['activity']>): void {
    if (this.#row.status !== 'busy' || this.#row.activity === activity) {
      this.#activity?.cancel();
      this.#activity = null;
      return;
    }
    const { clock } = this.#options.deps;
    const wait = this.#activityAt + ACTIVITY_MS - clock.monotonic();
    this.#activity?.cancel();
    this.#activity = null;
    if (wait > 0) this.#activity = clock.setTimeout(() => this.#tellActivity(activity), Math.ceil(wait));
    else this.#tellActivity(activity);
  }

  stop(): void {
    this.#over = true;
    this.#turn.stop();
    this.#prober.stop();
    this.#stall?.cancel();
    this.#activity?.cancel();
  }

  #tellActivity(activity: NonNullable<Session['activity']>): void {
    this.#activity = null;
    if (this.#over || this.#row.status !== 'busy') return;
    const { record, view, deps } = this.#options;
    this.#activityAt = deps.clock.monotonic();
    record.save({ activity });
    record.publish('session.status_changed', { session: view(), previous: 'busy' });
  }

  #watch(): void {
    this.#stall?.cancel();
    this.#stall = null;
    const { stallAfterMs } = this.#options.limits;
    if (this.#over || stallAfterMs === 0 || this.#row.status !== 'busy') return;
    this.#heardAt = this.#options.deps.clock.monotonic();
    this.#await(1);
  }

  /** `step`: how many times the patience. */
  #await(step: number): void {
    const { deps, limits } = this.#options;
    const left = this.#heardAt + limits.stallAfterMs * step - deps.clock.monotonic();
    this.#stall = deps.clock.setTimeout(() => this.#look(step), Math.max(1, Math.ceil(left)));
  }

  #look(step: number): void {
    const { deps, limits, record, view, runningTools, stalled } = this.#options;
    const quiet = deps.clock.monotonic() - this.#heardAt;
    const patience = runningTools() > 0 ? TOOL_PATIENCE : 1;
    if (quiet < limits.stallAfterMs * patience) {
      this.#await(quiet < limits.stallAfterMs ? 1 : step + 1);
      return;
    }
    const sentence = `No word from the agent for ${spoken(quiet)}.`;
    const first = this.#reasonBefore === undefined;
    if (first) this.#reasonBefore = this.#row.status_reason;
    record.save({ status_reason: sentence });
    record.publish('session.status_changed', { session: view(), previous: 'busy' });
    if (first) stalled(sentence);
    this.#prober.probe().catch(() => {});
    this.#await(step * 2);
  }
}

function spoken(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 120) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} hours`;
}
