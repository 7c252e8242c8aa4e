import type { Probe } from '@afield/shared/api/probes.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { type Io, say, sayJson, styleOf } from './io.ts';
import { age, size } from './print/age.ts';
import { facts } from './print/facts.ts';
import { printable } from './print/printable.ts';
import type { Role } from './print/style.ts';
import { findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [['afield why web', 'one sentence, and what was looked at']];

const MARKS: Readonly<Record<Probe['verdict'], { shape: string; role: Role }>> = {
  waiting: { shape: '◆', role: 'signal' },
  busy: { shape: '◉', role: 'run' },
  done: { shape: '●', role: 'done' },
  stuck: { shape: '■', role: 'fail' },
  unknown: { shape: '△', role: 'lost' },
};

function show(io: Io, { verdict, reason, quiet_ms, facts: seen }: Probe): void {
  const { shape, role } = MARKS[verdict];
  say(io, `${styleOf(io)(role, `${shape} ${verdict}`)}  ${printable(reason)}`);
  const watched = seen.processes === null ? 'its processes could not be seen' : null;
  const connections = seen.sockets === null ? '' : `, ${seen.sockets} open ${seen.sockets === 1 ? 'connection' : 'connections'}`;
  const disk = seen.io_bytes === null ? '' : `, ${size(seen.io_bytes)} read and written`;
  facts(io, [
    ['Quiet', age(quiet_ms)],
    ['Title', seen.title === null ? null : printable(seen.title)],
    ['Its screen says', seen.reading ?? 'nothing that is known'],
    ['Processes', watched ?? `${seen.processes}${connections}`],
    ['Watched', watched === null ? `${age(seen.sample_ms)}: ${seen.cpu_ms} ms of processor time${disk}` : null],
    ...seen.top.map(
      ({ pid, command, cpu_ms, running_ms }, i) =>
        [i === 0 ? 'Busiest' : '', `${printable(command)}, process ${pid}: ${cpu_ms} ms, runs for ${age(running_ms)}`] as const,
    ),
  ]);
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('<session>', 'name, id or beginning of an id')
    .option('--json', 'machine readable')
    .action(async (text: string, options: { json?: true }) => {
      const home = await context.home();
      const { id } = await findSession(home, text, io.now());
      const probe = await home.ask('Looking at it for a second', 'probeSession', { params: { id } });
      if (options.json) sayJson(io, probe);
      else show(io, probe);
    });
}
