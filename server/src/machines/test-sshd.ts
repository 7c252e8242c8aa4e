/** A real sshd on loopback, for tests: started, changed, stalled and killed by them alone. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket as NetSocket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { SshTarget } from '@afield/shared/api/machines.ts';
import { until } from '@afield/shared/until.ts';

const SSHD = '/usr/sbin/sshd';
/** Why tests with a real sshd cannot run here; null when they can. */
export const noSshd: string | null = existsSync(SSHD) ? null : `There is no ${SSHD}. Install openssh-server to run this test.`;

export class TestSshd {
  /** Everything of it, removed by `close`: keys, and `home`. */
  readonly folder: string;
  /** `$HOME` of whoever logs in: an empty one, so that nobody's own shell files are run. */
  readonly home: string;
  readonly identityFile: string;
  port = 0;
  #daemon: ChildProcess | null = null;
  /** Connections that outlived the one that took them in. */
  #orphans: number[] = [];
  #log = '';
  #options: readonly string[];

  private constructor(options: readonly string[]) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'afield-sshd-')));
    this.home = join(this.folder, 'home');
    this.identityFile = join(this.folder, 'user_key');
    this.#options = options;
  }

  /** `options`: more lines of sshd_config. */
  static async start(options: readonly string[] = []): Promise<TestSshd> {
    if (noSshd !== null) throw new Error(noSshd);
    const sshd = new TestSshd(options);
    mkdirSync(sshd.home);
    sshd.#makeKey('host_key');
    sshd.#makeKey('user_key');
    sshd.acceptKeys();
    sshd.port = await freePort();
    await sshd.up();
    return sshd;
  }

  get target(): SshTarget {
    return { host: '127.0.0.1', port: this.port, user: userInfo().username, identity_file: this.identityFile };
  }

  /** `SHA256:…` of the host key. */
  get fingerprint(): string {
    const told = execFileSync('ssh-keygen', ['-lf', join(this.folder, 'host_key.pub')]).toString();
    return /SHA256:\S+/.exec(told)![0];
  }

  /** What it logged; for messages of failed tests. */
  get log(): string {
    return this.#log;
  }

  /** Starts it at the same port. */
  async up(): Promise<void> {
    // Where sshd keeps its unprivileged half, as the packages make it at boot.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const config = [
      `Port ${this.port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(this.folder, 'host_key')}`,
      `PidFile ${join(this.folder, 'sshd.pid')}`,
      `AuthorizedKeysFile ${join(this.folder, 'authorized_keys')}`,
      'UsePAM no',
      'StrictModes no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitUserEnvironment yes',
      'PermitRootLogin prohibit-password',
      'PrintMotd no',
      'LogLevel VERBOSE',
      'MaxStartups 100:30:200',
      ...this.#options,
    ];
    const file = join(this.folder, 'sshd_config');
    writeFileSync(file, `${config.join('\n')}\n`);
    const daemon = spawn(SSHD, ['-D', '-e', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: '/usr/bin:/bin' } });
    daemon.stderr?.on('data', (bytes: Buffer) => {
      this.#log = (this.#log + bytes.toString()).slice(-20_000);
    });
    this.#daemon = daemon;
    await until('sshd listens', async () => {
      if (daemon.exitCode !== null) throw new Error(`sshd ended: ${this.#log}`);
      return reachable(this.port);
    });
  }

  /** Takes nobody new in; who is connected stays. */
  async down(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === null) return;
    this.#orphans = this.connections();
    this.#daemon = null;
    if (daemon.exitCode !== null) return;
    await new Promise<void>((resolve) => {
      daemon.once('exit', () => resolve());
      daemon.kill('SIGKILL');
    });
  }

  /** The same address shows another host key from now on. */
  async rekey(): Promise<void> {
    await this.down();
    this.killConnections();
    this.#makeKey('host_key');
    await this.up();
  }

  refuseKeys(): void {
    writeFileSync(join(this.folder, 'authorized_keys'), '', { mode: 0o600 });
  }

  acceptKeys(): void {
    const key = readFileSync(join(this.folder, 'user_key.pub'), 'utf8');
    writeFileSync(join(this.folder, 'authorized_keys'), `environment="HOME=${this.home}" ${key}`, { mode: 0o600 });
  }

  /** The processes of sshd that stand behind connections. */
  connections(): number[] {
    const known = this.#orphans.filter((pid) => isSshd(pid));
    const parents = new Set<number>(this.#daemon?.pid === undefined ? known : [this.#daemon.pid, ...known]);
    const all = processes().filter(({ name }) => name.startsWith('sshd'));
    for (let size = -1; size !== parents.size; ) {
      size = parents.size;
      for (const { pid, parent } of all) if (parents.has(parent)) parents.add(pid);
    }
    parents.delete(this.#daemon?.pid ?? -1);
    return [...parents];
  }

  /** As a line that is cut: kill -9 of what stands behind every connection. */
  killConnections(): number {
    return this.#signal('SIGKILL');
  }

  /** The connections hang without closing; new ones may come. */
  stall(): number {
    return this.#signal('SIGSTOP');
  }

  unstall(): number {
    return this.#signal('SIGCONT');
  }

  async close(): Promise<void> {
    this.unstall();
    await this.down();
    this.killConnections();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #signal(name: NodeJS.Signals): number {
    const pids = this.connections();
    for (const pid of pids) {
      try {
        process.kill(pid, name);
      } catch {
        // It is gone already.
      }
    }
    return pids.length;
  }

  #makeKey(name: string): void {
    const file = join(this.folder, name);
    rmSync(file, { force: true });
    rmSync(`${file}.pub`, { force: true });
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);
    chmodSync(file, 0o600);
  }
}

/** Running processes whose command line holds `text`; zombies left out. */
export function processesWith(text: string): { pid: number; command: string }[] {
  return processes().flatMap(({ pid }) => {
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
    return pid !== process.pid && command.includes(text) ? [{ pid, command }] : [];
  });
}

function processes(): { pid: number; parent: number; name: string }[] {
  return readdirSync('/proc').flatMap((entry) => {
    const stat = /^\d+$/.test(entry) ? read(`/proc/${entry}/stat`) : '';
    const close = stat.lastIndexOf(')');
    const [state, parent] = stat.slice(close + 2).split(' ');
    if (close < 0 || state === 'Z' || state === 'X') return [];
    return [{ pid: Number(entry), parent: Number(parent), name: stat.slice(stat.indexOf('(') + 1, close) }];
  });
}

const isSshd = (pid: number) => read(`/proc/${pid}/comm`).startsWith('sshd');

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It is gone.
    return '';
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function reachable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: NetSocket = connect(port, '127.0.0.1');
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('data', () => answer(true));
    socket.once('error', () => answer(false));
    socket.setTimeout(1_000, () => answer(false));
  });
}
