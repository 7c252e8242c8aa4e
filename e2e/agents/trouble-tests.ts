/** What goes wrong with an agent in a chat: it is interrupted, its provider refuses, its home server is killed; and its end. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { until } from '../kit.ts';
import type { ChatAgent } from './chat-agent.ts';
import { type ChatStage, GREETING } from './chat-stage.ts';
import type { RunningProgram } from './programs.ts';

export function troubleTests(stage: ChatStage, given: ChatAgent): void {
  it('is interrupted in the middle of its words, and while it asks', async () => {
    const { chat } = stage;
    const before = await chat.said(/\bword2\b/);
    await stage.speaking();
    await chat.cancel();
    await chat.done();
    expect((await chat.story()).join()).not.toContain('word80');
    await rm(stage.inRepo('hello.txt'), { force: true });
    const approval = await stage.ask('edit');
    await chat.cancel();
    await chat.done();
    expect(await chat.gone(approval)).toBe(true);
    // What was cut is told once more after the end of its turn: it is the same message.
    expect(await chat.said(/\bword2\b/)).toHaveLength(before.length + 1);
    expect(existsSync(stage.inRepo('hello.txt'))).toBe(false);
  });

  it('is interrupted while its provider hangs', async () => {
    const { chat, model } = stage;
    for (const early of [false, true]) {
      const before = model.requests.length;
      await chat.say('SCENARIO:hang');
      await chat.becomes('busy');
      if (!early) await until('the model was asked', () => model.requests.length > before);
      await chat.cancel();
      await chat.done();
    }
  });

  const refusals = [['e401', given.refused] as const, ...(given.overloaded === undefined ? [['e529', /529/] as const] : [])];
  it.each(refusals)('says why its provider refused (%s), and is idle; the next prompt is answered', async (scenario, why) => {
    const { chat } = stage;
    await stage.turn(scenario);
    const errors = (await chat.story()).filter((line) => line.startsWith('error: '));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(why);
    await stage.turn('greet');
    expect(await chat.story()).toEqual([GREETING]);
  });

  it.runIf(given.overloaded)('tries an overloaded provider again, until somebody stops it', async () => {
    const { chat, model } = stage;
    await chat.say('SCENARIO:e529');
    await until('it has tried', () => model.bodies.at(-1)?.includes('SCENARIO:e529'));
    if (given.overloaded === 'tells that it tries again') await chat.tells(/^warning: .*tries again/);
    expect((await chat.session()).status).toBe('busy');
    await chat.cancel();
    await chat.done();
  });
}

/** The last ones: after them there is nothing to talk to. */
export function endTests(stage: ChatStage, given: ChatAgent): void {
  const servers = (programs: RunningProgram[]) => programs.filter(({ args }) => given.server?.test(args));

  it.runIf(given.resumes !== false)(
    'goes on with all it knew after the home server was killed, and nothing of the old one runs',
    async () => {
      const { chat, model } = stage;
      const before = await chat.usage();
      const { agent_session_id } = await chat.session();
      const old = await stage.programs();
      expect(old).not.toEqual([]);
      if (given.server !== undefined) expect(servers(old)).toHaveLength(1);
      await stage.speaking();
      await stage.restartServer();
      expect((await chat.session()).status).not.toBe('busy');
      await stage.turn('greet');
      expect(await chat.story()).toEqual([GREETING]);
      expect((await chat.session()).agent_session_id).toBe(agent_session_id);
      // The conversation that the model is given holds what came before.
      expect(model.bodies.at(-1)).toContain('SCENARIO:think');
      const { sum } = await chat.usage();
      expect(sum.input_tokens - before.sum.input_tokens).toBe(given.turn.input_tokens);
      expect((sum.cost_usd ?? 0) - (before.sum.cost_usd ?? 0)).toBeCloseTo(given.forgetsCost === true ? 0 : (given.turn.cost_usd ?? 0), 5);
      const now = await stage.programs();
      if (given.server !== undefined) expect(servers(now)).toHaveLength(1);
      expect(now.filter(({ pid }) => old.some((one) => one.pid === pid))).toEqual([]);
    },
  );

  it('ends with its session, and nothing of it is left', async () => {
    const { chat, house } = stage;
    const { pid } = await chat.session();
    const pids = (await stage.programs()).map((program) => program.pid);
    expect(pids).not.toEqual([]);
    if (pid !== null) expect(pids).toContain(pid);
    await house.json('stop', chat.id);
    expect((await chat.session()).status).toMatch(/^(?:finished|cancelled)$/);
    await until('nothing of it runs', async () => (await stage.programs()).length === 0);
  });
}
