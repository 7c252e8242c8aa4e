import { AfieldError } from '@afield/shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { adoptables } from '../../test/machines.ts';
import { ONLINE, scriptedLink } from '../../test/scripted-link.ts';
import { session } from '../../test/sessions.ts';
import { AdoptModel } from './adopt.ts';

function open() {
  const way = scriptedLink(ONLINE);
  way.answers.listAdoptable = () => ({ items: adoptables, next_cursor: null });
  way.answers.listAgents = () => ({ items: [], next_cursor: null });
  const bodies: Record<string, unknown>[] = [];
  way.answers.adoptSession = ({ body }) => {
    bodies.push(body as Record<string, unknown>);
    return session({ name: 'adopted', minutes: 0, adopted: true });
  };
  let ids = 0;
  const adopted: string[] = [];
  const deps = {
    link: way.link,
    machine: 'build-box',
    newId: () => `id-${++ids}`,
    onAdopted: (one: { name: string }) => adopted.push(one.name),
  };
  return { ...way, bodies, adopted, model: new AdoptModel(deps) };
}

describe('adopting', () => {
  it('looks only when asked', async () => {
    const { model, calls } = open();
    expect(calls).toEqual([]);
    expect(model.found.value).toBeNull();
    await model.look();
    expect(model.found.value).toHaveLength(2);
    expect(calls.map(({ sent }) => sent)).toEqual([{ params: { name: 'build-box' } }, { query: { machine: 'build-box' } }]);
  });

  it('sends what home told of the program, and a name and an agent only when given', async () => {
    const { model, bodies, adopted } = open();
    await model.adopt(adoptables[0]!, '  ', '');
    expect(bodies[0]).toEqual({ id: 'id-1', machine: 'build-box', socket: '/tmp/tmux-1000/default', pane: '%3' });
    await model.adopt(adoptables[1]!, ' Logs ', 'shell');
    expect(bodies[1]).toMatchObject({ id: 'id-2', pane: '%7', name: 'Logs', agent: 'shell' });
    expect(adopted).toEqual(['adopted', 'adopted']);
  });

  it('a failure says why; the next try carries the same id', async () => {
    const { model, answers, bodies } = open();
    const adopt = answers.adoptSession!;
    answers.adoptSession = () => Promise.reject(new AfieldError('not_found', 'This program has ended meanwhile.'));
    expect(await model.adopt(adoptables[0]!, '', '')).toBe(false);
    expect(model.adopting.failure.value?.text).toBe('This program has ended meanwhile.');
    answers.adoptSession = adopt;
    await model.adopt(adoptables[0]!, '', '');
    expect(bodies.map((body) => body.id)).toEqual(['id-1']);
  });
});
