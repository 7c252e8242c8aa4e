import path from 'node:path';
import type { Command } from 'commander';
import { type SettingName, supervision } from '../config.ts';
import type { CommandModule, Context } from './context.ts';
import { note, say } from './io.ts';
import { withProgress } from './print/progress.ts';
import { notifierFor } from './service/notify.ts';
import { signalled } from './signals.ts';

export const examples: CommandModule['examples'] = [
  ['afield serve', 'listens on 127.0.0.1:4096, for this machine only'],
  ['afield serve --relay wss://relay.example.org', 'dials out to your relay, so that a paired phone reaches it from anywhere'],
  ['afield serve --port 0', 'takes any free port'],
];

interface Options {
  host?: string;
  port?: string;
  relay?: string;
  pwa?: string;
  workDir?: string;
  insecureBind?: true;
}

export function define(command: Command, { deps, io }: Context): void {
  command
    .option('--host <address>', 'address to listen on (127.0.0.1)')
    .option('--port <number>', 'port to listen on (4096; 0 takes a free one)')
    .option('--relay <url>', 'relay to dial out to, wss://…')
    .option('--pwa <url>', 'where a phone opens the page, https://…')
    .option('--work-dir <dir>', 'where sessions start when nothing else is said (your home directory)')
    .option('--insecure-bind', 'listen without TLS on an address that others reach')
    .action(async (options: Options) => {
      const flags: Partial<Record<SettingName, unknown>> = {
        host: options.host,
        port: options.port,
        relay: options.relay,
        pwa_url: options.pwa,
        work_dir: options.workDir === undefined ? undefined : path.resolve(io.cwd(), options.workDir),
        insecure_bind: options.insecureBind,
      };
      const end = signalled('SIGINT', 'SIGTERM', 'SIGHUP');
      try {
        const server = await withProgress(io, 'Starting the home server', deps.startServer(flags));
        say(io, `The home server listens at ${server.url}. Ctrl-C ends it.`);
        const manager = notifierFor(supervision());
        manager.ready(`Listens at ${server.url}`);
        await end.promise;
        // A second signal ends it at once.
        end.stop();
        manager.stopping();
        note(io, 'Ending: saying goodbye to everybody.');
        await server.close();
      } finally {
        end.stop();
      }
    });
}
