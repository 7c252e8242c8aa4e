/** What an agent asks in a chat, and what it does with the answers. */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import type { Approval } from '@afield/shared/api/approvals.ts';
import { expect, it } from 'vitest';
import { until } from '../kit.ts';
import type { ChatAgent } from './chat-agent.ts';
import { type ChatStage, HELLO } from './chat-stage.ts';

type Question = NonNullable<ChatAgent['question']>;

const WORDS = 'Use goodbye.txt instead.';
const TICKS = /^tick 1\ntick 2\ntick 3\ntick 4\n?$/;
const DONE = 'message done: Done with the edit scenario.';

export function askingTests(stage: ChatStage, given: ChatAgent): void {
  const long = given.longTitle ?? /tick/;
  const edit = given.editTitle ?? /hello\.txt$/;

  it('shows what it writes before it writes it, waits, and writes it once it is allowed', async () => {
    const { chat } = stage;
    const file = stage.inRepo('hello.txt');
    const approval = await stage.ask('edit');
    await chat.becomes('waiting');
    expect(approval.ask).toMatchObject({ kind: 'permission', cwd: stage.repo });
    if (given.editsByCommand === true)
      expect(approval.ask).toMatchObject({ tool_kind: 'execute', subject: expect.stringContaining('hello.txt') });
    else {
      expect(approval.ask).toMatchObject({ tool_kind: 'edit', subject: file });
      expect(approval.ask.diffs).toEqual([{ path: file, before: given.beforeNew ?? null, after: HELLO, cut: false }]);
    }
    if (given.editTool !== undefined) expect(approval.ask.tool_name).toBe(given.editTool);
    expect(existsSync(file)).toBe(false);
    expect((await chat.tool(edit)).state).toBe(given.runsWhileAsking === true ? 'running' : 'pending');
    if (given.options !== undefined) expect(stage.option(approval, 'allow')).toBe(given.options.allow);
    const { outcome } = await stage.allow(approval);
    expect(outcome).toMatchObject({ decision: 'allow', scope: 'once', by: 'Test phone' });
    await chat.done();
    expect(chat.statuses).toEqual(['busy', 'waiting', 'busy', 'idle']);
    expect(await readFile(file, 'utf8')).toBe(HELLO);
    const written = { tool_kind: 'edit', diffs: [{ before: given.beforeNew ?? null, after: HELLO }] };
    expect(await chat.tool(edit)).toMatchObject({ state: 'done', ...(given.editsByCommand === true ? {} : written) });
  });

  it('does not write what is denied, and hears the words that go with it, or it is told that it cannot', async () => {
    const { chat, model } = stage;
    await rm(stage.inRepo('hello.txt'), { force: true });
    const approval = await stage.ask('edit');
    if (given.options !== undefined) expect(stage.option(approval, 'deny')).toBe(given.options.deny);
    await chat.answer(approval, { option_id: stage.option(approval, 'deny'), text: WORDS });
    await chat.done();
    expect(existsSync(stage.inRepo('hello.txt'))).toBe(false);
    const tool = await chat.tool(edit);
    expect(tool.state).toBe('failed');
    const story = await chat.story();
    expect(story.includes(DONE)).toBe(given.stopsWhenDenied !== true);
    if (given.wordsOfDenial === 'nowhere') expect(story.join()).toContain('This agent takes no words with an answer.');
    else if (given.wordsOfDenial === 'next prompt') {
      await stage.turn('greet');
      expect(model.bodies.at(-1)).toContain(WORDS);
    } else expect(tool.output).toBe(given.wordsOfDenial.outputOfTool);
  });

  it.runIf(given.options?.stop)('does not write either what is answered by an end of the turn', async () => {
    await stage.chat.answer(await stage.ask('edit'), { option_id: given.options?.stop ?? '' });
    await stage.chat.done();
    expect(existsSync(stage.inRepo('hello.txt'))).toBe(false);
    expect(await stage.chat.story()).not.toContain(DONE);
  });

  it.runIf(given.change)('changes a file after it read it, with the diff', async () => {
    const approval = await stage.ask('change');
    expect(approval.ask).toMatchObject({ subject: stage.inRepo('README.md'), diffs: [{ ...given.change }] });
    await stage.allow(approval);
    await stage.chat.done();
    expect(await readFile(stage.inRepo('README.md'), 'utf8')).toBe('# demo, changed\n');
  });

  it('asks twice in one turn, and each has its own answer', async () => {
    const { chat } = stage;
    await chat.say('SCENARIO:two');
    const asked: Approval[] = [];
    for (const count of given.asksTogether === true ? [2] : [1, 1]) {
      const now = await chat.waiting(count);
      for (const approval of now) await stage.allow(approval);
      asked.push(...now);
    }
    await chat.done();
    const subjects = asked.map(({ ask }) => ask.subject);
    expect(given.asksTogether === true ? subjects.sort() : subjects).toEqual(['touch one.tmp', 'touch two.tmp']);
    expect(asked.map(({ ask }) => ask.tool_kind)).toEqual(['execute', 'execute']);
    const waited = given.asksTogether === true ? ['waiting'] : ['waiting', 'busy', 'waiting'];
    expect(chat.statuses).toEqual(['busy', ...waited, 'busy', 'idle']);
    expect([existsSync(stage.inRepo('one.tmp')), existsSync(stage.inRepo('two.tmp'))]).toEqual([true, true]);
  });

  it.runIf(given.forSession)('does not ask again for what is allowed for the session', async () => {
    const { chat } = stage;
    const approval = await stage.ask('bash');
    expect(approval.ask.options.map(({ id, scope }) => [id, scope])).toEqual(given.forSession?.options);
    await chat.answer(approval, { option_id: given.forSession?.option ?? '' });
    await chat.done();
    await stage.turn('bash');
    expect(chat.statuses).toEqual(['busy', 'idle']);
    expect((await chat.tool(/made-by-bash/)).output).toContain('made-by-bash');
  });

  it.runIf(given.question)('asks a question with choices, and has the answer', async () => {
    const { chat } = stage;
    const { id, text, tool, output } = given.question as Question;
    const approval = await stage.ask('ask');
    const choices = ['Red', 'Blue'].map((colour) => ({ id: colour, label: colour }));
    expect(approval.ask).toMatchObject({ kind: 'question', questions: [{ id, text, choices }] });
    await chat.answer(approval, { answers: { [id]: ['Blue'] } });
    await chat.done();
    expect((await chat.tool(tool)).output).toContain(output);
  });

  it('runs a long command, and is busy as long as it runs', async () => {
    const { chat } = stage;
    await stage.allow(await stage.ask('long'));
    await chat.becomes('busy');
    if (given.streamsOutput === true) {
      await until('its output comes', async () => (await chat.tool(long)).output.includes('tick 2'));
      expect((await chat.session()).status).toBe('busy');
    }
    await chat.done();
    expect(chat.statuses).toEqual(['busy', 'waiting', 'busy', 'idle']);
    expect((await chat.story()).at(-1)).toBe('message done: Done with the long scenario.');
    expect(await chat.tool(long)).toMatchObject({
      tool_kind: 'execute',
      state: 'done',
      output: expect.stringMatching(given.longOutput ?? TICKS),
    });
  });
}
