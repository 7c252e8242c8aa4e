import { machineName } from '@afield/shared/api/base.ts';
import type { Machine } from '@afield/shared/api/machines.ts';
import { computed, createModel, signal } from '@preact/signals';
import { createAction } from './action.ts';
import { commandWords } from './command-words.ts';
import type { HomeLink } from './home-link.ts';

export interface MachineFields {
  kind: 'ssh' | 'prefix';
  name: string;
  host: string;
  user: string;
  port: string;
  key: string;
  prefix: string;
}

const EMPTY: MachineFields = { kind: 'ssh', name: '', host: '', user: '', port: '', key: '', prefix: '' };

/** OpenSSH's own form of a fingerprint somewhere in what home says, and the kind of the key behind it. */
const FINGERPRINT = /(SHA256:[A-Za-z0-9+/]{43})(?: \(([A-Za-z0-9-]{1,40})\))?/;

/** A key that a host showed. `type`: `ED25519`; null when home did not say. */
export interface ShownKey {
  fingerprint: string;
  type: string | null;
}

function keyIn(text: string): ShownKey | null {
  const [, fingerprint, type = null] = FINGERPRINT.exec(text) ?? [];
  return fingerprint === undefined ? null : { fingerprint, type };
}
const PORT = /^\d{1,5}$/;

/** Why a name will not do; null when it will. */
function nameFault(name: string): string | null {
  if (name === '') return null;
  const { success, error } = machineName.safeParse(name);
  return success ? null : `The name ${error?.issues[0]?.message ?? 'will not do'}.`;
}

function portFault(port: string): string | null {
  const fits = port === '' || (PORT.test(port) && Number(port) >= 1 && Number(port) <= 65_535);
  return fits ? null : 'A port is a number from 1 to 65535.';
}

/** A name made of a host: what one would call it. */
export function suggestedName(host: string): string {
  const isAddress = /^[\d.:]+$/.test(host);
  const short = isAddress ? host.replaceAll(':', '-') : (host.split('.', 1)[0] ?? '');
  return short
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64);
}

/** The form of a new machine, and the question whether its key is the right one. */
export const AddMachineModel = createModel((link: HomeLink, onAdded: (machine: Machine) => void) => {
  const fields = signal<MachineFields>(EMPTY);
  /** The key that an unknown host showed: a person compares it before anything is sent there. */
  const asked = signal<ShownKey | null>(null);
  const adding = createAction();

  const name = computed(() => {
    const { name: given, kind, host } = fields.value;
    return given.trim() || (kind === 'ssh' ? suggestedName(host.trim()) : '');
  });
  const words = computed(() => commandWords(fields.value.prefix));
  const faults = computed(() => ({
    name: nameFault(name.value),
    port: portFault(fields.value.port.trim()),
    prefix: words.value === null ? 'A quote is not closed, or a backslash stands at the end.' : null,
  }));
  const ready = computed(() => {
    const { kind, host } = fields.value;
    if (name.value === '' || faults.value.name !== null || adding.busy.value) return false;
    return kind === 'ssh' ? host.trim() !== '' && faults.value.port === null : (words.value?.length ?? 0) > 0;
  });

  function body(hostKey: string | null) {
    const { kind, host, user, port, key } = fields.peek();
    const confirmed = hostKey === null ? {} : { host_key: hostKey };
    if (kind === 'prefix') return { name: name.peek(), prefix: words.peek() ?? [], ...confirmed };
    const ssh = {
      host: host.trim(),
      port: port.trim() === '' ? null : Number(port.trim()),
      user: user.trim() || null,
      identity_file: key.trim() || null,
    };
    return { name: name.peek(), ssh, ...confirmed };
  }

  async function add(hostKey: string | null): Promise<void> {
    if (!ready.peek()) return;
    const added = await adding.run(async () => onAdded(await link.call('createMachine', { body: body(hostKey) })));
    const failure = adding.failure.peek();
    asked.value = added || failure?.code !== 'host_key_unknown' ? null : keyIn(failure.text);
  }

  return {
    fields,
    name,
    words,
    faults,
    ready,
    asked,
    adding,
    change(next: Partial<MachineFields>) {
      fields.value = { ...fields.peek(), ...next };
      adding.clear();
      asked.value = null;
    },
    add: () => add(null),
    /** "It is the same": the fingerprint goes along, so that no other key is taken. */
    confirm: () => add(asked.peek()?.fingerprint ?? null),
    reject() {
      asked.value = null;
      adding.clear();
    },
  };
});
export type AddMachine = InstanceType<typeof AddMachineModel>;
