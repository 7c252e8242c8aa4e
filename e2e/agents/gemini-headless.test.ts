/** The real Gemini CLI, from npm, as a chat without ACP: a run of its own for each prompt, in which nobody can be asked. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChatStage, GREETING, HELLO } from './chat-stage.ts';
import { geminiHome } from './gemini-home.ts';

const stage = new ChatStage({ ...geminiHome, runtime: 'stream-json' });
beforeAll(() => stage.start());
afterAll(() => stage.close());

const written = () => existsSync(stage.inRepo('hello.txt'));

describe(`${geminiHome.title} in one-shot runs`, () => {
  it('says beforehand that it asks nobody', async () => {
    const { runtimes } = await stage.phone.call('getAgent', { params: { name: 'gemini' } });
    expect(runtimes.find(({ name }) => name === 'stream-json')?.note).toMatch(/changes nothing/);
  });

  it('answers, and its tokens are known', async () => {
    const { chat } = stage;
    await chat.becomes('idle');
    await stage.turn('greet');
    expect((await chat.story()).at(-1)).toBe(GREETING);
    expect((await chat.usage()).sum).toMatchObject({ turns: 1, input_tokens: 1200, cached_tokens: 300, output_tokens: 40 });
  });

  it('changes nothing in its default mode, and everything without asking in the mode that is called so', async () => {
    const { chat, phone } = stage;
    await stage.turn('edit');
    expect(written()).toBe(false);
    await phone.call('updateSession', { params: { id: chat.id }, body: { mode: 'yolo' } });
    await stage.turn('edit');
    expect(chat.statuses).toEqual(['busy', 'idle']);
    expect(await readFile(stage.inRepo('hello.txt'), 'utf8')).toBe(HELLO);
    expect(await chat.tool(/hello\.txt/)).toMatchObject({ state: 'done', tool_kind: 'edit' });
  });

  it('is interrupted; says why its provider refused; answers again', async () => {
    const { chat } = stage;
    await stage.speaking();
    await chat.cancel();
    await chat.done();
    expect((await chat.story()).join()).not.toContain('word80');
    await stage.turn('e401');
    expect((await chat.story()).join()).toMatch(/error: .*invalid x-api-key/);
    await stage.turn('greet');
    expect((await chat.story()).at(-1)).toBe(GREETING);
  });

  it('goes on with its session after the home server was killed', async () => {
    const { chat, model } = stage;
    const before = (await chat.session()).agent_session_id;
    await stage.restartServer();
    await stage.turn('greet');
    expect((await chat.story()).at(-1)).toBe(GREETING);
    expect((await chat.session()).agent_session_id).toBe(before);
    expect(model.bodies.at(-1)).toContain('SCENARIO:slow');
  });
});
