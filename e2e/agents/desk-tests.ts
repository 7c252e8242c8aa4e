/**
 * What a real agent in a terminal is driven through: a person types at the desk, a phone sees the same session as a chat and answers what it
 * asks. The first answer wins, and the other one sees that it is answered. What differs between agents is data.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Approval } from '@afield/shared/api/approvals.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../kit.ts';
import { type AgentHome, AgentHouse } from './agent-house.ts';
import { HELLO } from './chat-stage.ts';
import { TwoFaces } from './two-faces.ts';

export interface DeskAgent extends AgentHome {
  /** What the desk shows when it is ready, and while it asks. */
  ready: RegExp;
  dialog: RegExp;
  /** By what it calls its conversation. */
  conversation: RegExp;
  /** What a turn that greets has taken. */
  greeting: { input_tokens: number; cost_usd: number | null };
  options: { allow: string; deny: string };
  /** What it calls the tool that writes. */
  editTool?: string;
  /** It hears words that are given with a denial. */
  hearsWords?: boolean;
  /** What the desk shows beside, when the phone has allowed something. */
  allowedFromAfar?: RegExp;
  /** What is known of an answer that was given at the desk. Default: that it allows. */
  outcomeAtDesk?: 'unknown';
  /** Escape denies what it asks. */
  escapeDenies?: boolean;
  /** What the desk shows when its turn was interrupted. */
  interrupted?: RegExp;
  /** A dialog that stands at the end of the home server can be answered from afar after it. Default: at the desk alone. */
  asksAgain?: boolean;
  /** What is typed for another conversation, and what the desk shows from when it is not refused any more. */
  another?: string;
  worked?: RegExp;
  /** Its own tests, before its end. */
  more?(stage: DeskStage): void;
}

export class DeskStage extends AgentHouse {
  readonly given: DeskAgent;
  faces!: TwoFaces;

  constructor(given: DeskAgent) {
    super(given);
    this.given = given;
  }

  override async start(): Promise<void> {
    await super.start();
    this.faces = await TwoFaces.start(this.house, this.given.agent, this.repo, this.given.ready);
    await this.faces.becomes('idle');
  }
  override async close(): Promise<void> {
    await this.faces?.close();
    await super.close();
  }

  /** Types at the desk; resolves with what is asked then, once both faces show it. */
  async ask(scenario: string): Promise<Approval> {
    await this.faces.type(`SCENARIO:${scenario}`);
    return this.asked();
  }
  /** It wants to write a file, which is not there yet. */
  async asksToWrite(): Promise<Approval> {
    await rm(this.inRepo('hello.txt'), { force: true });
    const approval = await this.ask('edit');
    expect(existsSync(this.inRepo('hello.txt'))).toBe(false);
    return approval;
  }
  async asked(): Promise<Approval> {
    const approval = await this.faces.asked();
    await this.faces.shows(this.given.dialog);
    await this.faces.becomes('waiting');
    return approval;
  }
  /** The dialog is gone from the desk, and the turn is over. */
  async over(): Promise<void> {
    await this.faces.hides(this.given.dialog);
    await this.faces.becomes('idle');
  }
  async restartServer(): Promise<void> {
    await this.house.killServer();
    await this.house.startServer();
    await this.faces.attach();
  }
  /** The file is there with its text. */
  async isWritten(): Promise<void> {
    await until('hello.txt is written', async () => (await readFile(this.inRepo('hello.txt'), 'utf8')) === HELLO);
  }
  /** Where the house keeps what the companion of the session needs. */
  async companionFolder(): Promise<string> {
    const all = await readdir(this.house.home, { recursive: true });
    const found = all.find((name) => name.endsWith(path.join(this.faces.id, 'companion')));
    if (found === undefined) throw new Error('Nothing is kept for its companion.');
    return path.join(this.house.home, found);
  }
}

