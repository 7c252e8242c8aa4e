import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AfieldError, type ErrorCode } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CliDeps, Context } from './context.ts';
import { Exit, exitCodeOf, UnreachableError, UsageError } from './exit.ts';
import { buildProgram, COMMANDS, runCli } from './index.ts';
import type { Io } from './io.ts';

const deps: CliDeps = { version: '9.9.9', startServer: () => Promise.reject(new AfieldError('unavailable', 'The port 4096 is taken.')) };

function fakeIo(): Io & { out: string; err: string } {
  const io = {
    out: '',
    err: '',
    stdin: process.stdin,
    stdout: { write: (text: string) => append('out', text), once: () => {} },
    stderr: { write: (text: string) => append('err', text), once: () => {} },
    cwd: () => '/',
    now: () => 0,
  };
  const append = (to: 'out' | 'err', text: string): boolean => {
    io[to] += text;
    return true;
  };
  return io as unknown as Io & { out: string; err: string };
}
async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = fakeIo();
  return { code: await runCli(argv, deps, io), out: io.out, err: io.err };
}

let home: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'afield-cli-'));
  vi.stubEnv('AFIELD_HOME', home);
  vi.stubEnv('AFIELD_PORT', '1');
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

describe('help', () => {
  it('afield alone and afield --help list every command with its summary, and exit 0', async () => {
    for (const argv of [[], ['--help'], ['help']]) {
      const { code, out, err } = await run(...argv);
      expect([code, err]).toEqual([0, '']);
      for (const [name, summary] of COMMANDS) {
        expect(out).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
        expect(out).toContain(summary);
      }
    }
  });

  it.each(COMMANDS.map(([name, , load]) => [name, load] as const))(
    '%s has a summary, a description for each argument and option, and an example',
    async (name, load) => {
      const { examples } = await load();
      expect(examples.length).toBeGreaterThan(0);
      for (const [line, does] of examples) {
        expect(line).toMatch(new RegExp(`\\bafield ${name}\\b`));
        expect(does).not.toBe('');
      }
      for (const argv of [
        [name, '--help'],
        ['help', name],
      ]) {
        const { code, out, err } = await run(...argv);
        expect([code, err]).toEqual([0, '']);
        expect(out).toContain(`Usage: afield ${name}`);
        expect(out).toContain('Examples:');
        for (const [line] of examples) expect(out).toContain(line);
      }
    },
  );

  it('every option and argument of every command says what it is', async () => {
    for (const [name, , load] of COMMANDS) {
      const program = buildProgram(deps, fakeIo());
      const command = program.commands.find((one) => one.name() === name) as Command;
      (await load()).define(command, {} as Context);
      for (const each of [command, ...command.commands]) {
        expect(each.description(), each.name()).not.toBe('');
        for (const part of [...each.options, ...each.registeredArguments]) expect(part.description, `${name} ${part.name()}`).not.toBe('');
      }
    }
  });

  it('shows the version', async () => {
    expect(await run('--version')).toEqual({ code: 0, out: '9.9.9\n', err: '' });
  });

  it('explains no command that does not exist', async () => {
    const { code, err } = await run('help', 'nope');
    expect([code, err]).toEqual([2, 'afield: There is no command "nope". afield help lists all.\n']);
  });
});

