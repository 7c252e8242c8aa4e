/**
 * What every real agent that speaks ACP is driven through: a home server starts it against a scripted model, and a device that is paired
 * through the relay prompts it, answers what it asks, interrupts it, and goes on with it after the home server was killed.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Approval } from '@afield/shared/api/approvals.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, startHouse, until } from '../kit.ts';
import { type ScriptedModel, startScriptedModel } from '../scripted-model/server.ts';
import { Chat, openChatDevice } from './chat-device.ts';

export interface AcpAgent {
  /** With its version, as it stands in the names of the tests. */
  title: string;
  version: string;
  /** Name in the config, and what stands there. `folder` is its home. */
  agent: string;
  config(place: { folder: string; repo: string; model: ScriptedModel }): Record<string, unknown>;
  /** Writes what it needs to ask none of its first-run questions. */
  prepare(place: { folder: string; repo: string; model: ScriptedModel }): Promise<void>;
  /** Default: the usual one. */
  runtime?: string;
  /** More environment of the home server. */
  env?: Record<string, string>;
  /** Tokens of a turn that greets; cost where it tells one. */
  greeting: { input_tokens: number; output_tokens: number; cost: boolean };
  /** A turn whose edit was denied is over then. Default: the agent goes on with it. */
  stopsWhenDenied?: boolean;
  /** It tells thoughts. Default: yes. */
  thinks?: boolean;
  /** It has no tool that writes, and asks for a command. Default: for an edit, with its diff. */
  editsByCommand?: boolean;
  /** It asks questions of its own in this way; left out: none. */
  asks?: 'question';
  /** What it says when its provider refuses the key. */
  refused: RegExp;
  /** A turn that its provider refuses for 529 ends, and is not tried for minutes. Default: yes. */
  overloads?: boolean;
  /** It goes on after the home server was killed. Default: yes. */
  resumes?: boolean;
}

const HELLO = 'hello\nfrom the scripted model\n';

