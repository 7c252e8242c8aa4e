/** What changed in a session's directory, as git tells. Paths are those of the repository, whichever of its folders the session works in. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { ChangesService } from '../core/chat-service.ts';
import type { Snapshots } from '../core/chat-stores.ts';
import type { HostResult, Machine, MachineBook } from '../core/machine-ports.ts';
import type { PromptStore, SessionRow, SessionStore } from '../core/ports.ts';
import { printable } from '../core/printable.ts';
import { explained, lastLine, noRef, unchanged } from './faults.ts';
import { type Looked, readLook } from './parse.ts';
import { FILE_BYTES, LIST_BYTES, LOOK, LOOK_END, PATCH_BYTES } from './scripts.ts';

/** A session does not wait longer for the picture of its directory. */
const TAKE_S = 3;
/** A person waits for this one. */
const DIFF_S = 8;
/** Beyond that whatever hangs is ended. */
const GRACE_S = 2;
/** Exit codes that say that the machine answers. */
const OURS: ReadonlySet<number | null> = new Set([null, ...Object.values(LOOK_END)]);
const TREE = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const NO_PICTURE = 'there was no repository then, or the look at it took too long.';
/** Looks at the same time: each reads a whole directory. */
const MAX_LOOKS = 8;

export interface ChangesDeps {
  machines: MachineBook;
  store: { sessions: SessionStore; prompts: PromptStore };
}

/** What is compared with. That something is not known is no answer yet: git is asked first whether there is a repository at all. */
interface Base {
  from: ['tree' | 'ref' | 'unknown', string];
  /** Why it is not known; null where it is. */
  unknown: string | null;
}
type Query = Parameters<ChangesService['diff']>[1];
type Answer = Awaited<ReturnType<ChangesService['diff']>>;

export function createChanges({ machines, store }: ChangesDeps): ChangesService & Snapshots {
  /** Two phones that look at the same are answered by one look. */
  const looking = new Map<string, Promise<Answer>>();

  async function look(row: SessionRow, query: Query): Promise<Answer> {
    const machine = machines.get(row.machine);
    if (machine === null) throw new AfieldError('unavailable', `${printable(row.machine)} is no machine of this home any more.`);
    const { from, unknown } = base(row, query.against);
    const { code, stdout, stderr } = await run(machine, row.cwd, DIFF_S, ['diff', ...from, query.path ?? '']);
    if (code === LOOK_END.none) return { vcs: 'none', against: query.against, branch: null, files: [], more_files: 0 };
    if (code !== 0) {
      if (machine.kind === 'prefix' && !OURS.has(code)) await answering(machine, stderr);
      throw explained(code, stderr, { against: query.against, unknown, machine: row.machine, cwd: row.cwd });
    }
    return { vcs: 'git', against: query.against, ...read(stdout, query) };
  }

  function base(row: SessionRow, against: string): Base {
    if (against === 'start')
      return known(row.start_tree, `What the directory held at the start of this session is not known: ${NO_PICTURE}`);
    if (against === 'message') {
      const prompt = store.prompts.lastGiven(row.id);
      if (prompt === null) return known(null, 'No message was given to this session yet.');
      return known(prompt.tree, `What the directory held before the last message is not known: ${NO_PICTURE}`);
    }
    // No ref begins so (git-check-ref-format), and nothing that does must ever look like an option.
    if (against.startsWith('-') || /[\0\n]/.test(against)) throw noRef(against);
    return { from: ['ref', against], unknown: null };
  }

  return {
    async diff(id, query) {
      const row = store.sessions.get(id);
      if (row === null) throw new AfieldError('session_not_found', 'There is no such session.');
      if (query.path?.includes('\0')) throw new AfieldError('bad_request', 'No file has such a name.');
      const key = JSON.stringify([id, query.against, query.path ?? null]);
      const under = looking.get(key);
      if (under !== undefined) return under;
      if (looking.size >= MAX_LOOKS) throw new AfieldError('unavailable', 'Changes are being looked at already. Try again in a moment.');
      const asked = look(row, query).finally(() => looking.delete(key));
      looking.set(key, asked);
      return asked;
    },

    async take(name, cwd) {
      try {
        const machine = machines.get(name);
        if (machine === null || (machine.kind === 'ssh' && machine.line.state === 'down')) return null;
        const { code, stdout } = await run(machine, cwd, TAKE_S, ['take']);
        const tree = stdout.toString().trim();
        return code === 0 && TREE.test(tree) ? tree : null;
      } catch {
        // Nothing to compare with is no reason to keep an agent from its work.
        return null;
      }
    },
  };
}

const known = (tree: string | null, unknown: string): Base =>
  tree !== null && TREE.test(tree) ? { from: ['tree', tree], unknown: null } : { from: ['unknown', ''], unknown };

/** A command that reaches a machine ends like any program when it does not. Errors: machine_unreachable. */
async function answering(machine: Machine, stderr: string): Promise<void> {
  if ((await machine.which('sh')) !== null) return;
  throw new AfieldError('machine_unreachable', `${printable(machine.name)} does not answer: ${lastLine(stderr)}`);
}

/** The script, on the machine itself: for a prefix not on its host, which is the home server, but behind the prefix. */
async function run(machine: Machine, cwd: string, seconds: number, [mode = '', ...words]: string[]): Promise<HostResult> {
  const args = ['-c', LOOK, 'afield', mode, cwd, String(seconds), ...words];
  const behind = machine.kind === 'prefix';
  const command = behind ? await machine.wrap({ session_id: '', file: 'sh', args, cwd: '/', env: {} }, { terminal: false }) : null;
  const argv = command === null ? ['sh', ...args] : [command.file, ...command.args];
  return machine.host.run(argv, {
    timeoutMs: (seconds + GRACE_S) * 1_000,
    maxBytes: 2 * LIST_BYTES + FILE_BYTES + PATCH_BYTES,
  });
}

function read(stdout: Buffer, { path }: Query): Looked {
  const only = path !== undefined;
  const looked = readLook(stdout, { only, limit: only ? FILE_BYTES : PATCH_BYTES });
  if (only && looked.files[0]?.path !== path) throw unchanged();
  return looked;
}