describe('usage errors end with 2 and say what is expected', () => {
  it.each([
    [['lst'], /unknown command 'lst'[\s\S]*list/],
    [['list', '--nope'], /unknown option '--nope'/],
    [['attach', 'a', 'b'], /too many arguments/],
    [['stop'], /missing required argument 'session'/],
    [['list', '--status', 'asleep'], /no status "asleep".*waiting/],
    [['logs', 'x', '--since', 'yesterday-ish'], /--since takes/],
    [['logs', 'x', '--type', 'noise'], /no entries of type "noise"/],
    [['logs', 'x', '-n', '-1'], /-n takes a number/],
    [['logs', 'x', '--raw', 'pdf'], /--raw takes ansi or text/],
    [['logs', 'x', '--raw', '-f'], /attach --look/],
    [['send', 'x'], /nothing to send/],
    [['send', 'x', 'hello', '--keys', 'Enter'], /not both/],
    [['send', 'x', '--keys', 'Entre'], /no key called "Entre"/],
    [['run', 'shell', ''], /message is empty/],
    [['attach', 'x'], /needs a terminal.*afield logs -f/],
    [['run', 'claude', '--face', 'window'], /--face takes terminal or chat/],
    [['run', 'claude', '--face', 'terminal', '--mode', 'plan'], /--face chat/],
    [['run', 'claude', '--budget', 'much'], /amount in USD/],
    [['send', 'x', 'hello', '--file', '/nowhere'], /\/nowhere cannot be read/],
    [['send', 'x', 'hello', '--file', '/dev/null'], /\/dev\/null is no file/],
    [['approve'], /Say which: an approval, a session, or --all/],
    [['approve', 'x', '--scope', 'week'], /--scope takes once, session, always/],
    [['approve', 'x', '--scope', 'once', '--option', 'y'], /either --scope or --option/],
    [['deny'], /Say which/],
    [['rules', 'add', 'permit', 'x'], /may allow, ask, deny/],
    [['rules', 'add', 'allow'], /Give a pattern, or --like/],
    [['rules', 'try', 'allow', 'x', '--kind', 'magic'], /no kind "magic".*execute/],
    [['queue', 'x', 'shuffle'], /queue knows edit, move, now, withdraw/],
    [['queue', 'x', 'move', '1'], /needs a message and what it becomes/],
    [['queue', 'x', 'move', '1', 'up'], /takes a place/],
    [['messages', 'x', '-n', '0'], /-n takes a number/],
    [['approvals', '-n', 'many'], /-n takes a number/],
    [['list', '--server', 'ftp://x'], /--server takes the address/],
    [['list', '--server', 'http://user:pw@127.0.0.1:1'], /--server takes the address/],
    [['server', 'stop', '--server', 'http://127.0.0.1:1'], /of this machine/],
  ])('%j', async (argv, message) => {
    const { code, out, err } = await run(...argv);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([2, '']);
  });

  it('E8: hostile words in a usage error are shown escaped', async () => {
    const { err } = await run('\x1b[31mlist\x07');
    expect(err).not.toContain('\x1b');
    expect(err).toContain('\\e[31mlist\\x07');
  });

  it('the token of this machine is not sent to another one', async () => {
    const { code, err } = await run('list', '--server', 'https://example.org');
    expect(code).toBe(2);
    expect(err).toMatch(/--token-file/);
  });
});

describe('a home server that does not run', () => {
  it.each([
    ['list'],
    ['status'],
    ['agents'],
    ['devices'],
    ['logs', 'x'],
    ['stop', 'x'],
    ['send', 'x', 'hello'],
    ['project', 'list'],
    ['approvals'],
    ['approve', 'x'],
    ['deny', 'x'],
    ['answer', 'x'],
    ['rules'],
    ['messages', 'x'],
    ['queue', 'x'],
    ['fork', 'x'],
    ['resume', 'x'],
  ])('%s ends with 3 and says how to start it', async (...argv) => {
    const { code, out, err } = await run(...argv);
    expect([code, out]).toEqual([3, '']);
    expect(err).toBe('afield: The home server does not run. Start it with afield server start, or let afield run <agent> start it.\n');
  });

  it('server status says so, with 3; server stop finds nothing to do', async () => {
    expect(await run('server', 'status')).toMatchObject({ code: 3, out: expect.stringContaining('does not run') });
    expect(await run('server', 'stop')).toEqual({ code: 0, out: 'The home server does not run.\n', err: '' });
    const json = await run('server', 'status', '--json');
    expect(JSON.parse(json.out)).toMatchObject({ running: false, answers: false, data_dir: home });
  });

  it('doctor tells it as a fault with a fix, and ends with 1', async () => {
    const { code, out } = await run('doctor');
    expect(code).toBe(1);
    expect(out).toMatch(/■ fault +home server: The home server does not run\.[\s\S]*→ afield serve/);
  });

  it('config shows the settings that it would start with', async () => {
    const { code, out } = await run('config', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ config: { port: 1, data_dir: home }, sources: { port: 'AFIELD_PORT' } });
  });

  it('serve tells why it could not start, with the code of the error', async () => {
    expect(await run('serve')).toMatchObject({ code: 3, err: 'afield: The port 4096 is taken.\n' });
  });
});

it.each([
  ['bad_request', 2],
  ['unauthenticated', 4],
  ['forbidden', 4],
  ['unavailable', 3],
  ['relay_unreachable', 3],
  ['too_large', 2],
  ['not_found', 2],
  ['session_not_found', 2],
  ['agent_unknown', 2],
  ['project_not_found', 2],
  ['device_not_found', 2],
  ['cwd_missing', 2],
  ['approval_not_found', 2],
  ['rule_not_found', 2],
  ['prompt_not_found', 2],
  ['environment_unknown', 2],
  ['approval_answered', 1],
  ['approval_changed', 1],
  ['not_supported', 1],
  ['agent_not_installed', 1],
  ['session_ended', 1],
  ['start_failed', 1],
  ['conflict', 1],
  ['internal', 1],
] as [ErrorCode, number][])('%s ends with %i', (code, exit) => {
  expect(exitCodeOf(new AfieldError(code, 'x'))).toBe(exit);
});

it('other errors', () => {
  expect(exitCodeOf(new UsageError('x'))).toBe(2);
  expect(exitCodeOf(new UnreachableError('x'))).toBe(3);
  expect(exitCodeOf(new Exit(0))).toBe(0);
  expect(exitCodeOf(new TypeError('x'))).toBe(1);
});
