/** A systemd user unit (systemd.unit(5), systemd.service(5)). */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ServiceManager, ServiceProgram } from './manager.ts';
import { runProgram } from './program.ts';

/** Changing the tables of a large database takes its time; a person who waits sees what it does. */
const START_SECONDS = 900;
/** Saying goodbye takes 15 s at most; then it is killed. */
const STOP_SECONDS = 20;
/** It is heard of three times in this; a server that is silent for so long hangs. */
const WATCHDOG_SECONDS = 180;

/** One word of a command line or of `Environment=`: quoted, with specifiers and control characters taken by their word. */
export function systemdWord(text: string): string {
  refuseControl(text);
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`;
}

/** Settings that take a whole line as it is. */
function systemdLine(text: string): string {
  refuseControl(text);
  return text.replaceAll('%', '%%');
}

function refuseControl(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) {
    throw new AfieldError('bad_request', `${JSON.stringify(text)} holds a control character and cannot stand in the file of a service.`);
  }
}

/** systemd runs no program whose own path holds one of these (`string_is_safe`, basic/string-util.c); a shell does. */
const REFUSED_IN_PROGRAM = /["'\\]/;
const BY_SHELL = ['/bin/sh', '-c', 'exec "$@"', 'sh'];

function commandLine(argv: readonly string[]): string {
  const words = REFUSED_IN_PROGRAM.test(argv[0] ?? '') ? [...BY_SHELL, ...argv] : argv;
  return words.map(systemdWord).join(' ');
}

/** `name` is that of the unit: `afield.service`. */
export function systemdUnit(name: string, { argv, env, title, cwd, notifies }: ServiceProgram): string {
  const variables = { ...env, AFIELD_SERVICE: `systemd:${name}` };
  return [
    '# Written by afield server install, which writes it anew. afield server uninstall removes it.',
    '[Unit]',
    `Description=${systemdLine(title)}`,
    'StartLimitIntervalSec=300',
    'StartLimitBurst=5',
    '',
    '[Service]',
    ...(notifies
      ? [
          '# Ready when it answers. Node cannot write to the socket itself, so systemd-notify does, which is a process of its own: hence "all".',
          'Type=notify',
          'NotifyAccess=all',
          `WatchdogSec=${WATCHDOG_SECONDS}`,
        ]
      : ['Type=exec']),
    '# ":" takes "$" by its word.',
    `ExecStart=:${commandLine(argv)}`,
    `WorkingDirectory=${systemdLine(cwd)}`,
    ...Object.entries(variables).map(([key, value]) => `Environment=${systemdWord(`${key}=${value}`)}`),
    '# Only the home server itself is ended: tmux and the sessions in it go on.',
    'KillMode=process',
    'Restart=on-failure',
    'RestartSec=2',
    `TimeoutStartSec=${START_SECONDS}`,
    `TimeoutStopSec=${STOP_SECONDS}`,
    '# One agent that took too much memory is no reason to end the others.',
    'OOMPolicy=continue',
    '# Keys must not end up in a core dump. Sessions may raise it for themselves.',
    'LimitCORE=0:infinity',
    '# No sandbox here: nearly every such setting of a user unit implies NoNewPrivileges, and would take sudo, /tmp or the network from',
    '# the agents, which run below this unit.',
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ].join('\n');
}

export interface SystemdOptions {
  /** Without `.service`. */
  base: string;
  /** `XDG_CONFIG_HOME`, or what it is when it is not set. */
  configHome: string;
}

export function systemd({ base, configHome }: SystemdOptions): ServiceManager {
  const name = `${base}.service`;
  const file = path.join(configHome, 'systemd', 'user', name);
  const ask = async (...args: string[]) => {
    const { code, fault } = await runProgram('systemctl', ['--user', ...args]);
    return code === 0 ? null : fault;
  };
  return {
    kind: 'systemd',
    name,
    file,
    logCommand: `journalctl --user -u ${name}`,
    describe: (program) => systemdUnit(name, program),
    installed: () => existsSync(file),
    // Unlike `is-system-running` this says only whether there is somebody to ask.
    reachable: () => ask('show', '--property=Version'),
    async enable(now) {
      return (await ask('daemon-reload')) ?? (await ask('enable', name)) ?? (now ? await this.start() : null);
    },
    async disable() {
      return (await this.stop()) ?? (await ask('disable', name));
    },
    async forget() {
      await ask('daemon-reload');
      await ask('reset-failed', name);
    },
    async start(signal) {
      // After too many failures in a row it would refuse, though now a person asks.
      await ask('reset-failed', name);
      const { code, fault } = await runProgram('systemctl', ['--user', 'start', name], START_SECONDS * 1000, signal);
      return code === 0 ? null : fault;
    },
    async stop() {
      const { code, fault } = await runProgram('systemctl', ['--user', 'stop', name], (STOP_SECONDS + 10) * 1000);
      return code === 0 ? null : fault;
    },
    async lastWords() {
      return (await runProgram('journalctl', ['--user', '-u', name, '-n', '6', '-o', 'cat', '--no-pager'])).out;
    },
    async lingerHint() {
      const { username } = userInfo();
      const { code, out } = await runProgram('loginctl', ['show-user', username, '--property=Linger', '--value']);
      return code === 0 && out.trim() === 'yes' ? null : `loginctl enable-linger ${username}`;
    },
  };
}
