import type { ChangedFile } from '@afield/shared/api/changes.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { down, ONLINE, scriptedLink, settled } from '../../test/scripted-link.ts';
import { ChangesModel } from './changes.ts';

const file = (path: string, fields: Partial<ChangedFile> = {}): ChangedFile => ({
  path,
  old_path: null,
  change: 'modified',
  added: 2,
  deleted: 1,
  binary: false,
  hunks: [],
  cut: false,
  ...fields,
});
const large = file('big', { hunks: null, cut: true });
const whole = file('big', { hunks: [{ old_start: 1, new_start: 1, heading: '', lines: ['+x'] }] });

function open(files: ChangedFile[] = [file('a'), large]) {
  const way = scriptedLink(ONLINE);
  const asked: unknown[] = [];
  const answer = { files };
  way.answers.getDiff = ({ query }) => {
    asked.push(query);
    const found = query?.path === undefined ? answer.files : [whole];
    return { vcs: 'git', against: query?.against, branch: 'main', files: found, more_files: 0 };
  };
  const model = new ChangesModel(way.link, 's');
  const told = (type: string, session_id = 's') =>
    way.event({ type, seq: 1, session_id, timestamp: '', payload: {} } as unknown as AfieldEvent);
  return { ...way, model, asked, answer, told };
}
const passed = async (ms: number) => {
  vi.advanceTimersByTime(ms);
  await settled();
};

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

it('come with the connection, with their sum and when that was', async () => {
  const { model, asked } = open();
  await settled();
  expect(asked).toEqual([{ against: 'start' }]);
  expect(model.changes.value?.files).toHaveLength(2);
  expect(model.total.value).toEqual({ added: 4, deleted: 2 });
  expect(model.seenAt.value).toBe(1_000);
});

it('are looked at again once after a burst of ended tool calls of this session', async () => {
  const { told, asked } = open();
  await settled();
  told('tool.call_complete', 'another');
  await passed(5_000);
  expect(asked).toHaveLength(1);
  told('tool.call_complete');
  told('tool.call_error');
  told('session.status_changed');
  await passed(5_000);
  expect(asked).toHaveLength(2);
});

it('while one look is under way another wish is granted once, afterwards', async () => {
  const { model, answers, asked } = open();
  await settled();
  let finish: () => void = () => {};
  const answered = answers.getDiff!;
  answers.getDiff = (sent) => new Promise((resolve) => (finish = () => resolve(answered(sent))));
  void model.reload();
  void model.reload();
  void model.reload();
  answers.getDiff = answered;
  finish();
  await settled();
  expect(asked).toHaveLength(3);
  expect(model.loading.value).toBe(false);
});

it('a file opens with what is here, or is fetched by its path, and is fetched again when it changed', async () => {
  const { model, asked } = open();
  await settled();
  model.toggle(file('a'));
  expect(model.opened.value.get('a')?.file?.path).toBe('a');
  model.toggle(large);
  expect(model.opened.value.get('big')).toEqual({ file: null, failure: null });
  await settled();
  expect(asked.at(-1)).toEqual({ against: 'start', path: 'big' });
  expect(model.opened.value.get('big')?.file?.hunks).toHaveLength(1);
  await model.reload();
  await settled();
  expect(asked.at(-1)).toEqual({ against: 'start', path: 'big' });
  model.toggle(large);
  expect(model.opened.value.has('big')).toBe(false);
});

it('a file that is not changed any more is closed, one that cannot be fetched says why', async () => {
  const { model, answer, answers } = open();
  await settled();
  model.toggle(file('a'));
  answer.files = [large];
  await model.reload();
  expect([...model.opened.value.keys()]).toEqual([]);
  answers.getDiff = () => Promise.reject(new AfieldError('not_found', 'This file is as it was.'));
  model.toggle(large);
  await settled();
  expect(model.opened.value.get('big')?.failure?.text).toBe('This file is as it was.');
});

it('another base is another picture, and an answer for the one before is not shown', async () => {
  const { model, answers, asked } = open();
  await settled();
  let finish: (value: unknown) => void = () => {};
  const answered = answers.getDiff!;
  answers.getDiff = () => new Promise((resolve) => (finish = resolve));
  void model.reload();
  answers.getDiff = answered;
  model.compare('HEAD');
  expect(model.changes.value).toBeNull();
  finish({ vcs: 'git', against: 'start', branch: 'old', files: [], more_files: 0 });
  await settled();
  expect(model.changes.value?.against).toBe('HEAD');
  expect(asked.at(-1)).toEqual({ against: 'HEAD' });
});

it('a failure says why, keeps what was seen, and goes with the next answer', async () => {
  const { model, answers } = open();
  await settled();
  const answered = answers.getDiff!;
  answers.getDiff = () => Promise.reject(new AfieldError('unavailable', 'Too long.'));
  await model.reload();
  expect(model.failure.value).toEqual({ text: 'Too long.', code: 'unavailable' });
  expect(model.changes.value?.files).toHaveLength(2);
  answers.getDiff = answered;
  await model.reload();
  expect(model.failure.value).toBeNull();
});

it('comes back with the line, and nothing is asked without one', async () => {
  const { state, told, asked } = open();
  await settled();
  state(down('relay_down'));
  told('tool.call_complete');
  await passed(5_000);
  expect(asked).toHaveLength(1);
  state(ONLINE);
  await settled();
  expect(asked).toHaveLength(2);
});

it('that there is no repository is not said any more once there is one, whose start is not known', async () => {
  const { model, answers } = open();
  answers.getDiff = () => ({ vcs: 'none', against: 'start', branch: null, files: [], more_files: 0 });
  await model.reload();
  await settled();
  expect(model.changes.value?.vcs).toBe('none');
  answers.getDiff = () => Promise.reject(new AfieldError('not_found', 'Not known.'));
  await model.reload();
  await settled();
  expect([model.changes.value, model.failure.value?.code, model.wayOut.value]).toEqual([null, 'not_found', 'HEAD']);
});

it.each([
  ['start', 'not_found', 'HEAD'],
  ['HEAD', 'not_found', 'again'],
  ['start', 'no_commit', 'commit'],
  ['message', 'no_commit', 'commit'],
  ['HEAD', 'no_commit', 'start'],
  ['start', 'machine_unreachable', 'again'],
] as const)('compared with %s, %s: the way out is %s', async (base, code, way) => {
  const { model, answers } = open();
  await settled();
  answers.getDiff = () => Promise.reject(new AfieldError(code, 'Why.'));
  model.compare(base);
  await model.reload();
  await settled();
  expect(model.wayOut.value).toBe(way);
});
