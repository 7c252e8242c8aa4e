/** A session in a named environment, with everything real around it. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRecipes } from './agents/index.ts';
import { readSecretFile } from './auth/secret-file.ts';
import { createEnvironments } from './core/environments/environments.ts';
import { type House, openHouse, script } from './sessions-kit.ts';

const CANARY = 'canary-of-an-environment-5d1c';
let outside: string;
let house: House;
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'afield-outside-'));
  writeFileSync(join(outside, 'key'), `${CANARY}\n`, { mode: 0o600 });
  const told = join(outside, 'told');
  // There as a whole, or not at all.
  const intoTold = `> ${told}.new && mv ${told}.new ${told}`;
  const own = join(outside, 'own-program');
  writeFileSync(own, `#!/bin/sh\nprintf 'own %s' "$API_KEY" ${intoTold}\nexec sleep 60\n`);
  chmodSync(own, 0o755);
  const agents = { probe: script(`printf '%s %s %s' "$API_KEY" "$MODE" "$LEVEL" ${intoTold}; exec sleep 60`) };
  house = openHouse({
    agents,
    deps: {
      environments: createEnvironments({
        environments: {
          work: { env: { MODE: 'careful', LEVEL: 'environment' }, secrets: { API_KEY: { file: join(outside, 'key') } } },
          other: { program: own, secrets: { API_KEY: { file: join(outside, 'key') } } },
          prod: {},
        },
        recipes: createRecipes({ agents }),
        machines: {} as never,
        env: {},
        home: outside,
        readSecretFile,
        reach: async () => ({ ok: false, detail: '' }),
      }),
    },
  });
});
afterEach(async () => {
  await house.close();
  rmSync(outside, { recursive: true, force: true });
});

const toldBy = () => eventually(() => existsSync(join(outside, 'told')) && readFileSync(join(outside, 'told'), 'utf8'));

/** Every byte that the home server keeps. */
function kept(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, 'latin1'))
    .join('\n');
}

/** Arguments of every process of this machine. */
const argumentLists = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return ''; // it has ended
      }
    })
    .join('\n');

it('gives the agent its secret and its variables, and keeps no copy of the secret anywhere', async () => {
  const session = await house.sessions.create({ agent: 'probe', environment: 'work', env: { LEVEL: 'session' } });
  expect(await toldBy()).toBe(`${CANARY} careful session`);
  expect(session).toMatchObject({ environment: 'work', production: false });
  if (process.platform === 'linux') expect(argumentLists()).not.toContain(CANARY);
  await house.sessions.stop(session.id, 'Pixel');
  await house.stop();
  expect(JSON.stringify([house.heard, house.warnings, session])).not.toContain(CANARY);
  expect(kept(house.folder)).not.toContain(CANARY);
});

it('starts the program of the environment in the place of the agent’s own', async () => {
  await house.sessions.create({ agent: 'probe', environment: 'other' });
  expect(await toldBy()).toBe(`own ${CANARY}`);
});

it('that is called production wants its name once more, and nothing is left of a start without it', async () => {
  await expect(house.sessions.create({ agent: 'probe', environment: 'prod' })).rejects.toMatchObject({ code: 'confirmation_needed' });
  await expect(house.sessions.create({ agent: 'probe', environment: 'none' })).rejects.toMatchObject({ code: 'environment_unknown' });
  expect(house.sessions.counts()).toEqual({});
  expect(await house.sessions.create({ agent: 'probe', environment: 'prod', confirm: 'prod' })).toMatchObject({ production: true });
});

it('whose secret is gone says so, and nothing starts', async () => {
  chmodSync(join(outside, 'key'), 0o644);
  await expect(house.sessions.create({ agent: 'probe', environment: 'work' })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/API_KEY.*chmod 600/),
  });
  expect(house.sessions.counts()).toEqual({});
});
