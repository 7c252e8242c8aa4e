/** The files of a service, with paths as mean as a home directory may have, read by the real readers where they are installed. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from './here.ts';
import { launchdPlist } from './launchd.ts';
import type { ServiceProgram } from './manager.ts';
import { systemdUnit, systemdWord } from './systemd.ts';

const ODD = ['with space', '100%h', 'a"b', "a'b", 'a\\b', '$HOME', '<&>', 'é…', '%%', ';', '-x', '#c'];
let folder: string;
let program: ServiceProgram;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'afield-unit-'));
  const home = path.join(folder, ODD.join(' '));
  mkdirSync(home, { recursive: true });
  const node = path.join(home, 'node');
  symlinkSync(process.execPath, node);
  program = {
    argv: [node, path.join(home, 'afield.mjs'), 'serve'],
    env: { PATH: `${home}:/usr/bin`, AFIELD_HOME: home, AFIELD_MACHINE_NAME: 'den "of" 50% $x \\' },
    title: 'Afield, the home server of 100% "den"',
    cwd: home,
    log: path.join(home, 'server.log'),
    notifies: true,
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a systemd unit', () => {
  it('keeps sessions, agents and tmux when the home server ends, and starts it again when it fails', () => {
    const lines = systemdUnit('afield.service', program).split('\n');
    for (const line of ['KillMode=process', 'Restart=on-failure', 'OOMPolicy=continue', 'Type=notify', 'WantedBy=default.target'])
      expect(lines).toContain(line);
    expect(lines).toContain('Environment="AFIELD_SERVICE=systemd:afield.service"');
    // These would take sudo from the agents, or imply a setting that does.
    for (const name of ['NoNewPrivileges', 'PrivateTmp', 'ProtectHome', 'ProtectSystem', 'RestrictSUIDSGID', 'SystemCallFilter'])
      expect(lines.filter((line) => line.startsWith(name))).toEqual([]);
  });

  it('does not wait for a word that nobody can send', () => {
    const text = systemdUnit('afield.service', { ...program, notifies: false });
    expect(text).toContain('Type=exec');
    expect(text).not.toMatch(/WatchdogSec|NotifyAccess/);
  });

  it.each(['a\nExecStart=/bin/evil', 'a\0b', 'a\x1b[2J'])('%j cannot stand in it', (text) => {
    expect(() => systemdWord(text)).toThrow(/control character/);
    expect(() => systemdUnit('afield.service', { ...program, cwd: text })).toThrow(/control character/);
    expect(() => systemdUnit('afield.service', { ...program, title: text })).toThrow(/control character/);
    expect(() => systemdUnit('afield.service', { ...program, env: { A: text } })).toThrow(/control character/);
  });

  it('systemd finds no fault with it', { skip: findProgram('systemd-analyze') === null }, () => {
    const file = path.join(folder, 'afield.service');
    const verify = (text: string) => {
      writeFileSync(file, text);
      const run = spawnSync('systemd-analyze', ['--user', 'verify', '--man=no', file], {
        env: { PATH: process.env.PATH, HOME: folder, XDG_RUNTIME_DIR: folder },
        encoding: 'utf8',
      });
      return [run.status, run.stderr.split('\n').filter((line) => line.includes('afield'))];
    };
    chmodSync(folder, 0o700);
    expect(verify(systemdUnit('afield.service', program))).toEqual([0, []]);
    expect(verify(systemdUnit('afield.service', { ...program, notifies: false }))).toEqual([0, []]);
    // so that silence means something
    expect(verify(systemdUnit('afield.service', program).replace('KillMode=process', 'KillMode=gently'))[1]).not.toEqual([]);
  });
});

/** A property list of strings, booleans, numbers, arrays and dictionaries (plist(5)); throws for what is not well formed. */
function readPlist(text: string): unknown {
  const body = text.replace(/^<\?xml[^?]*\?>\s*<!DOCTYPE plist [^>]*>/, '').replaceAll(/<!--(?:(?!--)[\s\S])*-->/g, '');
  const tokens = body.match(/<[^<>]*>|[^<>]+/g) ?? [];
  if (tokens.join('') !== body) throw new Error('There is a stray < or >.');
  const words = tokens.filter((token) => token.trim() !== '');
  let at = 0;
  const plain = (given: string) => {
    if (/&(?!(amp|lt|gt);)/.test(given)) throw new Error(`A bare & in ${given}`);
    return given.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  };
  const expected = (word: string) => {
    if (words[at++] !== word) throw new Error(`Expected ${word}, not ${words[at - 1]}`);
  };
  const inside = (end: string) => {
    const given = words[at] === end ? '' : plain(words[at++] as string);
    expected(end);
    return given;
  };
  const value = (): unknown => {
    const tag = words[at++];
    if (tag === '<true/>' || tag === '<false/>') return tag === '<true/>';
    if (tag === '<string>') return inside('</string>');
    if (tag === '<integer>') return Number(inside('</integer>'));
    if (tag === '<array>') {
      const items: unknown[] = [];
      while (words[at] !== '</array>') items.push(value());
      at++;
      return items;
    }
    if (tag !== '<dict>') throw new Error(`Not expected: ${tag}`);
    const entries: [string, unknown][] = [];
    while (words[at] !== '</dict>') {
      expected('<key>');
      entries.push([inside('</key>'), value()]);
    }
    at++;
    return Object.fromEntries(entries);
  };
  expected('<plist version="1.0">');
  const read = value();
  expected('</plist>');
  return read;
}

describe('a launchd agent', () => {
  const expected = () => ({
    Label: 'dev.afield.server',
    ProgramArguments: program.argv,
    WorkingDirectory: program.cwd,
    EnvironmentVariables: { ...program.env, AFIELD_SERVICE: 'launchd:dev.afield.server' },
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    AbandonProcessGroup: true,
    StandardOutPath: program.log,
    StandardErrorPath: program.log,
  });

  it('says what it is meant to say, whatever the paths are', () => {
    expect(readPlist(launchdPlist('dev.afield.server', program))).toMatchObject(expected());
  });

  it('python reads the same', { skip: findProgram('python3') === null }, () => {
    const script = 'import json, plistlib, sys; json.dump(plistlib.loads(sys.stdin.buffer.read()), sys.stdout)';
    const run = spawnSync('python3', ['-c', script], { input: launchdPlist('dev.afield.server', program), encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toMatchObject(expected());
  });

  it.each(['a\nb', 'a\0b', 'a\uffffb'])('%j cannot stand in it', (text) => {
    expect(() => launchdPlist('dev.afield.server', { ...program, cwd: text })).toThrow(/control character/);
  });
});
