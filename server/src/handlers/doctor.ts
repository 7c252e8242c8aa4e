/** Checks of the environment. Each that is not well says what to do about it. */
import { access, constants, stat, statfs } from 'node:fs/promises';
import type { Agent } from '@afield/shared/api/agents.ts';
import type { Check, RelayState, Storage } from '@afield/shared/api/system.ts';

export interface DoctorDeps {
  node: string;
  dataDir: string;
  /** Files and folders with secrets in them. */
  secrets: readonly { path: string; mode: number }[];
  /** Settings that do nothing or look odd. */
  warnings: readonly string[];
  relay(): RelayState;
  room: string;
  agents(): Promise<Agent[]>;
  /** What sessions on this machine run in; `version`: what tmux says of itself, `fault`: why there is no runtime at all. */
  tmux(): Promise<{ setting: string; version: string | null; runtime: string | null; fault: string | null }>;
  /** Null, or what the database's own check finds. */
  database(): string | null;
  push(): Check[];
  storage(): Storage;
  history(): Check[];
  /** Programs of sessions that are over. */
  strays(): Promise<{ machine: string; pid: number; command: string }[]>;
}

const MB = 1024 * 1024;
/** Recordings and the database need room to grow for some days. */
const LOW_DISK_BYTES = 1024 * MB;
const NO_DISK_BYTES = 100 * MB;

const well = (name: string, detail: string): Check => ({ name, ok: true, level: 'ok', detail, fix: null });
const hint = (name: string, detail: string, fix: string | null): Check => ({ name, ok: true, level: 'hint', detail, fix });
const warning = (name: string, detail: string, fix: string): Check => ({ name, ok: false, level: 'warning', detail, fix });
const fault = (name: string, detail: string, fix: string): Check => ({ name, ok: false, level: 'fault', detail, fix });

/** None of them throws, and none changes anything. */
export async function runChecks(deps: DoctorDeps): Promise<Check[]> {
  const [modes, disk, agents, tmux, strays] = await Promise.all([
    checkModes(deps),
    checkDisk(deps),
    checkAgents(deps),
    checkTmux(deps),
    checkStrays(deps),
  ]);
  return [
    well('node', `Node ${deps.node}`),
    ...modes,
    disk,
    checkDatabase(deps),
    checkRelay(deps),
    agents,
    tmux,
    ...strays,
    ...deps.push(),
    ...deps.history(),
    ...checkSettings(deps),
  ];
}

async function checkModes({ secrets }: DoctorDeps): Promise<Check[]> {
  if (process.platform === 'win32') return [];
  const odd: Check[] = [];
  for (const { path, mode } of secrets) {
    const found = await stat(path).catch(() => null);
    if (found === null || (found.mode & 0o777 & ~mode) === 0) continue;
    const octal = (bits: number) => (bits & 0o777).toString(8).padStart(4, '0');
    odd.push(
      fault(
        'files',
        `${path} may be used by others (${octal(found.mode)} instead of ${octal(mode)}).`,
        `chmod ${octal(mode).slice(1)} '${path}'`,
      ),
    );
  }
  return odd.length > 0 ? odd : [well('files', 'Keys, token and data are yours alone.')];
}

async function checkDisk({ dataDir, storage }: DoctorDeps): Promise<Check> {
  const { writing, detail: why } = storage();
  if (!writing)
    return fault('disk', why ?? 'Nothing new is kept.', `Make room for ${dataDir}, or delete old sessions: afield history prune`);
  try {
    await access(dataDir, constants.W_OK);
    const { bavail, bsize } = await statfs(dataDir);
    const free = bavail * bsize;
    const detail = `${Math.floor(free / MB)} MB are free for ${dataDir}.`;
    const fix = 'Make room on this disk, or delete old sessions with their recordings: afield history prune';
    if (free < NO_DISK_BYTES) return fault('disk', detail, fix);
    return free < LOW_DISK_BYTES ? warning('disk', detail, fix) : well('disk', detail);
  } catch (error) {
    return fault('disk', `${dataDir} cannot be written: ${(error as Error).message}`, `Make it yours: chown -R $USER '${dataDir}'`);
  }
}

function checkDatabase({ database }: DoctorDeps): Check {
  const found = database();
  return found === null
    ? well('database', 'The database is sound.')
    : fault('database', `The database is damaged: ${found}`, 'Stop the server, keep a copy of afield.db, and put a backup in its place.');
}

function checkRelay({ relay, room }: DoctorDeps): Check {
  const { state, url, detail, spares } = relay();
  if (state === 'off') {
    return hint(
      'relay',
      'No relay is configured: phones reach this server only from this machine.',
      'Set relay: wss://… in config.yaml; see docs/guides/relay-on-a-vps.md.',
    );
  }
  if (state === 'up') return well('relay', `${url} is reached; ${spares} sockets wait there, in room ${room}.`);
  if (state === 'connecting') return hint('relay', `${url} is being dialled.`, 'Ask again in a few seconds.');
  return fault(
    'relay',
    `${url} is not reached. ${detail ?? ''}`.trim(),
    'Mend what the sentence names; the server tries again by itself, every 30 s at the latest.',
  );
}

async function checkAgents({ agents }: DoctorDeps): Promise<Check> {
  const all = await agents();
  const there = all.filter((agent) => agent.installed);
  const names = there.map((agent) => (agent.version === null ? agent.name : `${agent.name} ${agent.version}`)).join(', ');
  const coding = there.filter((agent) => agent.name !== 'shell');
  if (coding.length > 0) return well('agents', `Installed: ${names}.`);
  const first = all.find((agent) => agent.install !== null);
  return hint(
    'agents',
    `No coding agent is installed${names && `, only ${names}`}.`,
    first === undefined ? null : `For example: ${first.install}`,
  );
}

async function checkTmux({ tmux }: DoctorDeps): Promise<Check> {
  const { setting, version, runtime, fault: why } = await tmux();
  if (why !== null) return fault('tmux', `No session can be started on this machine: ${why}`, 'afield config shows the setting "runtime"');
  if (runtime === 'tmux') return well('tmux', `${version ?? 'tmux'}: sessions outlive the home server.`);
  if (setting === 'pty') {
    return hint(
      'tmux',
      'The setting "runtime" is pty: sessions end with the home server.',
      'Set it to auto, then start the home server again.',
    );
  }
  const what = version === null ? 'tmux is not installed' : `${version} is too old`;
  return hint('tmux', `${what}: sessions end with the home server.`, 'Install tmux 3.2 or newer, then start the home server again.');
}

async function checkStrays({ strays }: DoctorDeps): Promise<Check[]> {
  const found = await strays();
  if (found.length === 0) return [];
  const { machine, pid, command } = found[0]!;
  const first = `${command} (process ${pid} on ${machine})`;
  const detail =
    found.length === 1
      ? `A program of a session that is over still runs: ${first}.`
      : `${found.length} programs of sessions that are over still run, such as ${first}.`;
  return [warning('strays', detail, 'afield doctor --reap shows and ends them.')];
}

function checkSettings({ warnings }: DoctorDeps): Check[] {
  return warnings.map((text) => hint('settings', text, 'Take it away, or correct its name.'));
}
