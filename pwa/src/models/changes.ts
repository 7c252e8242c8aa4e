import type { ChangedFile } from '@afield/shared/api/changes.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { batch, computed, createModel, effect, signal } from '@preact/signals';
import { type Failure, failureOf } from './action.ts';
import { type HomeLink, isOpen } from './home-link.ts';
import { whileOpen } from './while-open.ts';

/** What is compared with; a person may give any branch, tag or commit beside these. */
export const BASES = ['start', 'HEAD', 'message'] as const;

/** After an end of a tool call or a turn: several often come together. */
const SETTLE_MS = 700;

export interface Changes {
  vcs: 'git' | 'none';
  against: string;
  branch: string | null;
  files: ChangedFile[];
  more_files: number;
}

/** A file that is looked at: `null` while it is fetched. */
export type Opened = { file: ChangedFile | null; failure: Failure | null };

const ENDS: ReadonlySet<AfieldEvent['type']> = new Set([
  'tool.call_complete',
  'tool.call_error',
  'session.status_changed',
  'agent.idle',
  'message.state_changed',
]);

/** What changed in the directory of a session, kept as it is now while the screen stands open. */
export const ChangesModel = createModel((link: HomeLink, sessionId: string) => {
  const against = signal<string>('start');
  const changes = signal<Changes | null>(null);
  const failure = signal<Failure | null>(null);
  const loading = signal(false);
  const seenAt = signal<number | null>(null);
  const opened = signal<ReadonlyMap<string, Opened>>(new Map());
  let round = 0;
  let again = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const ask = (path?: string) =>
    link.call('getDiff', { params: { id: sessionId }, query: { against: against.peek(), ...(path === undefined ? {} : { path }) } });

  async function load(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (loading.peek()) {
      again = true;
      return;
    }
    const mine = round;
    loading.value = true;
    try {
      const found = await ask();
      if (mine === round) take(found);
    } catch (cause) {
      if (mine === round) fail(failureOf(cause));
    } finally {
      loading.value = false;
    }
    if (!again && mine === round) return;
    again = false;
    await load();
  }

  function take(found: Changes): void {
    const open = new Map<string, Opened>();
    for (const file of found.files) {
      const known = opened.peek().get(file.path);
      if (known !== undefined) open.set(file.path, file.hunks === null ? known : { file, failure: null });
    }
    batch(() => {
      changes.value = found;
      failure.value = null;
      seenAt.value = Date.now();
      opened.value = open;
    });
    for (const file of found.files) if (open.has(file.path) && file.hunks === null) void fetchFile(file.path);
  }

  function fail(why: Failure): void {
    batch(() => {
      failure.value = why;
      // Once there is a repository, that there is none is no picture to keep.
      if (changes.peek()?.vcs === 'none') changes.value = null;
    });
  }

  async function fetchFile(path: string): Promise<void> {
    const mine = round;
    let next: Opened;
    try {
      next = { file: (await ask(path)).files[0] ?? null, failure: null };
    } catch (cause) {
      next = { file: null, failure: failureOf(cause) };
    }
    // Closed meanwhile, or compared with something else.
    if (mine === round && opened.peek().has(path)) opened.value = new Map(opened.peek()).set(path, next);
  }

  function loadSoon(): void {
    if (isOpen(link)) timer ??= setTimeout(() => void load(), SETTLE_MS);
  }

  const subscription = link.subscribe(
    { topics: ['tool.*', 'session.*', 'agent.idle', 'message.state_changed'], session_id: sessionId },
    (event) => {
      if (event.session_id === sessionId && ENDS.has(event.type)) loadSoon();
    },
  );
  const stop = whileOpen(link, () => void load());
  effect(() => () => {
    clearTimeout(timer);
    round += 1;
    stop();
    subscription.close();
  });

  return {
    against,
    /** Null until the first answer. */
    changes,
    failure,
    loading,
    /** When it was so, in ms; null: never. */
    seenAt,
    opened,
    total: computed(() => {
      const files = changes.value?.files ?? [];
      const sum = (key: 'added' | 'deleted') => files.reduce((all, file) => all + file[key], 0);
      return { added: sum('added'), deleted: sum('deleted') };
    }),
    /** After a failure: another base, the same one once somebody has made a commit, or simply again. */
    wayOut: computed<'HEAD' | 'start' | 'commit' | 'again'>(() => {
      const code = failure.value?.code;
      const atHead = against.value === 'HEAD';
      if (code === 'no_commit') return atHead ? 'start' : 'commit';
      return code === 'not_found' && !atHead ? 'HEAD' : 'again';
    }),
    reload: () => load(),
    compare(base: string) {
      if (base === against.peek()) return;
      round += 1;
      batch(() => {
        against.value = base;
        changes.value = null;
        failure.value = null;
        opened.value = new Map();
      });
      void load();
    },
    /** Opens a file, or closes it. */
    toggle({ path, hunks, ...file }: ChangedFile) {
      const next = new Map(opened.peek());
      if (next.delete(path)) {
        opened.value = next;
        return;
      }
      opened.value = next.set(path, { file: hunks === null ? null : { path, hunks, ...file }, failure: null });
      if (hunks === null) void fetchFile(path);
    },
  };
});
export type ChangesOf = InstanceType<typeof ChangesModel>;
