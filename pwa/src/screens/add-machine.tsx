import { useModel } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { type AddMachine, AddMachineModel, type ShownKey } from '../models/add-machine.ts';
import { Banner } from '../ui/banner.tsx';
import { Command } from '../ui/command.tsx';
import { Segments, TextField } from '../ui/forms.tsx';
import { fingerprintGroups } from '../ui/machine-words.ts';
import { Page, Slab } from '../ui/page.tsx';
import { exact, printable } from '../ui/printable.ts';
import { useHome } from './app-context.ts';
import { HomeTabs } from './home-tabs.tsx';
import { MACHINES, machinePath } from './paths.ts';

export function AddMachineScreen() {
  const { home, link } = useHome();
  const location = useLocation();
  const form = useModel(() => new AddMachineModel(link, (machine) => location.route(machinePath(machine.name))));
  const open = home.open.value;
  const asked = form.asked.value;
  return (
    <Page
      title={asked === null ? 'Add a machine' : 'Is this its key?'}
      back={{ href: MACHINES, label: 'Machines' }}
      class="stack form-main"
      after={<HomeTabs />}
    >
      {asked === null ? <Fields form={form} open={open} /> : <KeyQuestion form={form} shown={asked} open={open} />}
    </Page>
  );
}

function Fields({ form, open }: { form: AddMachine; open: boolean }) {
  const { kind, name } = form.fields.value;
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void form.add();
      }}
    >
      <Segments
        legend="Reached"
        name="kind"
        value={kind}
        options={[
          { value: 'ssh', label: 'Over ssh' },
          { value: 'prefix', label: 'By a command' },
        ]}
        onChange={(next) => form.change({ kind: next })}
      />
      {kind === 'ssh' ? <SshFields form={form} /> : <PrefixFields form={form} />}
      <TextField
        label="Name"
        value={name}
        onInput={(next) => form.change({ name: next })}
        placeholder={form.name.value || (kind === 'ssh' ? 'Made from the host' : 'sandbox')}
        exact
        maxLength={64}
        error={form.faults.value.name}
        hint="Small letters, digits, dots and dashes. Sessions are listed with it."
      />
      <Problems form={form} open={open} />
      <div class="form-foot">
        <button type="submit" class="btn btn-main btn-wide btn-tall" disabled={!open || !form.ready.value}>
          {form.adding.busy.value ? 'Trying to reach it …' : 'Add it'}
        </button>
      </div>
    </form>
  );
}

function SshFields({ form }: { form: AddMachine }) {
  const { host, user, port, key } = form.fields.value;
  return (
    <>
      <TextField
        label="Host"
        value={host}
        onInput={(next) => form.change({ host: next })}
        exact
        maxLength={255}
        required
        placeholder="build-box.example.net"
        hint="A host name, an address, or a name from the ssh configuration at home."
      />
      <TextField
        label="User"
        value={user}
        onInput={(next) => form.change({ user: next })}
        exact
        maxLength={128}
        hint="Empty: as ssh at home has it."
      />
      <TextField
        label="Port"
        value={port}
        onInput={(next) => form.change({ port: next })}
        exact
        maxLength={5}
        inputMode="numeric"
        placeholder="22"
        error={form.faults.value.port}
      />
      <TextField
        label="Key file at home"
        value={key}
        onInput={(next) => form.change({ key: next })}
        exact
        maxLength={4096}
        placeholder="~/.ssh/id_ed25519"
        hint="Empty: the keys of the ssh agent and the usual files. The key itself never leaves home."
      />
    </>
  );
}

function PrefixFields({ form }: { form: AddMachine }) {
  const words = form.words.value;
  return (
    <TextField
      label="Command before the agent’s own"
      value={form.fields.value.prefix}
      onInput={(prefix) => form.change({ prefix })}
      exact
      maxLength={4096}
      required
      placeholder="docker exec -it sandbox"
      error={form.faults.value.prefix}
      hint={
        words === null || words.length === 0 ? (
          'Cut at spaces; quotes keep words together. No shell reads it.'
        ) : (
          <>
            Runs {words.length} {words.length === 1 ? 'word' : 'words'}, then the agent:{' '}
            <Command text={words.map((word) => (/\s/.test(word) ? `“${word}”` : word)).join(' ')} />
          </>
        )
      }
    />
  );
}

function Problems({ form, open }: { form: AddMachine; open: boolean }) {
  const failure = form.adding.failure.value;
  const banner = useRef<HTMLDivElement>(null);
  useEffect(() => banner.current?.scrollIntoView({ block: 'center' }), [failure]);
  if (!open) {
    return (
      <Banner tone="fault" icon="cut" title="There is no connection to home.">
        Home has to reach the machine. Try again when it is back.
      </Banner>
    );
  }
  // An unknown key is no fault: it is asked about.
  if (failure === null || failure.code === 'host_key_unknown') return null;
  const changed = failure.code === 'host_key_changed';
  return (
    <div ref={banner}>
      <Banner
        tone="fault"
        icon={changed ? 'shield' : 'alert'}
        title={changed ? 'Its key is another one than before.' : 'It was not added.'}
        role="alert"
      >
        {printable(failure.text)}
      </Banner>
    </div>
  );
}

/** The fingerprint of an unknown host, large: nothing is sent there before a person has compared it. */
function KeyQuestion({ form, shown, open }: { form: AddMachine; shown: ShownKey; open: boolean }) {
  const busy = form.adding.busy.value;
  const { host } = form.fields.value;
  return (
    <>
      <p>
        Home has never been on <code>{exact(host)}</code>. It showed this key. Nothing was sent there yet.
      </p>
      <section class="panel" aria-label="Fingerprint of its key">
        <p class="meta">SHA256{shown.type !== null && ` · ${shown.type}`}</p>
        <p class="words words-key">
          {fingerprintGroups(shown.fingerprint).map((group, index) => (
            <code key={index}>{group}</code>
          ))}
        </p>
      </section>
      <p class="small dim">Compare it with what the machine itself says. On it, type:</p>
      <Slab label="Command to type on the machine" prompt>
        cat /etc/ssh/ssh_host_*_key.pub | ssh-keygen -lf -
      </Slab>
      <Problems form={form} open={open} />
      <div class="form-foot acts">
        <button type="button" class="btn btn-line btn-tall grow" disabled={busy} onClick={form.reject}>
          Different
        </button>
        <button type="button" class="btn btn-main btn-tall grow" disabled={busy || !open} onClick={() => void form.confirm()}>
          {busy ? 'Adding …' : 'The same, add it'}
        </button>
      </div>
    </>
  );
}
