import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestDesk, type TestTerminal } from './test-desk.ts';

const SMALL_AGENT = path.resolve(import.meta.dirname, '../runtimes/acp/small-agent.ts');
const TIMEOUT_MS = 90_000;

const desk = new TestDesk();
beforeAll(async () => {
  const folder = desk.env.AFIELD_HOME as string;
  mkdirSync(folder, { recursive: true });
  const command = JSON.stringify([process.execPath, SMALL_AGENT]);
  writeFileSync(path.join(folder, 'config.yaml'), `agents:\n  small: { command: ${command}, chat: acp }\n`);
  await desk.startServer();
}, 60_000);
afterAll(() => desk.close(), 60_000);

async function inChat(name: string, size: [cols: number, rows: number] = [90, 40]): Promise<TestTerminal> {
  const terminal = await desk.terminals.open(...size);
  await terminal.afield(`run small --face chat -s ${name}`);
  await terminal.shows(/⊖ > $/);
  return terminal;
}

/** The terminal as a shell expects it: cooked, its cursor seen, pastes as they are. */
async function expectRestored(terminal: TestTerminal): Promise<void> {
  await terminal.shows(/desk\$ $/);
  await terminal.line('stty -a | tr " " "\\n" | grep -xE "icanon;?|echo;?" | wc -l');
  await terminal.shows(/^2$/m);
}

