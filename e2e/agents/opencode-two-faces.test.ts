/**
 * The real opencode in a terminal: a person types at the desk, a phone sees the same session as a chat and answers what it asks. The first
 * answer wins, and the other one sees that it is answered.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, startHouse, until } from '../kit.ts';
import { type ScriptedModel, startScriptedModel } from '../scripted-model/server.ts';
import { opencodeEnv, opencodeProgram, prepareOpencodeHome } from './opencode-home.ts';
import { companionFolder, holds, processes, TwoFaces } from './two-faces.ts';

let folder: string;
let repo: string;
let model: ScriptedModel;
let house: House;
let faces: TwoFaces;

beforeAll(async () => {
  const program = opencodeProgram();
  folder = await mkdtemp(path.join(tmpdir(), 'afield-opencode-desk-'));
  repo = path.join(folder, 'repo');
  model = await startScriptedModel({ cwd: repo });
  await prepareOpencodeHome(folder, repo, model);
  const file = path.join(folder, '.config/opencode/opencode.json');
  const asks = { permission: { edit: 'ask', bash: 'ask' } };
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...asks }));
  house = await startHouse({ config: { agents: { opencode: { command: [program], env: opencodeEnv(folder) } } } });
  faces = await TwoFaces.start(house, 'opencode', repo, /Ask anything/);
  await faces.becomes('idle');
});
afterAll(async () => {
  await faces?.close();
  await house?.stop();
  await model?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const HELLO = 'hello\nfrom the scripted model\n';
const inRepo = (name: string) => path.join(repo, name);
const DIALOG = /Permission required/;

describe('opencode 1.18.33 at a desk, with a phone beside it', () => {
  it('what is typed at the desk stands in the chat, with its answer and its cost', async () => {
    await faces.type('SCENARIO:greet');
    await faces.hears('agent: Hello from the scripted model. Nothing was changed.');
    expect((await faces.said())[0]).toBe('user: SCENARIO:greet');
    const session = await faces.session();
    expect(session.faces).toEqual(['terminal', 'chat']);
    expect(session.agent_session_id).toMatch(/^ses_/);
    await until('it is counted', async () => ((await faces.usage()).sum.cost_usd ?? 0) > 0);
    await faces.becomes('idle');
  });

  it('what the phone allows closes the dialog at the desk', async () => {
    await faces.type('SCENARIO:edit');
    const [asked] = await faces.asked();
    await faces.shows(DIALOG);
    await faces.becomes('waiting');
    expect(asked?.ask).toMatchObject({ tool_kind: 'edit', subject: inRepo('hello.txt'), diffs: [{ before: null, after: HELLO }] });
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
    if (asked !== undefined) await faces.answer(asked, { option_id: 'once' });
    await faces.hides(DIALOG);
    await holds(inRepo('hello.txt'), HELLO);
    await faces.shows(/Done with the edit scenario/);
    await faces.becomes('idle');
  });

  it('what the phone rejects, with words, is not done', async () => {
    await rm(inRepo('hello.txt'));
    await faces.type('SCENARIO:edit');
    const [asked] = await faces.asked();
    if (asked !== undefined) await faces.answer(asked, { option_id: 'reject', text: 'Use goodbye.txt instead.' });
    await faces.hides(DIALOG);
    await faces.becomes('idle');
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
  });

  it('what is allowed at the desk is gone from the phone, and what comes too late is refused', async () => {
    await faces.type('SCENARIO:bash');
    const [asked] = await faces.asked();
    const id = asked?.id ?? '';
    await faces.shows(DIALOG);
    await faces.pressUntil('Enter', () => faces.gone(id));
    expect((await faces.approval(id)).outcome).toMatchObject({ decision: 'allow' });
    if (asked !== undefined)
      await expect(faces.answer(asked, { option_id: 'reject' })).rejects.toMatchObject({ code: 'approval_answered' });
    await faces.becomes('idle');
    expect(existsSync(inRepo('made-by-bash'))).toBe(true);
  });

  it('a turn that is interrupted at the desk is over here too', async () => {
    await faces.type('SCENARIO:slow');
    await faces.shows(/word3/);
    await faces.becomes('busy');
    // Twice, one after the other.
    await faces.pressUntil('Escape', async () => (await faces.session()).status === 'idle');
    expect((await faces.said()).at(-1)).toMatch(/^agent: word1 word2 word3/);
  });

  it('a dialog that stands while the home server is killed can be answered after it', async () => {
    await faces.type('SCENARIO:edit');
    await faces.asked();
    await faces.shows(DIALOG);
    await house.killServer();
    await house.startServer();
    await faces.attach();
    const [again] = await faces.asked();
    if (again !== undefined) await faces.answer(again, { option_id: 'once' });
    await holds(inRepo('hello.txt'), HELLO);
    await faces.hides(DIALOG);
    await faces.becomes('idle');
    // Nothing that was said before is said twice.
    expect((await faces.said()).filter((line) => line === 'user: SCENARIO:greet')).toHaveLength(1);
  });

  it('the chat follows to another conversation', async () => {
    const { agent_session_id } = await faces.session();
    await faces.type('/new');
    await faces.shows(/Ask anything/);
    await faces.type('SCENARIO:think');
    await faces.hears('agent: I have thought about it.');
    expect((await faces.session()).agent_session_id).not.toBe(agent_session_id);
    await faces.becomes('idle');
  });

  it('its password stands in no argument, and who does not know it is refused', async () => {
    const lines = await faces.programs();
    const port = lines.map((line) => / --port (\d+) /.exec(line)?.[1]).find((found) => found !== undefined);
    const file = path.join(await companionFolder(house, faces.id), 'password');
    const password = await readFile(file, 'utf8');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await processes()).filter(({ args }) => args.includes(password))).toEqual([]);
    expect((await fetch(`http://127.0.0.1:${port}/session`)).status).toBe(401);
    expect(house.server.output).not.toContain(password);
  });

  it('ends with its session, and nothing of it is left', async () => {
    await faces.stop();
    await until('nothing runs', async () => (await faces.programs()).length === 0);
  });
});
