import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Approval, Rule } from '@afield/shared/api/approvals.ts';
import type { Attachment, ChatItem } from '@afield/shared/api/chat.ts';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldClient } from '@afield/shared/client/client.ts';
import { uuidv7 } from '@afield/shared/client/uuid.ts';
import { exactPattern } from '@afield/shared/rule-pattern.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerState } from '../config.ts';
import { readFileOr, TestDesk, until } from './test-desk.ts';

interface Items<T> {
  items: T[];
}

const SMALL_AGENT = path.resolve(import.meta.dirname, '../runtimes/acp/small-agent.ts');
const TIMEOUT_MS = 90_000;

const desk = new TestDesk();
beforeAll(async () => {
  const folder = path.join(desk.env.AFIELD_HOME as string);
  mkdirSync(folder, { recursive: true });
  const command = JSON.stringify([process.execPath, SMALL_AGENT]);
  writeFileSync(path.join(folder, 'config.yaml'), `agents:\n  small: { command: ${command}, chat: acp }\n`);
  await desk.startServer();
}, 60_000);
afterAll(() => desk.close(), 60_000);

/** A chat that has done nothing yet, unless a scenario is given. */
async function chat(name: string, scenario?: string): Promise<Session> {
  const prompt = scenario === undefined ? [] : [`SCENARIO:${scenario}`];
  return desk.json<Session>('run', 'small', ...prompt, '--face', 'chat', '-s', name);
}
/** Asked without a process of ours for each look. */
const home = () => {
  const token = readFileOr(path.join(desk.env.AFIELD_HOME as string, 'token'), '').trim();
  return AfieldClient.http({ url: (desk.server as ServerState).url, token, fetch });
};
const sessionOf = async (name: string): Promise<Session> => {
  const { items } = await home().call('listSessions');
  return items.find((one) => one.name === name) as Session;
};
const itemsOf = async (name: string): Promise<ChatItem[]> =>
  (await home().call('getMessages', { params: { id: (await sessionOf(name)).id } })).items;

const waiting = async (name: string): Promise<Approval> =>
  until(
    async () => (await home().call('listApprovals', { query: { session_id: (await sessionOf(name)).id } })).items[0],
    async () => `an approval in ${name}: ${JSON.stringify(await itemsOf(name))}`,
  );
const becomes = (name: string, status: Session['status']) =>
  until(
    async () => ((await sessionOf(name)).status === status ? true : undefined),
    async () => `${name} to be ${status}, not ${(await sessionOf(name)).status}`,
  );
const saying = (name: string, words: string) =>
  until(
    async () => ((await itemsOf(name)).some((item) => 'text' in item && item.text.includes(words)) ? true : undefined),
    async () => `"${words}" in ${JSON.stringify(await itemsOf(name))}`,
  );

