import type { LogEntry } from '@afield/shared/api/logs.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { probeOf } from '../../test/machines.ts';
import { ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { NOW, session } from '../../test/sessions.ts';
import { QuietModel } from './quiet.ts';

const one = session({ name: 'one', minutes: 5 });
const iso = (seconds: number) => new Date(NOW + seconds * 1_000).toISOString();
const entry = (type: LogEntry['type'], seconds: number, text = 'text'): LogEntry => ({
  seq: 1,
  session_id: one.id,
  timestamp: iso(seconds),
  type,
  text,
});
const event = (fields: object, seconds: number) => ({ seq: 1, session_id: one.id, timestamp: iso(seconds), ...fields }) as never;

function open(last: LogEntry | null = null) {
  const way = scriptedLink(ONLINE);
  way.answers.getLogs = () => ({ items: last === null ? [] : [last], next_cursor: null });
  return { ...way, look: new QuietModel(way.link, one.id) };
}

describe('why it is quiet', () => {
  it('is told by the last entry, when that is a look', async () => {
    const { look, calls } = open(entry('probe', -60, 'It works.'));
    await settled();
    expect(look.quiet.value).toEqual({ reason: 'It works.', timestamp: iso(-60), probe: null });
    expect(calls[0]?.sent.query).toEqual({ limit: 1, type: 'probe,output,state' });
  });

  it('comes with what was looked at, where the entry has it', async () => {
    const { session_id, timestamp, reason, ...detail } = probeOf(one.id);
    const { look } = open({ ...entry('probe', -60, reason), detail });
    await settled();
    expect(look.quiet.value?.probe).toEqual({ session_id, timestamp: iso(-60), reason, ...detail });
    expect(timestamp).not.toBe('');
  });

  it('is not told by a look before the last output', async () => {
    const { look } = open(entry('output', -1));
    await settled();
    expect(look.quiet.value).toBeNull();
  });

  it('comes as it is found, and ends with the next output or state', async () => {
    const { look, event: send } = open();
    await settled();
    const probe = { ...probeOf(one.id), timestamp: iso(0) };
    send(event({ type: 'probe.result', payload: { probe } }, 0));
    expect(look.quiet.value?.probe).toEqual(probe);
    send(event({ type: 'log', payload: { entry: entry('system', 1) } }, 1));
    expect(look.quiet.value).not.toBeNull();
    send(event({ type: 'log', payload: { entry: entry('output', 2) } }, 2));
    expect(look.quiet.value).toBeNull();
    send(event({ type: 'probe.result', payload: { probe: { ...probe, timestamp: iso(3) } } }, 3));
    send(event({ type: 'session.status_changed', payload: { session: one, previous: 'busy' } }, 4));
    expect(look.quiet.value).toBeNull();
  });

  it('is asked for, once at a time, and a failure says why', async () => {
    const { look, answers, calls } = open();
    await settled();
    answers.probeSession = () => probeOf(one.id);
    await Promise.all([look.ask(), look.ask()]);
    expect(calls.filter(({ operation }) => operation === 'probeSession')).toHaveLength(1);
    expect(look.quiet.value?.reason).toContain('it works');
    answers.probeSession = () => Promise.reject(new AfieldError('session_ended', 'It has ended.'));
    await look.ask();
    expect(look.asking.failure.value?.text).toBe('It has ended.');
    expect(look.quiet.value?.reason).toContain('it works');
  });
});
