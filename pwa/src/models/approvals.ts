import type { Approval, ApprovalAnswer, ApprovalAsk } from '@afield/shared/api/approvals.ts';
import { approvalBytes, canOnlyBeDenied } from '@afield/shared/approval-bytes.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { failureOf } from './action.ts';
import { type HomeLink, isOpen } from './home-link.ts';
import { whileOpen } from './while-open.ts';

/** As many are asked for in one request, and kept at all. */
const PAGE = 200;
const MAX_APPROVALS = 500;
/** How long an answered one still stands where it was, so that one sees what became of it. */
const SHOWN_MS = 8_000;

/** What a person answers; the hash of what was shown is added here. */
export type Given = Omit<ApprovalAnswer, 'hash'>;

/** An answer of this device on its way. `words`: of the button. `late`: somebody was first, `text` says who. */
export interface Answering {
  words: string;
  given: Given;
  state: 'sending' | 'waiting' | 'sent' | 'failed' | 'late';
  text: string | null;
}

/** `hash`: of exactly what is shown, made on this device; null: it cannot be made here; undefined: not yet. */
export interface Shown {
  approval: Approval;
  answering: Answering | null;
  hash: string | null | undefined;
}

const RANK: Record<Approval['state'], number> = { pending: 0, answered: 1, delivered: 2, gone: 2 };

/** SHA-256 of what an answer agrees to, hex; null where this browser cannot make it (no secure context). */
export async function hashOf(ask: ApprovalAsk): Promise<string | null> {
  try {
    const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(approvalBytes(ask)));
    return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  } catch {
    return null;
  }
}

/** Why nothing but a denial is offered; null: all of it is. */
export function onlyDeny({ approval, hash }: Shown): 'hash' | 'changed' | 'long' | null {
  if (hash === null) return 'hash';
  if (hash !== undefined && hash !== approval.hash) return 'changed';
  return canOnlyBeDenied(approval.ask) || approval.ask.diffs.some((diff) => diff.cut) ? 'long' : null;
}

export interface Approvals {
  /** Open ones, and those that were answered a moment ago; oldest first. */
  shown: ReadonlySignal<readonly Shown[]>;
  /** How many wait for somebody. */
  waiting: ReadonlySignal<number>;
  /** Sessions of which one is shown. */
  sessions: ReadonlySignal<ReadonlySet<string>>;
  /** All that are known here, by id; old ones that were looked at too. */
  known: ReadonlySignal<ReadonlyMap<string, Shown>>;
  /** As it is now; null: not known here. */
  find(id: string): Shown | null;
  /** Asks for one that is not known here: an old one. Throws. */
  look(id: string): Promise<void>;
  /** Resolves when home has answered, or cannot be asked now. Nothing happens while an answer is on its way. */
  answer(id: string, words: string, given: Given): Promise<void>;
  /** The same decision for all of them, in one request. */
  answerAll(ids: readonly string[], words: string, decision: 'allow' | 'deny'): Promise<void>;
  /** What became of it has been read. */
  dismiss(id: string): void;
  stop(): void;
}

/** As `find`, but no method: whoever draws it follows what happens to it. */
export function findApproval({ known }: Pick<Approvals, 'known'>, id: string): Shown | null {
  return known.value.get(id) ?? null;
}