export function acpChatTests(given: AcpAgent): void {
  let folder: string;
  let repo: string;
  let model: ScriptedModel;
  let house: House;
  let phone: AfieldClient;
  let chat: Chat;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'afield-acp-chat-'));
    repo = path.join(folder, 'repo');
    await mkdir(repo);
    await writeFile(path.join(repo, 'README.md'), '# demo\n');
    model = await startScriptedModel({ cwd: repo });
    const place = { folder, repo, model };
    await given.prepare(place);
    // variables that a shell inside of an agent has, and that end some agents when they reach them
    const env = { CLAUDECODE: '1', IS_SANDBOX: 'yes', ...given.env };
    house = await startHouse({ config: { agents: { [given.agent]: given.config(place) } }, env });
    phone = await openChatDevice(house);
    const runtime = given.runtime === undefined ? {} : { runtime: given.runtime };
    chat = await Chat.start(phone, { agent: given.agent, cwd: repo, ...runtime });
  });
  afterAll(async () => {
    phone?.close();
    await house?.stop();
    await model?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  const inRepo = (name: string) => path.join(repo, name);
  const option = ({ ask }: Approval, decision: string) =>
    ask.options.find((one) => one.decision === decision && one.scope === 'once')?.id ?? '';
  const allow = async (approval: Approval) => chat.answer(approval, { option_id: option(approval, 'allow') });

  describe(given.title, () => {
    it('starts, and tells its version and modes', async () => {
      await chat.become('idle');
      const state = await until('it has told of itself', async () => {
        const now = await chat.chat();
        return now.version === null ? null : now;
      });
      expect(state).toMatchObject({ version: given.version, version_note: null });
      expect(state.modes.length).toBeGreaterThan(0);
      expect(state.modes.map(({ id }) => id)).toContain(state.mode);
    });

    it('answers twice, and the tokens of each turn are known', async () => {
      await chat.say('SCENARIO:greet');
      await chat.done();
      expect((await chat.story()).at(-1)).toBe('message done: Hello from the scripted model. Nothing was changed.');
      await chat.say('SCENARIO:greet');
      await chat.done();
      const { sum } = await chat.usage();
      const { input_tokens, output_tokens } = given.greeting;
      const told = { input_tokens: 2 * input_tokens, output_tokens: 2 * output_tokens };
      expect(sum).toMatchObject({ turns: 2, ...told, unpriced_turns: given.greeting.cost ? 0 : 2 });
      expect((await chat.session()).agent_session_id).not.toBe(null);
    });

    it.runIf(given.thinks !== false)('tells its thoughts apart', async () => {
      await chat.say('SCENARIO:think');
      await chat.done();
      const story = await chat.story();
      expect(story.filter((line) => line.startsWith('thought')).join()).toContain('First');
      expect(story.at(-1)).toBe('message done: I have thought about it.');
    });

    it('shows what it writes before it writes it, waits, and writes it once it is allowed', async () => {
      await chat.say('SCENARIO:edit');
      const approval = await chat.asked();
      await chat.become('waiting');
      expect(existsSync(inRepo('hello.txt'))).toBe(false);
      if (given.editsByCommand === true)
        expect(approval.ask).toMatchObject({ tool_kind: 'execute', subject: expect.stringContaining('hello.txt') });
      else {
        expect(approval.ask).toMatchObject({ kind: 'permission', tool_kind: 'edit', subject: inRepo('hello.txt'), cwd: repo });
        expect(approval.ask.diffs).toMatchObject([{ path: inRepo('hello.txt'), after: HELLO, cut: false }]);
      }
      await allow(approval);
      await chat.done();
      expect(chat.statuses).toEqual(['busy', 'waiting', 'busy', 'idle']);
      expect(await readFile(inRepo('hello.txt'), 'utf8')).toBe(HELLO);
    });

    it('does not write what is denied, and is idle', async () => {
      await rm(inRepo('hello.txt'), { force: true });
      await chat.say('SCENARIO:edit');
      const approval = await chat.asked();
      await chat.answer(approval, { option_id: option(approval, 'deny') });
      await chat.done();
      expect(existsSync(inRepo('hello.txt'))).toBe(false);
      const said = (await chat.story()).some((line) => line.includes('Done with the edit scenario.'));
      expect(said).toBe(given.stopsWhenDenied !== true);
      const tools = (await chat.items()).filter((item) => item.kind === 'tool');
      expect(tools.at(-1)).toMatchObject({ state: 'failed' });
    });

    it('asks twice in one turn', async () => {
      await chat.say('SCENARIO:two');
      const answered = new Set<string>();
      await until(
        'both are answered',
        async () => {
          const { items } = await phone.call('listApprovals', { query: { session_id: chat.id } });
          const next = items.find(({ id, state }) => state === 'pending' && !answered.has(id));
          if (next !== undefined) {
            expect(next.ask.subject).toMatch(/touch (?:one|two)\.tmp/);
            answered.add(next.id);
            await allow(next);
          }
          return answered.size === 2;
        },
        60_000,
      );
      await chat.done();
      expect([existsSync(inRepo('one.tmp')), existsSync(inRepo('two.tmp'))]).toEqual([true, true]);
    });

    it('runs a long command, and is busy as long as it runs', async () => {
      await chat.say('SCENARIO:long');
      await allow(await chat.asked());
      await chat.become('busy');
      await chat.done();
      expect(chat.statuses).toEqual(['busy', 'waiting', 'busy', 'idle']);
      expect((await chat.story()).at(-1)).toBe('message done: Done with the long scenario.');
      const tools = (await chat.items()).filter((item) => item.kind === 'tool');
      expect(tools.at(-1)).toMatchObject({ tool_kind: 'execute', state: 'done' });
    });

    it.runIf(given.asks !== undefined)('asks a question with choices, and has the answer', async () => {
      await chat.say('SCENARIO:ask');
      const approval = await chat.asked();
      expect(approval.ask).toMatchObject({ kind: 'question', questions: expect.any(Array) });
      const [question] = approval.ask.questions;
      expect(question?.choices.map(({ label }) => label)).toEqual(['Red', 'Blue']);
      await chat.answer(approval, { answers: { [question?.id ?? '']: [question?.choices[1]?.id ?? ''] } });
      await chat.done();
      const tools = (await chat.items()).filter((item) => item.kind === 'tool');
      expect((tools.at(-1) as { output: string }).output).toContain('Blue');
    });

    it('is interrupted in the middle of its words, and while it asks', async () => {
      await chat.say('SCENARIO:slow');
      await until('it speaks', async () => (await chat.story()).some((line) => line.includes('word3')), 60_000);
      await chat.cancel();
      await chat.done();
      expect((await chat.story()).join()).not.toContain('word80');
      await rm(inRepo('hello.txt'), { force: true });
      await chat.say('SCENARIO:edit');
      const approval = await chat.asked();
      await chat.cancel();
      await chat.done();
      expect(existsSync(inRepo('hello.txt'))).toBe(false);
      expect((await phone.call('getApproval', { params: { id: approval.id } })).state).toBe('gone');
      // What was cut is told once more after the end of its turn: it is the same message.
      expect(await chat.said(/\bword2\b/)).toHaveLength(1);
    });

    it('says why its provider refused, and is idle; the next prompt is answered', async () => {
      for (const scenario of ['e401', ...(given.overloads === false ? [] : ['e529'])]) {
        await chat.say(`SCENARIO:${scenario}`);
        await chat.done();
        expect((await chat.story()).filter((line) => line.startsWith('error')).join()).toMatch(
          scenario === 'e401' ? given.refused : /529|[Oo]verloaded/,
        );
      }
      await chat.say('SCENARIO:greet');
      await chat.done();
      expect((await chat.story()).at(-1)).toBe('message done: Hello from the scripted model. Nothing was changed.');
    });

    it.runIf(given.overloads === false)(
      'tries an overloaded provider again and tells nothing, and can be interrupted meanwhile',
      async () => {
        await chat.say('SCENARIO:e529');
        await until('it has tried', () => model.bodies.at(-1)?.includes('SCENARIO:e529') === true, 60_000);
        await chat.become('busy');
        await chat.cancel();
        await chat.done();
      },
    );

    it.runIf(given.resumes !== false)('goes on after the home server was killed', async () => {
      const before = await chat.session();
      await house.killServer();
      await house.startServer();
      await until('the house answers again', async () => (await chat.session()).id === chat.id, 60_000);
      await chat.say('SCENARIO:greet');
      await chat.done();
      expect((await chat.story()).at(-1)).toBe('message done: Hello from the scripted model. Nothing was changed.');
      expect((await chat.session()).agent_session_id).toBe(before.agent_session_id);
    });
  });
}
