/** What every runtime that speaks an agent's protocol does alike: the tests that run over each of them, against a small agent of its own. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentAnswer, ChatRuntime, ChatUpdate } from '../core/chat-ports.ts';
import type { Machine } from '../core/machine-ports.ts';
import { type Of, PlayedRun } from './chat-conformance-run.ts';
import type { ChatExit } from './chat-process.ts';
import { marked } from './heard.ts';

export interface ChatRuntimeUnderTest {
  runtime: ChatRuntime;
  /** This machine, whose user is at home in that folder. */
  machine(home: string): Machine;
  /** Arguments of Node that start an agent, which does what `SCENARIO:<name>` in a prompt says. */
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
}

export function chatRuntimeTests({ runtime, machine: machineAt, args, env = {} }: ChatRuntimeUnderTest): void {
  let folder: string;
  let runs: PlayedRun[];
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'afield-chat-')));
    runs = [];
  });
  afterEach(async () => {
    await Promise.all(runs.map(({ agent }) => agent.stop()));
    for (const { session_id } of runs) expect(marked(session_id)).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(resume: string | null = null): Promise<PlayedRun> {
    const session_id = crypto.randomUUID();
    const machine = machineAt(folder);
    const given = machine.environment({ id: session_id }, { ...env, HOME: folder, SMALL_AGENT_HOME: folder });
    const command = { session_id, file: process.execPath, args: [...args], cwd: folder, env: given };
    const run = new PlayedRun(session_id);
    const sink = {
      update: (update: ChatUpdate) => {
        expect(run.exit).toBe(null);
        run.updates.push(update);
      },
      exit: (exit: ChatExit) => {
        expect(run.exit).toBe(null);
        run.exit = exit;
      },
    };
    run.agent = await runtime.start({ command, machine, model: null, mode: null, resume, fork: false }, sink);
    runs.push(run);
    return run;
  }
  const answer = (ask: Of<'ask'>, decision: 'allow' | 'deny' | 'cancel', text: string | null = null): AgentAnswer => {
    const option = ask.ask.options.find((one) => one.decision === decision) ?? ask.ask.options.find((one) => one.decision !== 'allow');
    return { option_id: option?.id ?? null, decision, text, answers: {} };
  };

  describe('a turn', () => {
    it('is running once its prompt is taken, tells its text as it comes, and is idle at its end', async () => {
      const run = await start();
      expect(run.state).toBe('idle');
      await run.give('greet');
      await run.ended();
      expect(run.states).toEqual(['running', 'idle done']);
      expect(run.said('agent')).toMatch(/^Hello from the small .*Nothing was changed\.\s*$/);
      expect(run.of('text').length).toBeGreaterThan(3);
      expect(run.of('agent_session')).toHaveLength(1);
    });

    it('tells thoughts apart from what is said', async () => {
      const run = await start();
      await run.give('think');
      await run.ended();
      expect(run.said('thought')).toMatch(/^First/);
      expect(run.said('agent').trim()).toBe('I have thought about it.');
    });

    it('follows another in the same process, and goes on after an end of it', async () => {
      const run = await start();
      for (const turn of [1, 2]) {
        await run.give('greet');
        await run.ended(turn);
      }
      await run.agent.stop();
      expect(run.exit).not.toBe(null);
      await expect(run.give('greet')).rejects.toMatchObject({ code: 'unavailable' });
      const again = await start(run.of('agent_session')[0]?.id ?? '');
      await again.give('greet');
      await again.ended();
      expect(again.states).toEqual(['running', 'idle done']);
    });

    it('that fails says why, and ends', async () => {
      const run = await start();
      await run.give('e401').catch(() => {});
      await run.ended();
      expect(run.state).toBe('idle error');
      expect(run.of('notice').filter(({ level }) => level === 'error')).toHaveLength(1);
    });
  });

  describe('a question', () => {
    it('holds the turn until it is allowed; the call then works', async () => {
      const run = await start();
      await run.give('edit');
      const asked = await run.asked();
      await eventually(() => run.state === 'waiting');
      expect(asked.ask).toMatchObject({ kind: 'permission', tool_kind: 'edit', subject: expect.stringContaining('hello.txt') });
      expect(asked.ask.diffs).toHaveLength(1);
      await run.agent.answer(asked.key, answer(asked, 'allow'));
      await run.ended();
      expect(run.states).toEqual(['running', 'waiting', 'running', 'idle done']);
      expect(run.tool(asked.ask.tool_id ?? '')).toMatchObject({ state: 'done', kind: 'edit' });
      await expect(run.agent.answer(asked.key, answer(asked, 'deny'))).rejects.toMatchObject({ code: 'not_found' });
    });

    it('that is denied fails its call, and the turn comes to its end', async () => {
      const run = await start();
      await run.give('edit');
      const asked = await run.asked();
      await run.agent.answer(asked.key, answer(asked, 'deny'));
      await run.ended();
      expect(run.tool(asked.ask.tool_id ?? '')).toMatchObject({ state: 'failed' });
      expect(run.state).toMatch(/^idle (done|cancelled)$/);
    });

    it('may be followed by another', async () => {
      const run = await start();
      await run.give('two');
      for (const count of [1, 2]) {
        const asked = await run.asked(count);
        await run.agent.answer(asked.key, answer(asked, 'allow'));
      }
      await run.ended();
      expect(run.states).toEqual(['running', 'waiting', 'running', 'waiting', 'running', 'idle done']);
    });

    it('about a call that was never announced can be answered all the same', async () => {
      const run = await start();
      await run.give('never');
      const asked = await run.asked();
      expect(asked.ask.subject).toContain('touch never-announced');
      await run.agent.answer(asked.key, answer(asked, 'allow'));
      await run.ended();
      expect(run.said('agent').trim()).toBe('Done.');
    });

    it('of two with one id: an answer goes to one of them, the turn ends', async () => {
      const run = await start();
      await run.give('duplicate');
      const asked = await run.asked(2);
      await run.agent.answer(asked.key, answer(asked, 'allow'));
      await run.ended();
      expect(run.state).toBe('idle done');
    });

    it('that is withdrawn is gone', async () => {
      const run = await start();
      await run.give('withdraw');
      const asked = await run.asked();
      await run.ended();
      expect(run.of('ask_gone').map(({ key }) => key)).toEqual([asked.key]);
      expect(run.state).toBe('idle done');
      await expect(run.agent.answer(asked.key, answer(asked, 'allow'))).rejects.toMatchObject({ code: 'not_found' });
    });
  });

  describe('an interrupt', () => {
    it('ends the turn; without a turn it is no error', async () => {
      const run = await start();
      await run.agent.cancel();
      await run.give('slow');
      await eventually(() => /word3/.test(run.said('agent')));
      await run.agent.cancel();
      await run.ended();
      expect(run.states).toEqual(['running', 'idle cancelled']);
      await run.give('greet');
      await run.ended(2);
    });

    it('leaves what was said standing once, also when it is told once more after the end', async () => {
      const run = await start();
      await run.give('slow');
      await eventually(() => /word3/.test(run.said('agent')));
      await run.agent.cancel();
      await run.ended();
      await run.give('greet');
      await run.ended(2);
      const said = run.said('agent');
      expect(said.match(/\bword2\b/g)).toHaveLength(1);
      expect(said).toMatch(/word1 word2 word3[\s\S]*Hello/);
    });

    it('while it asks leaves the call that it asks for standing once', async () => {
      const run = await start();
      await run.give('bash');
      await run.asked();
      const before = new Set(run.of('tool').map(({ key }) => key));
      await run.agent.cancel();
      await run.ended();
      await run.give('greet');
      await run.ended(2);
      expect(new Set(run.of('tool').map(({ key }) => key))).toEqual(before);
    });

    it('of a prompt that was only just given ends its turn too', async () => {
      const run = await start();
      const given = run.give('slow');
      await run.agent.cancel();
      await given;
      await run.ended();
      expect(run.states).toEqual(['running', 'idle cancelled']);
    });

    it('while it asks takes the question away', async () => {
      const run = await start();
      await run.give('bash');
      const asked = await run.asked();
      await run.agent.cancel();
      await run.ended();
      expect(run.state).toBe('idle cancelled');
      await expect(run.agent.answer(asked.key, answer(asked, 'allow'))).rejects.toMatchObject({ code: 'not_found' });
    });

    it('that is ignored leaves an agent that can be ended', async () => {
      const run = await start();
      await run.give('ignore');
      await eventually(() => /do not listen/.test(run.said('agent')));
      await run.agent.cancel().catch(() => {});
      await run.agent.stop();
      expect(run.exit).not.toBe(null);
    });
  });

  describe('what an agent must not break', () => {
    it('half a line and an end: what was said is kept, the end is told once', async () => {
      const run = await start();
      await run.give('half').catch(() => {});
      await eventually(() => run.exit !== null);
      expect(run.exit?.code).toBe(1);
      expect(run.said('agent')).toMatch(/I am about to/);
      await expect(run.give('greet')).rejects.toMatchObject({ code: 'unavailable' });
    });

    it('a crash: its last words on stderr are told', async () => {
      const run = await start();
      await run.give('die').catch(() => {});
      await eventually(() => run.exit !== null);
      expect(run.exit).toMatchObject({ code: 3, detail: expect.stringContaining('segmentation fault') });
    });

    it('kinds of messages that nobody knows are told as text, and it goes on', async () => {
      const run = await start();
      await run.give('unknown');
      await run.ended();
      expect(run.said('agent')).toMatch(/Still here\./);
      expect(run.of('unknown').length).toBeGreaterThan(2);
      for (const { text } of run.of('unknown')) expect(text.length).toBeLessThan(20_000);
    });

    it('the output of a tool of 50 MB', async () => {
      const run = await start();
      await run.give('huge');
      await run.ended();
      expect(run.said('agent').trim()).toBe('That was a lot.');
      const told = run.of('tool').map(({ patch }) => patch.output?.length ?? 0);
      expect(Math.max(...told, ...run.of('tool_output').map(({ text }) => text.length))).toBeGreaterThan(1_000_000);
    });
  });
}
