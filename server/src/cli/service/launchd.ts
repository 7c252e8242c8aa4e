/** A launchd agent of one user (launchd.plist(5)). */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ServiceManager, ServiceProgram } from './manager.ts';
import { runProgram } from './program.ts';

const STOP_SECONDS = 20;

function xml(text: string): string {
  // XML 1.0, section 2.2: these cannot be written at all.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\x00-\x1f\x7f\ufffe\uffff]/.test(text)) {
    throw new AfieldError('bad_request', `${JSON.stringify(text)} holds a control character and cannot stand in the file of a service.`);
  }
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const string = (text: string) => `<string>${xml(text)}</string>`;

/** `label`: `dev.afield.server`. */
export function launchdPlist(label: string, { argv, env, cwd, log }: ServiceProgram): string {
  const variables = Object.entries({ ...env, AFIELD_SERVICE: `launchd:${label}` });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<!-- Written by afield server install, which writes it anew. afield server uninstall removes it. -->',
    '<plist version="1.0">',
    '<dict>',
    `  <key>Label</key>${string(label)}`,
    '  <key>ProgramArguments</key>',
    '  <array>',
    ...argv.map((word) => `    ${string(word)}`),
    '  </array>',
    `  <key>WorkingDirectory</key>${string(cwd)}`,
    '  <key>EnvironmentVariables</key>',
    '  <dict>',
    ...variables.map(([name, value]) => `    <key>${xml(name)}</key>${string(value)}`),
    '  </dict>',
    '  <key>RunAtLoad</key><true/>',
    '  <!-- Started again when it fails, and not when afield server stop ended it. -->',
    '  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>',
    '  <key>ThrottleInterval</key><integer>5</integer>',
    '  <!-- tmux and the sessions in it go on when the home server ends. -->',
    '  <key>AbandonProcessGroup</key><true/>',
    `  <key>ExitTimeOut</key><integer>${STOP_SECONDS}</integer>`,
    '  <!-- Else macOS would slow agents down as background work. -->',
    '  <key>ProcessType</key><string>Interactive</string>',
    `  <key>StandardOutPath</key>${string(log)}`,
    `  <key>StandardErrorPath</key>${string(log)}`,
    '  <!-- Keys must not end up in a core dump. -->',
    '  <key>SoftResourceLimits</key><dict><key>Core</key><integer>0</integer></dict>',
    '</dict>',
    '</plist>',
    '',
  ].join('\n');
}

export function launchd({ base, home, log }: { base: string; home: string; log: string }): ServiceManager {
  const label = `dev.afield.${base.replace(/^afield-?/, '') || 'server'}`;
  const file = path.join(home, 'Library', 'LaunchAgents', `${label}.plist`);
  const domain = `gui/${userInfo().uid}`;
  const ask = async (...args: string[]) => {
    const { code, fault } = await runProgram('launchctl', args, (STOP_SECONDS + 10) * 1000);
    return code === 0 ? null : fault;
  };
  const loaded = async () => (await ask('print', `${domain}/${label}`)) === null;
  return {
    kind: 'launchd',
    name: label,
    file,
    logCommand: `tail ${log}`,
    describe: (program) => launchdPlist(label, program),
    installed: () => existsSync(file),
    reachable: () => ask('print', domain),
    async enable(now) {
      // The file in this folder is what makes it start at login; loading it starts it at once. What is loaded is as the file was before.
      return now ? ((await this.stop()) ?? (await this.start())) : null;
    },
    disable() {
      return this.stop();
    },
    forget: async () => {},
    async start() {
      if (await loaded()) return ask('kickstart', `${domain}/${label}`);
      return ask('bootstrap', domain, file);
    },
    async stop() {
      return (await loaded()) ? ask('bootout', `${domain}/${label}`) : null;
    },
    // It goes to the server's own log.
    lastWords: async () => '',
    // An agent of launchd runs while its user is logged in, and there is no such switch.
    lingerHint: async () => null,
  };
}