describe('a chat in the terminal', () => {
  it(
    'sends what is typed, prints what streams, and goes on when it is left',
    async () => {
      const terminal = await inChat('talk');
      await terminal.line('SCENARIO:think');
      await terminal.shows(/^… First I look, then I answer\.\n● I have thought about it\.\n/m);
      await terminal.shows(/^ {2}0\.01 USD so far\n⊖ > $/m);
      await terminal.line('SCENARIO:plan');
      await terminal.shows(
        /^Plan\n {2}☑ Read the code\n {2}☑ Write the fix\n {2}☑ Run the tests\n● All three steps are done\.\n(?: {2}\d\.\d\d USD so far\n)?⊖ > $/m,
      );
      await terminal.keys('C-d');
      await terminal.shows(/^Left\. talk goes on: afield attach [0-9a-f-]{13}$/m);
      await expectRestored(terminal);
      await terminal.line('clear');
      await terminal.afield('attach talk');
      await terminal.shows(/^» SCENARIO:plan\n[\s\S]*● All three steps are done\.\n(?: {2}\d\.\d\d USD so far\n)?⊖ > $/m);
      await terminal.keys('C-\\');
      await expectRestored(terminal);
    },
    TIMEOUT_MS,
  );

  it(
    'asks for approvals with the exact command, and takes a letter',
    async () => {
      const terminal = await inChat('asks');
      await terminal.line('SCENARIO:bash');
      await terminal.shows(
        /◆ small wants to run a command {2}asks\n {2}│ .*touch made-by-bash\n[\s\S]*y allow · .*n deny · n … deny with words > $/,
      );
      await terminal.line('maybe');
      await terminal.shows(/^Type one of: y, .*n\. \/say sends a message instead\.$/m);
      await terminal.line('y');
      await terminal.shows(
        /^✓ small wants to run a command: Allow, at the desk\.\n[\s\S]*● It ran\.\n(?: {2}\d\.\d\d USD so far\n)?⊖ > $/m,
      );
      await terminal.line('SCENARIO:bash');
      await terminal.shows(/n deny · n … deny with words > $/);
      await terminal.line('no, use make');
      await terminal.shows(/Deny, at the desk\. “use make”\n[\s\S]*● It did not run\.\n(?: {2}\d\.\d\d USD so far\n)?⊖ > $/);
      await terminal.keys('C-d');
    },
    TIMEOUT_MS,
  );

  it(
    'shows that an approval was answered elsewhere, and asks no more',
    async () => {
      const terminal = await inChat('elsewhere');
      await terminal.line('SCENARIO:two');
      await terminal.shows(/touch one\.tmp[\s\S]*> $/);
      expect((await desk.cli(['deny', 'elsewhere'])).code).toBe(0);
      await terminal.shows(/^✓ small wants to run a command: Deny, at the desk\.$/m);
      await terminal.shows(/│ .*touch two\.tmp\n[\s\S]*n deny · n … deny with words > $/);
      await terminal.line('y');
      await terminal.shows(/● Done with both\.\n(?: {2}\d\.\d\d USD so far\n)?⊖ > $/);
      await terminal.keys('C-d');
    },
    TIMEOUT_MS,
  );

  it(
    'asks questions one after the other',
    async () => {
      const terminal = await inChat('form');
      await terminal.line('SCENARIO:ask');
      await terminal.shows(/^1\. a number from 1 to 2 · \/deny > $/m);
      for (const [answer, next] of [
        ['7', /^Type a number from 1 to 2\./m],
        ['2', /^2\. a number from 1 to 2, several with commas, or nothing · \/deny > $/m],
        ['1,2', /^3\. a number, or nothing · \/deny > $/m],
        ['3', /^4\. y or n, or nothing · \/deny > $/m],
        ['y', /^5\. your answer, or nothing · \/deny > $/m],
        ['with a bow', /"note":"with\s+a bow"[\s\S]*⊖ > $/],
      ] as const) {
        await terminal.line(answer);
        await terminal.shows(next);
      }
      expect(await terminal.screen()).toMatch(/"colour":"blue"/);
      await terminal.keys('C-d');
    },
    TIMEOUT_MS,
  );

  it(
    'is interrupted by Ctrl-C, keeps what is typed meanwhile, and queues what is sent',
    async () => {
      const terminal = await inChat('slow');
      await terminal.line('SCENARIO:slow:200');
      await terminal.shows(/word1 word2 [\s\S]*◉ > $/);
      await terminal.type('half a mess');
      await terminal.shows(/word20[\s\S]*◉ > half a mess ?$/);
      await terminal.keys('C-c');
      await terminal.shows(/◉ > $/);
      await terminal.line('SCENARIO:greet');
      await terminal.shows(/^◷ It waits at home until the agent is ready\./m);
      await terminal.line('/queue');
      await terminal.shows(/^1\. SCENARIO:greet {2}/m);
      await terminal.keys('C-c');
      await terminal.shows(/● Hello from the small agent\. Nothing was changed\.\n(?: {2}\d\.\d\d USD so far\n)?⊖ > $/);
      await terminal.keys('C-c');
      await terminal.shows(/^Nothing is to be interrupted\. Ctrl-D leaves; the session goes on\.$/m);
      await terminal.keys('C-d');
    },
    TIMEOUT_MS,
  );

  it(
    'E9: a paste of several lines is one message, sent when Enter is pressed',
    async () => {
      const terminal = await inChat('paste');
      await terminal.paste('SCENARIO:greet\ny\nand more');
      await terminal.shows(/and more ?$/);
      await terminal.keys('Enter');
      await terminal.shows(/● Hello from the small agent\. Nothing was changed\.\n(?: {2}\d\.\d\d USD so far\n)?⊖ > $/);
      const { items } = await desk.json<{ items: { kind: string; text?: string }[] }>('messages', 'paste');
      expect(items.filter(({ kind, text }) => kind === 'message' && text === 'SCENARIO:greet\ny\nand more')).toHaveLength(1);
      await terminal.keys('C-d');
    },
    TIMEOUT_MS,
  );

  it(
    'ends with the agent, with its exit code, and gives the terminal back',
    async () => {
      const terminal = await inChat('dies');
      await terminal.line('SCENARIO:die');
      await terminal.shows(/^dies: ■ failed[\s\S]*afield resume [0-9a-f-]{13} goes on with it/m);
      await expectRestored(terminal);
      await terminal.line('clear');
      await terminal.afield('resume dies');
      await terminal.shows(/⊖ > $/);
      await terminal.line('SCENARIO:greet');
      await terminal.shows(/Nothing was changed\.\n(?: {2}\d\.\d\d USD so far\n)?⊖ > $/);
      await terminal.line('/leave');
      await expectRestored(terminal);
    },
    TIMEOUT_MS,
  );
});