describe('a chat without a terminal', () => {
  it(
    'is started, read and written to',
    async () => {
      const session = await chat('plain', 'greet');
      expect(session).toMatchObject({ agent: 'small', faces: ['chat'] });
      await saying('plain', 'Nothing was changed.');
      expect((await desk.cli(['messages', 'plain'])).out).toMatch(
        /^» SCENARIO:greet\n● Hello from the small agent\. Nothing was changed\.$/m,
      );
      await becomes('plain', 'idle');
      expect((await desk.cli(['send', 'plain', 'SCENARIO:think'])).code).toBe(0);
      await saying('plain', 'I have thought about it.');
      expect((await desk.cli(['messages', 'plain'])).out).toMatch(/^… First I look, then I answer\.$/m);
      const { items } = await desk.json<Items<ChatItem>>('messages', 'plain');
      expect(items.filter(({ kind }) => kind === 'message').length).toBeGreaterThanOrEqual(3);
    },
    TIMEOUT_MS,
  );

  it(
    'takes files with a message',
    async () => {
      await chat('files');
      writeFileSync(path.join(desk.home, 'shot.png'), Buffer.from('89504e470d0a1a0a', 'hex'));
      const prompt = await desk.json<Prompt>('send', 'files', 'SCENARIO:files', '--file', 'shot.png');
      expect(prompt.attachments).toMatchObject([{ name: 'shot.png', media_type: 'image/png', size_bytes: 8 }]);
      await saying('files', 'I got:');
      const { id } = prompt.attachments[0] as Attachment;
      expect((await desk.cli(['messages', 'files'])).out).toMatch(new RegExp(`^ {2}\\+ shot\\.png {2}image/png, 8 B {2}${id}$`, 'm'));
      const shown = await desk.cli(['queue', 'files', 'show', prompt.id]);
      expect(shown.out).toMatch(/^(✓|✓✓) .*\n» SCENARIO:files\n {2}\+ shot\.png/);
      expect(await desk.json('queue', 'files', 'show', prompt.id)).toMatchObject({ id: prompt.id, attachments: [{ id }] });
      expect((await desk.cli(['queue', 'files', 'show', uuidv7()])).err).toContain('There is no such prompt');
    },
    TIMEOUT_MS,
  );

  it(
    'saves what was given, under a name of ours and over nothing',
    async () => {
      await chat('saved');
      const bytes = Buffer.from('89504e470d0a1a0a', 'hex');
      mkdirSync(path.join(desk.home, 'given'));
      writeFileSync(path.join(desk.home, 'given', 'run.sh'), 'echo ran');
      writeFileSync(path.join(desk.home, 'given', 'shot.png'), bytes);
      const files = ['--file', 'given/shot.png', '--file', 'given/run.sh'];
      const { attachments } = await desk.json<Prompt>('send', 'saved', 'SCENARIO:files', ...files);
      const [shot, script] = attachments.map(({ id }) => id) as [string, string];
      await saying('saved', 'I got:');
      const saved = await desk.cli(['attachment', 'saved', shot]);
      expect([saved.code, saved.out, saved.err]).toEqual([0, '', expect.stringContaining(`${shot}.png, 8 B`)]);
      expect(readFileSync(path.join(desk.home, `${shot}.png`)).equals(bytes)).toBe(true);
      expect((await desk.cli(['attachment', 'saved', script.slice(0, -1), '-o', 'mine.txt'])).code).toBe(0);
      expect(readFileOr(path.join(desk.home, 'mine.txt'), '')).toBe('echo ran');
      expect((await desk.cli(['attachment', 'saved', script, '-o', '-'])).out).toBe('echo ran');
      const again = await desk.cli(['attachment', 'saved', shot, '-o', 'mine.txt']);
      expect([again.code, again.err]).toEqual([1, expect.stringContaining('is there already')]);
      symlinkSync('/does/not/exist', path.join(desk.home, 'trap'));
      expect((await desk.cli(['attachment', 'saved', shot, '-o', 'trap'])).err).toContain('is there already');
      expect((await desk.cli(['attachment', 'saved', shot, '-o', 'mine.txt', '--force'])).code).toBe(0);
      expect(readFileSync(path.join(desk.home, 'mine.txt')).equals(bytes)).toBe(true);
      expect((await desk.cli(['attachment', 'saved', shot.slice(0, 8)])).err).toMatch(/fits 2 attachments.*\n.*shot\.png\n.*run\.sh/);
      expect((await desk.cli(['attachment', 'saved', 'shot.png'])).err).toContain('There is no attachment');
      expect((await desk.cli(['attachment', 'saved', uuidv7()])).err).toContain('There is no such attachment');
      expect(readdirSync(desk.home).filter((name) => /\.part$|^run\.sh$|^shot\.png$/.test(name))).toEqual(['shot.png']);
    },
    TIMEOUT_MS,
  );

  it(
    'queues what is sent while it works: listed, changed, moved, taken back',
    async () => {
      await chat('queue', 'slow:500');
      await becomes('queue', 'busy');
      for (const words of ['first', 'second', 'third']) expect((await desk.cli(['send', 'queue', words])).out).toMatch(/^◷ At home/);
      expect((await desk.cli(['queue', 'queue'])).out).toMatch(/^1\. first .*\n2\. second .*\n3\. third /);
      expect((await desk.cli(['queue', 'queue', 'move', '3', '1'])).out).toBe('Moved.\n');
      expect((await desk.cli(['queue', 'queue', 'edit', '2', 'the', 'first'])).out).toBe('Changed.\n');
      expect((await desk.cli(['queue', 'queue', 'withdraw', '3'])).out).toBe('Taken back.\n');
      const { items } = await desk.json<Items<Prompt>>('queue', 'queue');
      expect(items.map(({ content }) => content)).toEqual(['third', 'the first']);
      expect((await desk.cli(['queue', 'queue', 'withdraw', '9'])).code).toBe(2);
      await desk.cli(['stop', 'queue']);
    },
    TIMEOUT_MS,
  );

  it(
    'is forked, and resumed after its end',
    async () => {
      const session = await chat('parent', 'greet');
      await becomes('parent', 'idle');
      const fork = await desk.json<Session>('fork', 'parent', '-s', 'child');
      expect(fork.id).not.toBe(session.id);
      await desk.cli(['send', 'child', 'SCENARIO:remember']);
      await saying('child', 'You said before: SCENARIO:greet.');
      await desk.cli(['stop', 'parent']);
      expect((await desk.cli(['resume', 'parent', '--detach'])).code).toBe(0);
      await desk.cli(['send', 'parent', 'SCENARIO:remember']);
      await saying('parent', 'You said before: SCENARIO:greet.');
    },
    TIMEOUT_MS,
  );

  it(
    'is followed: messages -f prints what streams, and ends with the session',
    async () => {
      await chat('followed');
      const child = desk.spawn(['messages', 'followed', '-f']);
      let out = '';
      child.stdout?.on('data', (bytes) => {
        out += String(bytes);
      });
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      const prints = (words: RegExp) =>
        until(
          () => (words.test(out) ? true : undefined),
          () => `${words} in ${out}`,
        );
      await desk.cli(['send', 'followed', 'SCENARIO:plan']);
      await prints(/^Plan\n {2}☑ Read the code\n {2}☑ Write the fix\n {2}☑ Run the tests$/m);
      await prints(/^● All three steps are done\.$/m);
      await desk.cli(['stop', 'followed']);
      expect(await ended).toBe(0);
    },
    TIMEOUT_MS,
  );
});

