/** Approvals as they are written and told. What the disk does not take now is kept in memory until it does: an answer must reach its agent. */
import type { Approval } from '@afield/shared/api/approvals.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ApprovalRow } from '../chat-stores.ts';
import { timestamp } from '../clock.ts';
import type { ApprovalDeps } from './deps.ts';

/** What could not be written is tried again this often, in ms. */
const WRITE_AGAIN_MS = 5_000;
/** Of what is over and could not be written, so many are remembered. */
const MAX_UNWRITTEN = 1_000;
/** Approvals of one session that are kept, and how many are asked before the oldest of its session are deleted. */
const KEEP = 5_000;
const PRUNE_EVERY = 100;
const LOG_CHARACTERS = 4 * 1024;

export class ApprovalBook {
  readonly #deps: ApprovalDeps;
  readonly #unwritten = new Map<string, ApprovalRow>();
  #timer: { cancel(): void } | null = null;
  #closed = false;
  #added = 0;

  constructor(deps: ApprovalDeps) {
    this.#deps = deps;
  }

  get(id: string): ApprovalRow | null {
    return this.#unwritten.get(id) ?? this.#deps.store.approvals.get(id);
  }

  add(row: ApprovalRow): void {
    const { approvals } = this.#deps.store;
    this.#write(row, () => approvals.insert(row));
    // An agent that asks in a loop, and a rule that answers it, must not fill the disk.
    if (++this.#added % PRUNE_EVERY === 0) this.guarded(() => approvals.prune(row.session_id, KEEP));
  }

  change(row: ApprovalRow, changes: Partial<Pick<ApprovalRow, 'state' | 'outcome'>>): ApprovalRow {
    const changed = { ...row, ...changes };
    if (this.#unwritten.has(row.id)) this.#unwritten.set(row.id, changed);
    else this.#write(changed, () => this.#deps.store.approvals.update(row.id, changes));
    return changed;
  }

  tell(type: 'approval.requested' | 'approval.resolved', row: ApprovalRow): void {
    this.guarded(() => this.#deps.events.publish(type, row.session_id, { approval: this.view(row) }));
  }

  log({ id, session_id }: ApprovalRow, text: string): void {
    const entry = { seq: 0, session_id, timestamp: timestamp(this.#deps.clock), type: 'approval', detail: { approval_id: id } } as const;
    this.guarded(() => this.#deps.events.publish('log', session_id, { entry: { ...entry, text: text.slice(0, LOG_CHARACTERS) } }));
  }

  /** As everybody may see it. */
  view(row: ApprovalRow): Approval {
    const session = this.#deps.store.sessions.get(row.session_id);
    return { ...row, session_name: session?.name ?? '', machine: session?.machine ?? '' };
  }

  /** One last try for what could not be written. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    if (this.#unwritten.size > 0) this.#writeAgain();
  }

  #write(row: ApprovalRow, write: () => void): void {
    if (this.guarded(write)) return;
    this.#unwritten.set(row.id, row);
    if (this.#unwritten.size > MAX_UNWRITTEN) this.#forgetOne();
    if (!this.#closed) this.#timer ??= this.#deps.clock.setTimeout(() => this.#writeAgain(), WRITE_AGAIN_MS);
  }

  #writeAgain(): void {
    this.#timer = null;
    const { approvals } = this.#deps.store;
    for (const row of [...this.#unwritten.values()]) {
      const { id, state, outcome } = row;
      const written = this.guarded(() => (approvals.get(id) === null ? approvals.insert(row) : approvals.update(id, { state, outcome })));
      if (!written) break;
      this.#unwritten.delete(id);
    }
    if (this.#unwritten.size > 0 && !this.#closed) this.#timer = this.#deps.clock.setTimeout(() => this.#writeAgain(), WRITE_AGAIN_MS);
  }

  #forgetOne(): void {
    const over = [...this.#unwritten.values()].find(({ state }) => state === 'delivered' || state === 'gone');
    if (over !== undefined) this.#unwritten.delete(over.id);
  }

  /** False: it could not be written. Of a full disk everybody was told once. */
  guarded(write: () => unknown): boolean {
    try {
      write();
      return true;
    } catch (error) {
      const full = this.#deps.disk?.failed(error) === true || (error instanceof AfieldError && error.code === 'storage_full');
      if (!full) this.#deps.warn('An approval cannot be written.', error);
      return false;
    }
  }
}