export function deskTests(given: DeskAgent): void {
  const stage = new DeskStage(given);
  const { allow, deny } = given.options;
  const written = () => existsSync(stage.inRepo('hello.txt'));
  beforeAll(() => stage.start());
  afterAll(() => stage.close());

  describe(`${given.title} at a desk, with a phone beside it`, () => {
    it('what is typed at the desk stands in the chat, with its answer, its tokens and its cost', async () => {
      const { faces } = stage;
      await faces.type('SCENARIO:greet');
      await faces.hears('agent: Hello from the scripted model. Nothing was changed.');
      expect((await faces.said())[0]).toBe('user: SCENARIO:greet');
      const session = await faces.session();
      expect(session.faces).toEqual(['terminal', 'chat']);
      expect(session.agent_session_id).toMatch(given.conversation);
      await faces.becomes('idle');
      await until('it is counted', async () => (await faces.usage()).sum.turns === 1);
      const { input_tokens, cost_usd } = (await faces.usage()).sum;
      expect(input_tokens).toBe(given.greeting.input_tokens);
      expect(cost_usd ?? 0).toBeCloseTo(given.greeting.cost_usd ?? 0, 5);
    });

    it('what the phone allows closes the dialog at the desk', async () => {
      const { faces } = stage;
      const asked = await stage.asksToWrite();
      expect(asked.ask).toMatchObject({ tool_kind: 'edit', subject: stage.inRepo('hello.txt'), diffs: [{ before: null, after: HELLO }] });
      if (given.editTool !== undefined) expect(asked.ask.tool_name).toBe(given.editTool);
      expect((await faces.session()).pending_approvals).toBe(1);
      await faces.answer(asked, { option_id: allow });
      if (given.allowedFromAfar !== undefined) await faces.shows(given.allowedFromAfar);
      await faces.hides(given.dialog);
      await stage.isWritten();
      await faces.shows(/Done with the edit scenario/);
      await faces.becomes('idle');
    });

    it('what the phone denies is not done', async () => {
      const words = given.hearsWords === true ? { text: 'Use goodbye.txt instead.' } : {};
      await stage.faces.answer(await stage.asksToWrite(), { option_id: deny, ...words });
      await stage.over();
      expect(written()).toBe(false);
    });

    it('what is allowed at the desk is gone from the phone, and what comes too late is refused', async () => {
      const { faces } = stage;
      const asked = await stage.ask('bash');
      await faces.pressUntil('Enter', () => faces.gone(asked));
      expect((await faces.approval(asked)).outcome).toMatchObject({ decision: given.outcomeAtDesk ?? 'allow' });
      await expect(faces.answer(asked, { option_id: deny })).rejects.toMatchObject({ code: 'approval_answered' });
      await stage.over();
      expect(existsSync(stage.inRepo('made-by-bash'))).toBe(true);
    });

    it.runIf(given.escapeDenies)('what is denied at the desk by Escape is gone too', async () => {
      const { faces } = stage;
      const asked = await stage.asksToWrite();
      await faces.pressUntil('Escape', () => faces.gone(asked));
      await stage.over();
      expect(written()).toBe(false);
    });

    it('a turn that is interrupted at the desk is over here too', async () => {
      const { faces } = stage;
      await faces.type('SCENARIO:slow');
      await faces.shows(/word3/);
      await faces.becomes('busy');
      // Some want it twice, one after the other.
      await faces.pressUntil('Escape', async () => (await faces.session()).status === 'idle');
      expect((await faces.said()).at(-1)).toMatch(/^agent: word1 word2 word3/);
      if (given.interrupted !== undefined) await faces.shows(given.interrupted);
    });

    it.runIf(given.asksAgain)('a dialog that stands while the home server is killed can be answered after it', async () => {
      const { faces } = stage;
      await stage.asksToWrite();
      await stage.restartServer();
      await faces.answer(await faces.asked(), { option_id: allow });
      await stage.isWritten();
      await stage.over();
    });

    it.runIf(given.asksAgain !== true)(
      'a dialog that stands while the home server is killed is left to the desk; the next is not',
      async () => {
        const { faces } = stage;
        const asked = await stage.asksToWrite();
        await stage.restartServer();
        await until('it is gone', () => faces.gone(asked));
        await faces.shows(given.dialog);
        await faces.pressUntil('Escape', async () => (await faces.session()).status === 'idle');
        expect(written()).toBe(false);
        await faces.answer(await stage.asksToWrite(), { option_id: allow });
        await stage.isWritten();
        await faces.shows(/Done with the edit scenario/);
        await stage.over();
      },
    );

    it('nothing that was said before the home server was killed is said twice', async () => {
      expect((await stage.faces.said()).filter((line) => line === 'user: SCENARIO:greet')).toHaveLength(1);
    });

    it.runIf(given.another)('the chat follows to another conversation', async () => {
      const { faces } = stage;
      const { agent_session_id } = await faces.session();
      if (given.worked !== undefined) await faces.shows(given.worked);
      await faces.typeUntil(given.another ?? '', async () => !/SCENARIO/.test(await faces.screen()));
      await faces.shows(given.ready);
      await faces.type('SCENARIO:think');
      await faces.hears('agent: I have thought about it.');
      expect((await faces.session()).agent_session_id).not.toBe(agent_session_id);
      await faces.becomes('idle');
    });

    given.more?.(stage);

    it('ends with its session, and nothing of it is left', async () => {
      expect(await stage.faces.programs()).not.toEqual([]);
      await stage.faces.stop();
      await stage.faces.shows(/afield fork [0-9a-f-]{13} goes on with what it knew/);
      await until('nothing runs', async () => (await stage.faces.programs()).length === 0);
    });

    it('a fork goes on with all that it knew, in a conversation of its own, counts only what it takes itself, and asks as before', async () => {
      const before = await stage.faces.session();
      const [, knew = ''] = /^agent: (.+)/.exec((await stage.faces.said()).at(-1) ?? '') ?? [];
      const fork = await stage.faces.fork();
      await stage.faces.close();
      stage.faces = fork;
      await fork.showsText(knew.slice(0, 30));
      await fork.becomes('idle');
      await fork.type('SCENARIO:greet');
      await fork.hears(`agent: ${knew}`);
      await fork.hears('agent: Hello from the scripted model. Nothing was changed.');
      await fork.becomes('idle');
      const { agent_session_id } = await fork.session();
      expect(agent_session_id).toMatch(given.conversation);
      expect(agent_session_id).not.toBe(before.agent_session_id);
      await until('it is counted', async () => (await fork.usage()).sum.turns > 0);
      expect((await fork.usage()).sum).toMatchObject({ turns: 1, input_tokens: given.greeting.input_tokens });
      await fork.answer(await stage.asksToWrite(), { option_id: deny });
      await stage.over();
      expect(written()).toBe(false);
      await fork.stop();
    });
  });
}