/** Every approval that waits, wherever it was asked. */
export function watchApprovals(link: HomeLink): Approvals {
  const all = signal<ReadonlyMap<string, Shown>>(new Map());
  const timers = new Map<string, ReturnType<typeof setTimeout>>();

  const set = (id: string, change: Partial<Shown>): void => {
    const known = all.peek().get(id);
    if (known !== undefined) all.value = new Map(all.peek()).set(id, { ...known, ...change });
  };
  const answering = (id: string, change: Partial<Answering>): void => {
    const now = all.peek().get(id)?.answering;
    if (now) set(id, { answering: { ...now, ...change } });
  };
  function drop(id: string): void {
    keep(id);
    if (!all.peek().has(id)) return;
    const next = new Map(all.peek());
    next.delete(id);
    all.value = next;
  }
  function keep(id: string): void {
    clearTimeout(timers.get(id));
    timers.delete(id);
  }
  function leaveSoon(id: string): void {
    if (timers.has(id)) return;
    const timer = setTimeout(() => leave(id), SHOWN_MS);
    timers.set(id, timer);
  }
  /** Out of what is shown; who looks at it now goes on doing so. */
  function leave(id: string): void {
    keep(id);
    set(id, { answering: null });
  }
  const isShown = ({ approval, answering: mine }: Shown): boolean => RANK[approval.state] < 2 || mine !== null || timers.has(approval.id);

  /** False: there are as many as anybody could answer, and all of them are shown. */
  function makeRoom(): boolean {
    if (all.peek().size < MAX_APPROVALS) return true;
    const old = [...all.peek().values()].find((one) => !isShown(one));
    if (old === undefined) return false;
    drop(old.approval.id);
    return true;
  }

  /** A state never goes back: what comes late is older. */
  function take(approval: Approval, old = false): void {
    const known = all.peek().get(approval.id);
    if (known !== undefined && RANK[known.approval.state] > RANK[approval.state]) return;
    if (known === undefined && ((!old && RANK[approval.state] === 2) || !makeRoom())) return;
    const same =
      known !== undefined && known.approval.hash === approval.hash && approvalBytes(known.approval.ask) === approvalBytes(approval.ask);
    const next: Shown = { answering: null, ...known, approval, hash: same ? known?.hash : undefined };
    // Why an answer was not used stays until it was read.
    if (RANK[approval.state] === 2 && next.answering?.state !== 'late' && !old) leaveSoon(approval.id);
    all.value = new Map(all.peek()).set(approval.id, next);
    if (!same) void hashOf(approval.ask).then((hash) => set(approval.id, { hash }));
  }

  async function load(): Promise<void> {
    const listed = new Set<string>();
    let cursor: string | null = null;
    try {
      do {
        const query = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
        const page: { items: Approval[]; next_cursor: string | null } = await link.call('listApprovals', { query });
        for (const approval of page.items) {
          listed.add(approval.id);
          take(approval);
        }
        cursor = page.next_cursor;
      } while (cursor !== null && listed.size < MAX_APPROVALS);
    } catch {
      // The list of sessions says that home does not answer; what waits shows there too.
      return;
    }
    for (const [id, { approval, answering: mine }] of all.peek()) {
      // Answered while nobody heard of it. What this device answered itself is sent again, and tells.
      if (!listed.has(id) && RANK[approval.state] < 2 && mine === null) drop(id);
    }
  }

  async function send(id: string): Promise<void> {
    const one = all.peek().get(id);
    if (!one?.answering) return;
    answering(id, { state: 'sending', text: null });
    // A denial needs no agreement to what is shown here.
    const allows = one.answering.given.decision !== 'deny' && one.answering.given.decision !== 'cancel';
    try {
      const hash = allows ? (one.hash ?? (await hashOf(one.approval.ask))) : one.approval.hash;
      if (!hash) throw new Error('This browser cannot check what is shown, so it may not be allowed here.');
      const approval = await link.call('answerApproval', { params: { id }, body: { ...one.answering.given, hash } });
      answering(id, { state: 'sent' });
      take(approval);
    } catch (cause) {
      await failed(id, cause);
    }
  }

  async function failed(id: string, cause: unknown): Promise<void> {
    const { text, code } = failureOf(cause);
    if (code === 'approval_answered') {
      keep(id);
      answering(id, { state: 'late', text });
    } else if (code === 'unavailable' && !isOpen(link)) answering(id, { state: 'waiting', text: null });
    else answering(id, { state: 'failed', text });
    if (code === 'approval_answered' || code === 'approval_changed') await look(id).catch(() => undefined); // its event follows in any case
  }

  async function look(id: string): Promise<void> {
    take(await link.call('getApproval', { params: { id } }), true);
  }

  function begin(id: string, words: string, given: Given): boolean {
    const one = all.peek().get(id);
    const busy = one?.answering?.state === 'sending' || one?.answering?.state === 'waiting';
    if (one === undefined || one.approval.state !== 'pending' || busy) return false;
    set(id, { answering: { words, given, state: 'sending', text: null } });
    return true;
  }

  function onEvent(event: AfieldEvent): void {
    if (event.type === 'approval.requested' || event.type === 'approval.resolved') take(event.payload.approval);
  }

  const subscription = link.subscribe({ topics: ['approval.*'], onGap: () => void load() }, onEvent);
  const stop = whileOpen(link, () => {
    void load();
    // The same answer again is answered from the record, so none is lost and none counts twice.
    for (const [id, { answering: mine }] of all.peek()) if (mine?.state === 'waiting') void send(id);
  });

  const shown = computed(() =>
    [...all.value.values()]
      .filter(isShown)
      .sort(({ approval: a }, { approval: b }) => a.created_at.localeCompare(b.created_at) || a.id.localeCompare(b.id)),
  );
  return {
    shown,
    waiting: computed(
      () => shown.value.filter(({ approval, answering: mine }) => approval.state === 'pending' && !isUnderWay(mine)).length,
    ),
    sessions: computed(() => new Set(shown.value.map(({ approval }) => approval.session_id))),
    known: all,
    find: (id) => all.peek().get(id) ?? null,
    look,
    async answer(id, words, given) {
      if (begin(id, words, given)) await send(id);
    },
    async answerAll(ids, words, decision) {
      const given: Given = { decision, scope: 'once' };
      const begun = ids.filter((id) => begin(id, words, given));
      const answers = begun.flatMap((id) => {
        const one = all.peek().get(id);
        const hash = decision === 'allow' ? one?.hash : one?.approval.hash;
        return hash ? [{ ...given, id, hash }] : [];
      });
      try {
        const { items } = await link.call('answerApprovals', { body: { answers } });
        for (const { id, approval, error } of items) {
          if (approval === null) await failed(id, Object.assign(new Error(error?.detail ?? ''), { code: error?.code }));
          else {
            answering(id, { state: 'sent' });
            take(approval);
          }
        }
      } catch (cause) {
        for (const id of begun) await failed(id, cause);
      }
    },
    dismiss: leave,
    stop() {
      for (const timer of timers.values()) clearTimeout(timer);
      stop();
      subscription.close();
    },
  };
}

function isUnderWay(answering: Answering | null): boolean {
  return answering !== null && answering.state !== 'failed';
}
