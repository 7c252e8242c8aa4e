/** A host that is reached by OpenSSH. */
import { createHash } from 'node:crypto';
import type { SshTarget } from '@afield/shared/api/machines.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Machine } from '../core/machine-ports.ts';
import type { Clock, MachineRow } from '../core/ports.ts';
import { lookAround, reached } from './checks.ts';
import { askFacts, createLookups, environmentThere, type Facts } from './facts.ts';
import { watchProcesses } from './process-facts.ts';
import { loginArgv, type SshSetup } from './ssh/command.ts';
import { createSshHost, runFirst } from './ssh/host.ts';
import { hasKey, knownFiles, shownKey, sshVersion, trustKey } from './ssh/host-keys.ts';
import { SshLine } from './ssh/line.ts';
import { TIMING, type Timing } from './ssh/master.ts';

export interface SshMachineDeps {
  setup: SshSetup;
  clock: Clock;
  timing?: Partial<Timing>;
  random(): number;
  newSocket(): string;
  /** Tells this home server from others that use the same machine. */
  homeId: string;
  onLine(): void;
}

export interface SshMachine extends Machine {
  /** Reaches it now. Errors: machine_unreachable, machine_refused, host_key_unknown, host_key_changed. */
  reach(): Promise<void>;
  /** Takes the host's key for right when it is this one. Errors: host_key_changed when the host shows another, machine_unreachable. */
  confirm(fingerprint: string): Promise<void>;
}

export function createSshMachine(row: MachineRow & { ssh: SshTarget }, deps: SshMachineDeps): SshMachine {
  const { name, ssh: target, created_at } = row;
  const { setup, clock, newSocket, random } = deps;
  const timing = { ...TIMING, ...deps.timing };
  const explain = (fault: AfieldError) => explainKey(fault, { name, target, setup });
  const line = new SshLine({ name, target, setup, clock, timing, random, newSocket, explain, onChange: deps.onLine });

  let known: Facts | null = null;
  let asking: Promise<Facts> | null = null;
  const ask = async (): Promise<Facts> => {
    known = await askFacts(name, runFirst(line), true);
    return known;
  };
  const facts = (): Promise<Facts> => {
    if (known !== null) return Promise.resolve(known);
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  };
  /** Somebody wants an answer now, whatever happened before. */
  const factsNow = async (): Promise<Facts> => {
    await line.reach(true);
    return facts();
  };
  const data = ({ env, home }: Facts) => (env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : `${home}/.local/share`);
  const own = createHash('sha256').update(`${deps.homeId}\n${name}`).digest('hex').slice(0, 10);
  const host = createSshHost({
    name,
    line,
    path: async () => (await facts()).path,
    place: async () => `${data(await facts())}/afield/at-${own}`,
    login: loginArgv(target),
  });
  const lookups = createLookups(name, factsNow, host.run, () => clock.monotonic());

  return {
    name,
    kind: 'ssh',
    ssh: target,
    prefix: null,
    created_at,
    host,
    get line() {
      return line.line;
    },
    reach: () => line.reach(true),
    async confirm(fingerprint) {
      const key = await shownKey(setup, target, name);
      if (key.fingerprint !== fingerprint) throw otherKey(name, key.type, key.fingerprint, fingerprint);
      trustKey(setup.knownHosts, key);
    },
    wrap: (command) => command,
    processes: (session, sample_ms) => watchProcesses(host.run, session, sample_ms),
    async checks() {
      known = null;
      lookups.forget();
      try {
        const { shell, system } = await factsNow();
        const began = clock.monotonic();
        await host.run(['true']);
        const ms = Math.round(line.latencyMs ?? clock.monotonic() - began);
        const found = await lookAround(host.run, await host.folder(), { needed: true, shell });
        const by = (await sshVersion(setup)) || 'ssh';
        return [reached(true, `${system} by ${by}, ${ms} ms there and back`), ...found];
      } catch (error) {
        if (!(error instanceof AfieldError)) throw error;
        return [reached(false, error.message, `ssh ${typed(target)}`)];
      }
    },
    close: () => line.close(),
    which: lookups.which,
    version: lookups.version,
    directory: lookups.directory,
    environment(session, extra, pass = []) {
      if (known === null) throw new AfieldError('machine_unreachable', `${name} has not told yet what its environment is. Try again.`);
      return environmentThere(known, extra, pass, session.id);
    },
  };
}

const typed = ({ host, user, port }: SshTarget) => `${port === null ? '' : `-p ${port} `}${user === null ? '' : `${user}@`}${host}`;

function otherKey(name: string, type: string, shown: string, meant: string): AfieldError {
  return new AfieldError(
    'host_key_changed',
    `${name} shows the key ${shown} (${type}), not ${meant}. Nothing was sent there. Somebody may stand in between: ask whoever runs that machine.`,
  );
}

/** What a person must see to decide: the key that the host shows, and whether it is another than before. */
async function explainKey(
  fault: AfieldError,
  { name, target, setup }: { name: string; target: SshTarget; setup: SshSetup },
): Promise<AfieldError> {
  if (fault.code !== 'host_key_unknown' && fault.code !== 'host_key_changed') return fault;
  try {
    const key = await shownKey(setup, target, name);
    const lists = [setup.knownHosts, ...(await knownFiles(setup, target)).split(' ')];
    const changed = fault.code === 'host_key_changed' || (await hasKey(setup, key.name, lists));
    const shown = `${key.fingerprint} (${key.type})`;
    const compare = 'cat /etc/ssh/ssh_host_*_key.pub | ssh-keygen -lf - tells it on that machine';
    if (!changed) {
      return new AfieldError(
        'host_key_unknown',
        `${name} is not known yet. It shows the key ${shown}. Compare it (${compare}), then confirm it.`,
      );
    }
    return new AfieldError(
      'host_key_changed',
      `${name} shows another key than before: ${shown}. Either it was installed anew, or somebody stands in between. Nothing was sent there. ` +
        `Compare the key (${compare}); if it is right, add the machine again with the same name and --host-key ${key.fingerprint}.`,
    );
  } catch {
    // It cannot be looked at now; what ssh said stands.
    return fault;
  }
}
