import { AfieldError } from '@afield/shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { machine } from '../../test/machines.ts';
import { ONLINE, scriptedLink } from '../../test/scripted-link.ts';
import { AddMachineModel, suggestedName } from './add-machine.ts';

const KEY = `SHA256:${'AbCd0123+/z'.repeat(4).slice(0, 43)}`;

function open() {
  const way = scriptedLink(ONLINE);
  const bodies: unknown[] = [];
  way.answers.createMachine = ({ body }) => {
    bodies.push(body);
    return machine('build-box');
  };
  const added: string[] = [];
  return { ...way, bodies, added, form: new AddMachineModel(way.link, (one) => added.push(one.name)) };
}
const unknown = () => {
  throw new AfieldError('host_key_unknown', `build-box showed the key ${KEY} (ED25519), which nobody has confirmed yet. Compare it.`);
};

describe('a machine over ssh', () => {
  it('needs a host, and is called after it', async () => {
    const { form, bodies, added } = open();
    expect(form.ready.value).toBe(false);
    form.change({ host: ' Build-Box.example.net ' });
    expect(form.name.value).toBe('build-box');
    await form.add();
    expect(bodies).toEqual([{ name: 'build-box', ssh: { host: 'Build-Box.example.net', port: null, user: null, identity_file: null } }]);
    expect(added).toEqual(['build-box']);
  });

  it('sends what was filled in', async () => {
    const { form, bodies } = open();
    form.change({ host: '10.0.0.4', name: 'attic', user: 'ci', port: '2222', key: '~/.ssh/attic' });
    await form.add();
    expect(bodies).toEqual([{ name: 'attic', ssh: { host: '10.0.0.4', port: 2222, user: 'ci', identity_file: '~/.ssh/attic' } }]);
  });

  it.each([
    [{ name: 'Großer Kasten' }, 'name'],
    [{ name: '-x' }, 'name'],
    [{ port: '0' }, 'port'],
    [{ port: '65536' }, 'port'],
    [{ port: '22; rm' }, 'port'],
  ] as const)('%j is refused before it is sent', async (fields, what) => {
    const { form, bodies } = open();
    form.change({ host: 'h', ...fields });
    expect(form.faults.value[what]).not.toBeNull();
    expect(form.ready.value).toBe(false);
    await form.add();
    expect(bodies).toEqual([]);
  });

  it('the key of an unknown host is shown and asked about, and sent along once it was confirmed', async () => {
    const { form, bodies, answers, added } = open();
    const create = answers.createMachine!;
    answers.createMachine = unknown;
    form.change({ host: 'build-box' });
    await form.add();
    expect(form.asked.value).toEqual({ fingerprint: KEY, type: 'ED25519' });
    expect(added).toEqual([]);
    answers.createMachine = create;
    await form.confirm();
    expect(bodies).toEqual([expect.objectContaining({ host_key: KEY })]);
    expect(added).toEqual(['build-box']);
    expect(form.asked.value).toBeNull();
  });

  it('a key that was refused is forgotten, and so is one for another host', async () => {
    const { form, answers } = open();
    answers.createMachine = unknown;
    form.change({ host: 'build-box' });
    await form.add();
    form.reject();
    expect(form.asked.value).toBeNull();
    await form.add();
    form.change({ host: 'other-box' });
    expect(form.asked.value).toBeNull();
  });

  it('a host whose key changed is never asked about', async () => {
    const { form, answers } = open();
    answers.createMachine = () => {
      throw new AfieldError('host_key_changed', `The key is ${KEY} and was another one.`);
    };
    form.change({ host: 'build-box' });
    await form.add();
    expect(form.asked.value).toBeNull();
    expect(form.adding.failure.value?.code).toBe('host_key_changed');
  });
});

describe('a machine by a command', () => {
  it('sends the words, never a line', async () => {
    const { form, bodies } = open();
    form.change({ kind: 'prefix', prefix: `docker exec -it 'sand box'` });
    expect(form.ready.value, 'a name is needed').toBe(false);
    form.change({ name: 'sandbox' });
    await form.add();
    expect(bodies).toEqual([{ name: 'sandbox', prefix: ['docker', 'exec', '-it', 'sand box'] }]);
  });

  it('with an open quote is not sent', () => {
    const { form } = open();
    form.change({ kind: 'prefix', name: 'x', prefix: `docker "exec` });
    expect(form.ready.value).toBe(false);
    expect(form.faults.value.prefix).toContain('quote');
  });
});

it.each([
  ['build-box.example.net', 'build-box'],
  ['10.0.0.4', '10.0.0.4'],
  ['fe80::1', 'fe80--1'],
  ['_x.y', 'x'],
  ['', ''],
])('a name for %j', (host, name) => {
  expect(suggestedName(host)).toBe(name);
});
