/**
 * The real Codex in a terminal: a person types at the desk, a phone sees the same session as a chat and answers what it asks. The first
 * answer wins, and the other one sees that it is answered.
 */
import { existsSync } from 'node:fs';
import { lstat, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, startHouse, until } from '../kit.ts';
import { type ScriptedModel, startScriptedModel } from '../scripted-model/server.ts';
import { codexEnv, codexProgram, prepareCodexHome } from './codex-home.ts';
import { companionFolder, holds, TwoFaces } from './two-faces.ts';

let folder: string;
let repo: string;
let model: ScriptedModel;
let house: House;
let faces: TwoFaces;

beforeAll(async () => {
  const program = codexProgram();
  folder = await mkdtemp(path.join(tmpdir(), 'afield-codex-desk-'));
  repo = path.join(folder, 'repo');
  model = await startScriptedModel({ cwd: repo });
  await prepareCodexHome(folder, repo, model);
  // Its own settings would ask nothing: what is set for the terminal holds for its app-server too.
  const command = [program, '-c', 'approval_policy=on-request', '--no-daemon'];
  house = await startHouse({ config: { agents: { codex: { command, env: codexEnv(folder) } } } });
  faces = await TwoFaces.start(house, 'codex', repo, /Ask Codex to do anything/);
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
const DIALOG = /Would you like to (?:run|make)/;

describe('Codex 0.169.0 at a desk, with a phone beside it', () => {
  it('what is typed at the desk stands in the chat, with its answer and its tokens', async () => {
    await faces.type('SCENARIO:greet');
    await faces.hears('agent: Hello from the scripted model. Nothing was changed.');
    expect((await faces.said())[0]).toBe('user: SCENARIO:greet');
    const session = await faces.session();
    expect(session.faces).toEqual(['terminal', 'chat']);
    expect(session.agent_session_id).toMatch(/^[0-9a-f-]{36}$/);
    await until('it is counted', async () => (await faces.usage()).sum.input_tokens === 1_200);
    await faces.becomes('idle');
  });

  it('what the phone allows closes the dialog at the desk', async () => {
    await faces.type('SCENARIO:edit');
    const [asked] = await faces.asked();
    await faces.shows(DIALOG);
    await faces.becomes('waiting');
    expect(asked?.ask).toMatchObject({ tool_kind: 'edit', subject: inRepo('hello.txt'), diffs: [{ before: null, after: HELLO }] });
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
    if (asked !== undefined) await faces.answer(asked, { option_id: 'accept' });
    await faces.hides(DIALOG);
    await holds(inRepo('hello.txt'), HELLO);
    await faces.shows(/Done with the edit scenario/);
    await faces.becomes('idle');
  });

  it('what the phone declines is not done', async () => {
    await rm(inRepo('hello.txt'));
    await faces.type('SCENARIO:edit');
    const [asked] = await faces.asked();
    if (asked !== undefined) await faces.answer(asked, { option_id: 'decline' });
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
      await expect(faces.answer(asked, { option_id: 'decline' })).rejects.toMatchObject({ code: 'approval_answered' });
    await faces.becomes('idle');
    expect(existsSync(inRepo('made-by-bash'))).toBe(true);
  });

  it('what is declined at the desk by Escape is gone too', async () => {
    await faces.type('SCENARIO:edit');
    const [asked] = await faces.asked();
    await faces.shows(DIALOG);
    await faces.pressUntil('Escape', () => faces.gone(asked?.id ?? ''));
    await faces.becomes('idle');
    expect(existsSync(inRepo('hello.txt'))).toBe(false);
  });

  it('two questions at once have each their own answer, one at the desk and one from the phone', async () => {
    await faces.type('SCENARIO:two');
    const both = await faces.asked(2);
    await faces.shows(DIALOG);
    const [one, two] = ['touch one.tmp', 'touch two.tmp'].map((subject) => both.find(({ ask }) => ask.subject === subject));
    if (two !== undefined) await faces.answer(two, { option_id: 'accept' });
    await faces.pressUntil('Enter', () => faces.gone(one?.id ?? ''));
    await faces.becomes('idle');
    expect([existsSync(inRepo('one.tmp')), existsSync(inRepo('two.tmp'))]).toEqual([true, true]);
  });

  it('a turn that is interrupted at the desk is over here too', async () => {
    await faces.type('SCENARIO:slow');
    await faces.shows(/word3/);
    await faces.becomes('busy');
    await faces.pressUntil('Escape', async () => (await faces.session()).status === 'idle');
    expect((await faces.said()).at(-1)).toMatch(/^agent: word1 word2 word3/);
    await faces.shows(/Conversation interrupted/);
  });

  it('a dialog that stands while the home server is killed can be answered after it', async () => {
    await faces.type('SCENARIO:edit');
    await faces.asked();
    await faces.shows(DIALOG);
    await house.killServer();
    await house.startServer();
    await faces.attach();
    const [again] = await faces.asked();
    if (again !== undefined) await faces.answer(again, { option_id: 'accept' });
    await holds(inRepo('hello.txt'), HELLO);
    await faces.hides(DIALOG);
    await faces.becomes('idle');
    // Nothing that was said before is said twice.
    expect((await faces.said()).filter((line) => line === 'user: SCENARIO:greet')).toHaveLength(1);
  });

  it('the chat follows to another conversation', async () => {
    const { agent_session_id } = await faces.session();
    await faces.type('/new');
    await faces.hides(/SCENARIO/);
    await faces.type('SCENARIO:think');
    await faces.hears('agent: I have thought about it.');
    expect((await faces.session()).agent_session_id).not.toBe(agent_session_id);
    await faces.becomes('idle');
  });

  it('its socket is open to nobody else', async () => {
    const socket = path.join(await companionFolder(house, faces.id), 'codex.sock');
    expect((await stat(path.dirname(socket))).mode & 0o077).toBe(0);
    expect((await stat(socket)).mode & 0o077).toBe(0);
    expect((await lstat(socket)).uid).toBe(process.getuid?.());
    expect((await faces.programs()).join('\n')).not.toMatch(/ws:\/\//);
  });

  it('ends with its session, and nothing of it is left', async () => {
    expect((await faces.programs()).filter((line) => line.includes(' app-server '))).not.toEqual([]);
    await faces.stop();
    await until('nothing runs', async () => (await faces.programs()).length === 0);
  });
});