describe('approvals', () => {
  it(
    'are listed exactly, and answered by session or id',
    async () => {
      const session = await chat('asks', 'bash');
      const approval = await waiting('asks');
      const { out } = await desk.cli(['approvals']);
      expect(out).toMatch(/^◆ small wants to run a command {2}asks\n {2}│ .*touch made-by-bash/m);
      expect(out).toContain('  Allow in this session: nobody tells what that covers; it is called “Yes, for this session”\n');
      expect(out).toContain(`afield approve ${approval.id.slice(0, 13)}`);
      expect((await desk.cli(['list'])).out).toMatch(/◆ waiting +asks/);
      expect((await desk.cli(['status', 'asks'])).out).toMatch(/^Waits +for 1 answer: afield approvals asks$/m);
      const allowed = await desk.cli(['approve', 'asks']);
      expect(allowed.err).toContain('touch made-by-bash');
      expect(allowed.out).toBe('small wants to run a command: Allow, at the desk.\n✓ small has the answer.\n');
      await saying('asks', 'It ran.');
      expect((await desk.json<Items<Approval>>('approvals', session.id, '--all')).items).toMatchObject([
        { state: 'delivered', outcome: { decision: 'allow', by: 'the desk' } },
      ]);
      expect((await desk.cli(['messages', 'asks'])).out).toMatch(/^◆ small wants to run a command: Allow, at the desk\.$/m);
    },
    TIMEOUT_MS,
  );

  it(
    'answered once are answered; another answer is told what the first was',
    async () => {
      await chat('once', 'bash');
      const approval = await waiting('once');
      const id = approval.id;
      expect((await desk.cli(['deny', id.slice(0, 13), 'use', 'make'])).out).toMatch(/Deny, at the desk\. “use make”\n✓/);
      await saying('once', 'It did not run.');
      const late = await desk.cli(['approve', id]);
      expect(late.err).toMatch(/^afield: Already answered at the desk: Deny\. Your answer came \d+ s later and was not used\.$/m);
      expect(late.code).toBe(1);
      const json = await desk.cli(['approve', id, '--json']);
      expect(JSON.parse(json.err)).toMatchObject({ code: 'approval_answered', outcome: { decision: 'deny', by: 'the desk' } });
      expect((await desk.cli(['deny', id, 'use', 'make'])).code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'of an agent that does not offer a scope say what it offers',
    async () => {
      await chat('scopes', 'bash');
      await waiting('scopes');
      expect(await desk.cli(['approve', 'scopes', '--option', 'nope'])).toMatchObject({
        code: 1,
        err: expect.stringMatching(/It offers: .*Deny/),
      });
      expect(await desk.cli(['deny', 'nothing-like-this'])).toMatchObject({ code: 2, err: expect.stringContaining('afield approvals') });
      expect((await desk.cli(['deny', 'scopes'])).code).toBe(0);
      expect(await desk.cli(['deny', 'scopes'])).toMatchObject({
        code: 2,
        err: 'afield: Nothing waits in scopes. afield approvals shows what waits elsewhere.\n',
      });
    },
    TIMEOUT_MS,
  );

  it(
    'of several sessions are answered at once',
    async () => {
      for (const name of ['many1', 'many2']) await chat(name, 'bash');
      for (const name of ['many1', 'many2']) await waiting(name);
      expect(await desk.cli(['approve'])).toMatchObject({ code: 2, err: expect.stringContaining('--all') });
      const { out, code } = await desk.cli(['deny', '--all']);
      expect(out.match(/✓ Deny, at the desk\./g)?.length).toBe(2);
      expect(code).toBe(0);
      for (const name of ['many1', 'many2']) await saying(name, 'It did not run.');
    },
    TIMEOUT_MS,
  );

  it(
    'are gone through one by one in a terminal, and one that is named by its session is shown and asked about first',
    async () => {
      for (const name of ['by1', 'by2']) await chat(name, 'bash');
      for (const name of ['by1', 'by2']) await waiting(name);
      const terminal = await desk.terminals.open(100, 40);
      await terminal.afield('approve');
      await terminal.shows(/◆ small wants to run a command {2}by1\n {2}│ .*touch made-by-bash\n[\s\S]*deny with words > $/);
      await terminal.line('n not now');
      await terminal.shows(
        /Deny, at the desk\. “not now”\n✓ small has the answer\.\n◆ small wants to run a command {2}by2[\s\S]*words > $/,
      );
      await terminal.line('');
      await terminal.shows(/^It waits on\.\ndesk\$ $/m);
      await terminal.line('clear');
      await terminal.afield('approve by2');
      await terminal.shows(/│ .*touch made-by-bash\n[\s\S]*approve it\? \[y\/N\] ?$/);
      await terminal.line('');
      await terminal.shows(/^afield: Nothing was answered\.\n/m);
      expect(await waiting('by2')).toMatchObject({ state: 'pending' });
      await terminal.afield('approve by2');
      await terminal.shows(/Nothing was answered[\s\S]*approve it\? \[y\/N\] ?$/);
      await terminal.line('y');
      await terminal.shows(/^small wants to run a command: Allow, at the desk\.\n✓ small has the answer\.$/m);
      await saying('by2', 'It ran.');
    },
    TIMEOUT_MS,
  );

  it(
    'named by their id are shown first too where the answer holds longer than this once',
    async () => {
      await chat('longer', 'bash');
      const { id } = await waiting('longer');
      const terminal = await desk.terminals.open(100, 40);
      await terminal.afield(`approve ${id} --scope session`);
      await terminal.shows(/Always allow: nobody tells what that covers; it is called “Yes, always”\napprove it\? \[y\/N\] ?$/);
      await terminal.line('');
      await terminal.shows(/^afield: Nothing was answered\.\n/m);
      expect(await waiting('longer')).toMatchObject({ state: 'pending' });
      const allowed = await desk.cli(['approve', id, '--option', 'session']);
      expect(allowed.err).toMatch(/^ {2}Allow in this session: nobody tells what that covers/m);
      expect(allowed.out).toMatch(/^small wants to run a command: Allow in this session, at the desk\.$/m);
      const late = await desk.cli(['approve', id, '--scope', 'always']);
      expect(late.err).toMatch(/^afield: Already answered at the desk: Allow in this session\./);
    },
    TIMEOUT_MS,
  );

  it(
    'that are questions take answers in order',
    async () => {
      await chat('form', 'ask');
      const approval = await waiting('form');
      expect(approval.ask.questions.length).toBe(5);
      expect((await desk.cli(['approvals', 'form'])).out).toMatch(/Which colour\?[\s\S]*1\) Red\n +2\) Blue/);
      expect(await desk.cli(['answer', 'form', '9'])).toMatchObject({ code: 2, err: expect.stringContaining('Answer 1 does not fit') });
      expect((await desk.cli(['answer', 'form', '2', '1,2', '3', 'yes', 'with a bow'])).out).toMatch(/Answered, at the desk/);
      await saying('form', '"colour":"blue"');
      expect((await desk.cli(['messages', 'form'])).out).toMatch(/"copies":3.*"gift":true.*"note":"with a bow"/);
    },
    TIMEOUT_MS,
  );

  it(
    'are answered by rules, which can be tried before',
    async () => {
      await chat('ruled', 'bash');
      const { id, ask } = await waiting('ruled');
      await desk.cli(['approve', 'ruled']);
      await becomes('ruled', 'idle');
      const like = await desk.json<Rule>('rules', 'add', 'deny', '--like', id.slice(0, 13));
      expect(like).toMatchObject({ action: 'deny', pattern: exactPattern(ask.subject), created_by: 'the desk' });
      expect((await desk.cli(['rules', 'remove', like.id])).out).toMatch(/^Removed: deny /);
      const tried = await desk.cli(['rules', 'try', 'allow', '**touch *']);
      expect(tried.out).toMatch(
        /^Of the last \d+ that you answered it would have allowed \d+: you allowed \d+ of them, and denied \d+\.\n {2}(allowed|denied ) {2}touch made-by-bash /,
      );
      expect((await desk.cli(['rules', 'add', 'allow', '**touch made-by-*', '--agent', 'small'])).code).toBe(0);
      expect((await desk.cli(['rules'])).out).toMatch(/allow +\*\*touch made-by-\* +all +small +never/);
      await desk.cli(['send', 'ruled', 'SCENARIO:bash']);
      await until(
        async () => ((await home().call('listRules')).items.some(({ used }) => used === 1) ? true : undefined),
        async () => JSON.stringify(await itemsOf('ruled')),
      );
      expect((await desk.cli(['approvals', 'ruled', '--all'])).out).toMatch(/✓ Allow, by a rule/);
      const { items } = await desk.json<Items<{ id: string }>>('rules');
      expect((await desk.cli(['rules', 'remove', items[0]?.id.slice(0, 13) as string])).code).toBe(0);
      expect((await desk.cli(['rules'])).out).toMatch(/^There are no rules/);
    },
    TIMEOUT_MS,
  );
});
