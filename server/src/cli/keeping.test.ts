/** Projects with defaults, pins, the archive, variables, strays: real commands against a real home server. */
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Project } from '@afield/shared/api/projects.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestDesk } from './test-desk.ts';

let desk: TestDesk;
beforeAll(async () => {
  desk = new TestDesk();
  await desk.startServer();
}, 60_000);
afterAll(() => desk.close(), 60_000);

const cli = (...args: string[]) => desk.cli(args);

describe('project', { timeout: 60_000 }, () => {
  it('has agent, model and variables of its own; values of variables are told by nobody', async () => {
    mkdirSync(path.join(desk.home, 'web'));
    const project = await desk.json<Project>('project', 'add', 'web', '--agent', 'shell', '--env', 'COLOUR=blue-canary', '--env', 'SHELL');
    expect(project).toMatchObject({ name: 'web', default_agent: 'shell', env: ['COLOUR', 'SHELL'], machine: 'local' });
    const listed = await cli('project', 'list');
    expect(listed.out).toMatch(/web +\S+web +shell +COLOUR SHELL +never/);
    const { id } = await desk.json<Session>('run', '--project', 'web', '--prompt', 'echo "its $COLOUR"', '-s', 'in-web');
    await desk.printed(id, /^its blue-canary$/m);
    const all = await desk.json<{ items: Session[] }>('list');
    expect(JSON.stringify([listed, project, all])).not.toContain('canary');
    expect(readFileSync(path.join(desk.env.AFIELD_HOME as string, 'server.log'), 'utf8')).not.toContain('canary');
  });

  it('wins over nothing that is said: variables of run come last', async () => {
    const { id } = await desk.json<Session>('run', 'shell', 'echo "now $COLOUR"', '--project', 'web', '--env', 'COLOUR=red');
    await desk.printed(id, /^now red$/m);
  });

  it('is changed; what is not said stays', async () => {
    const changed = await desk.json<Project>('project', 'edit', 'web', '--name', 'site', '--no-env');
    expect(changed).toMatchObject({ name: 'site', default_agent: 'shell', env: [] });
    expect(await desk.json<Project>('project', 'edit', 'site', '--no-agent', '--model', 'opus')).toMatchObject({
      default_agent: null,
      default_model: 'opus',
    });
    const { code, err } = await cli('run', '--project', 'site');
    expect([code, err]).toEqual([2, expect.stringContaining('The project "site" has no agent of its own')]);
  });

  it.each([
    [['run'], /Say which agent/],
    [['project', 'edit', 'site'], /Say what to change/],
    [['project', 'edit', 'site', '--agent', 'nope'], /no agent "nope"/],
    [['run', 'shell', '--env', '1X=y'], /"1X" is no name/],
    [['run', 'shell', '--env', 'NOT_SET_HERE'], /NOT_SET_HERE is not set here/],
    [['run', 'shell', '--machine', 'nowhere'], /no machine called "nowhere"/],
    [['run', 'shell', 'a', '--prompt', 'b'], /given twice/],
    [['archive'], /Say which session/],
    [['archive', 'first', '--ended'], /--ended means all/],
    [['doctor', '--yes'], /goes with --reap/],
  ])('%j is refused', async (args, message) => {
    const { code, err, out } = await cli(...(args as string[]));
    expect(err).toMatch(message);
    expect([code === 0, out]).toEqual([false, '']);
  });
});

describe('pin and archive', { timeout: 60_000 }, () => {
  it('a pinned session stands on top', async () => {
    await cli('run', 'shell', '-s', 'newest', '--detach');
    expect((await cli('pin', 'first')).out).toBe('first is pinned.\n');
    expect((await cli('list')).out.split('\n')[1]).toMatch(/ ▴ first /);
    expect((await cli('pin', 'first', '--off')).out).toBe('first is no longer pinned.\n');
    expect((await cli('list')).out).not.toContain('▴');
  });

  it('an archived one is in no list but --all; one that runs goes on', async () => {
    expect((await cli('archive', 'newest')).out).toBe('newest is archived. It still runs: afield stop ends it.\n');
    expect((await cli('list')).out).not.toContain('newest');
    expect((await cli('list', '--all')).out).toContain('newest (archived)');
    await cli('stop', 'newest');
    await cli('stop', 'in-web');
    const ended = await desk.json<{ items: Session[] }>('archive', '--ended');
    expect(ended.items.map(({ name }) => name)).toEqual(['in-web']);
    expect((await cli('archive', '--ended')).out).toBe('There is nothing to archive.\n');
    expect((await cli('archive', 'in-web', '--off')).out).toBe('in-web is no longer archived.\n');
    expect((await cli('list', '--machine', 'elsewhere')).out).toContain('No session runs on elsewhere.');
  });
});

it('status says whether a session outlives the home server, and how to look at it', async () => {
  const { survives_restart, attach_command } = await desk.json<Session>('status', 'first');
  const { out } = await cli('status', 'first');
  if (survives_restart) expect(out).toContain(`Look at it   ${attach_command}\n`);
  expect(out).toMatch(
    survives_restart ? /Runs in +tmux, and outlives the home server/ : /Runs in +a terminal of the home server, and ends with it/,
  );
});

it('doctor --reap ends nothing that belongs to a session that runs', async () => {
  const before = await desk.json<Session>('status', 'first');
  expect(await desk.cli(['doctor', '--reap', '--yes'])).toMatchObject({ code: 0, out: 'No program is left over.\n' });
  expect(await desk.json<Session>('status', 'first')).toMatchObject({ pid: before.pid, status: before.status });
});
