import type { Session } from '@afield/shared/api/sessions.ts';
import type { RelayState, Status } from '@afield/shared/api/system.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { type Io, say, sayJson, styleOf } from './io.ts';
import { age, since, size } from './print/age.ts';
import { printable } from './print/printable.ts';
import { endSentence, MARKS, STATUS_ORDER, statusWord } from './print/status-mark.ts';
import type { Role } from './print/style.ts';
import { pad } from './print/width.ts';
import { findSession } from './reach/sessions.ts';

export const examples: CommandModule['examples'] = [
  ['afield status', 'the home server, its relay, and what runs'],
  ['afield status web', 'one session'],
];

const RELAY: Readonly<Record<RelayState['state'], { shape: string; says: string; role: Role }>> = {
  up: { shape: '●', says: 'connected', role: 'done' },
  connecting: { shape: '◌', says: 'connecting', role: 'lost' },
  down: { shape: '■', says: 'down', role: 'fail' },
  off: { shape: '⊘', says: 'none is configured', role: 'quiet' },
};

/** Lines of `name  value`. */
function facts(io: Io, pairs: readonly (readonly [name: string, value: string | null])[]): void {
  const style = styleOf(io);
  const known = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null);
  const width = Math.max(...known.map(([name]) => name.length));
  for (const [name, value] of known) say(io, `${style('quiet', pad(name, width))}  ${value}`);
}

function relayLine(io: Io, relay: RelayState): string {
  const { shape, says, role } = RELAY[relay.state];
  const url = relay.url === null ? '' : ` ${printable(relay.url)}`;
  const channels =
    relay.state === 'up' ? `, ${relay.channels} ${relay.channels === 1 ? 'device' : 'devices'} connected, ${relay.spares} spare` : '';
  const detail = relay.detail === null ? '' : ` ${printable(relay.detail)}`;
  return `${styleOf(io)(role, `${shape} ${says}`)}${url}${channels}${detail === '' ? '' : `.${detail}`}`;
}

function countsLine(io: Io, counts: Status['sessions']): string {
  const style = styleOf(io);
  const said = STATUS_ORDER.filter((status) => (counts[status] ?? 0) > 0).map((status) =>
    style(MARKS[status].role, `${MARKS[status].shape} ${counts[status]} ${status}`),
  );
  return said.length === 0 ? 'none yet' : said.join('  ');
}

function showSession(io: Io, session: Session): void {
  const now = io.now();
  const { role } = MARKS[session.status];
  const ended = session.ended_at !== null;
  facts(io, [
    ['Name', printable(session.name)],
    ['Status', styleOf(io)(role, ended ? endSentence(session) : statusWord(session))],
    ['', ended || session.status_reason === null ? null : printable(session.status_reason)],
    ['Agent', `${printable(session.agent)}${session.pid === null ? '' : `, process ${session.pid}`}`],
    ['Directory', printable(session.cwd)],
    ['Title', session.title === null ? null : printable(session.title)],
    ['Terminal', `${session.cols}×${session.rows}, ${size(session.output_bytes)} printed`],
    ['Viewers', `${session.viewers}${session.lease === null ? '' : `; ${printable(session.lease.device_name)} decides the size`}`],
    ['Started', `${since(session.created_at, now)} ago`],
    ['Ended', session.ended_at === null ? null : `${since(session.ended_at, now)} ago`],
    ['Last output', session.last_output_at === null ? null : `${since(session.last_output_at, now)} ago`],
    ['Id', session.id],
  ]);
}

async function showHome(context: Context, json: boolean): Promise<void> {
  const { io } = context;
  const home = await context.home();
  const [info, status] = [await home.ask('Asking the home server', 'getInfo'), await home.ask('Asking the home server', 'getStatus')];
  if (json) {
    sayJson(io, { info, status, url: await home.url() });
    return;
  }
  facts(io, [
    ['Home server', `${printable(info.machine)}, ${await home.url()}, version ${printable(info.version)}`],
    ['Runs', `for ${age(status.uptime_ms)}, ${size(status.rss_bytes)} of memory`],
    ['Fingerprint', printable(info.fingerprint)],
    ['Relay', relayLine(io, status.relay)],
    ['Room', status.relay.room === undefined || status.relay.state === 'off' ? null : printable(status.relay.room)],
    ['Sessions', countsLine(io, status.sessions)],
    ['Devices', `${status.devices} paired, ${status.connections} connected, ${status.viewers} watching`],
  ]);
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .argument('[session]', 'name, id or beginning of an id; left out: the home server')
    .option('--json', 'machine readable')
    .action(async (text: string | undefined, options: { json?: true }) => {
      if (text === undefined) {
        await showHome(context, options.json === true);
        return;
      }
      const session = await findSession(await context.home(), text, io.now());
      if (options.json) sayJson(io, session);
      else showSession(io, session);
    });
}
