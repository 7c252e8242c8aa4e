import { LOCAL_MACHINE } from '@afield/shared/api/base.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { RelayState, Status, Storage } from '@afield/shared/api/system.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { type Io, sayJson, styleOf } from './io.ts';
import { age, since, size } from './print/age.ts';
import { facts } from './print/facts.ts';
import { printable } from './print/printable.ts';
import { endSentence, MARKS, STATUS_ORDER, statusWord } from './print/status-mark.ts';
import type { Role } from './print/style.ts';
import type { Home } from './reach/home.ts';
import { allSessions, findSession } from './reach/sessions.ts';

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

function runsIn({ runtime, survives_restart, adopted }: Session): string {
  if (!survives_restart) return 'a terminal of the home server, and ends with it';
  return adopted ? `your own ${printable(runtime)}, and outlives the home server` : `${printable(runtime)}, and outlives the home server`;
}

const recovered = ({ recovered_bytes }: Session): string => (recovered_bytes === 0 ? '' : `, ${size(recovered_bytes)} of it fetched later`);

function waits({ pending_approvals, name }: Session): string {
  return `for ${pending_approvals} ${pending_approvals === 1 ? 'answer' : 'answers'}: afield approvals ${printable(name)}`;
}

/** What a session without a terminal has none of. */
const terminalOnly = ({ faces }: Session, text: string | null): string | null => (faces.includes('terminal') ? text : null);

const cost = ({ cost_usd, budget_usd }: Session): string | null =>
  cost_usd === null && budget_usd === null
    ? null
    : `${cost_usd === null ? 'not known' : `${cost_usd.toFixed(2)} USD`}${budget_usd === null ? '' : ` of ${budget_usd} USD`}`;

function showSession(io: Io, session: Session): void {
  const now = io.now();
  const { role } = MARKS[session.status];
  const ended = session.ended_at !== null;
  facts(io, [
    ['Name', printable(session.name)],
    ['Status', styleOf(io)(role, ended ? endSentence(session) : statusWord(session))],
    ['', ended || session.status_reason === null ? null : printable(session.status_reason)],
    ['Waits', session.pending_approvals === 0 ? null : waits(session)],
    ['Agent', `${printable(session.agent)}${session.pid === null ? '' : `, process ${session.pid}`}`],
    ['Model', session.model === null ? null : printable(session.model)],
    ['Mode', session.mode === null ? null : printable(session.mode)],
    ['Environment', session.environment === null ? null : `${printable(session.environment)}${session.production ? ', production' : ''}`],
    ['Cost', cost(session)],
    ['Machine', session.machine === LOCAL_MACHINE ? null : printable(session.machine)],
    ['Directory', printable(session.cwd)],
    ['Runs in', ended ? null : runsIn(session)],
    ['Look at it', session.attach_command === null ? null : printable(session.attach_command)],
    ['Title', session.title === null ? null : printable(session.title)],
    ['Terminal', terminalOnly(session, `${session.cols}×${session.rows}, ${size(session.output_bytes)} printed${recovered(session)}`)],
    [
      'Viewers',
      terminalOnly(
        session,
        `${session.viewers}${session.lease === null ? '' : `; ${printable(session.lease.device_name)} decides the size`}`,
      ),
    ],
    ['Started', `${since(session.created_at, now)} ago`],
    ['Ended', session.ended_at === null ? null : `${since(session.ended_at, now)} ago`],
    ['Last output', session.last_output_at === null ? null : `${since(session.last_output_at, now)} ago`],
    ['Id', session.id],
  ]);
}

/** By what it was started; null for a home server elsewhere, which only it knows. */
function serviceLine(home: Home): string | null {
  const { state } = home;
  if (state === null || home.elsewhere) return null;
  if (state.service === null) return 'started by hand';
  const [kind = '', name = ''] = state.service.split(':');
  return `started by ${printable(kind)}, ${printable(name)}`;
}

/** Approvals that wait in all sessions. */
function waitingLine(io: Io, live: readonly Session[]): string | null {
  const count = live.reduce((sum, { pending_approvals }) => sum + pending_approvals, 0);
  return count === 0
    ? null
    : styleOf(io)('signal', `◆ ${count} ${count === 1 ? 'approval waits' : 'approvals wait'} for you: afield approvals`);
}

/** Sessions that have not ended, by machine; said only when there are other machines than the home server itself. */
function machinesLine(live: readonly Session[]): string | null {
  const counts = new Map<string, number>();
  for (const { machine } of live) counts.set(machine, (counts.get(machine) ?? 0) + 1);
  if ([...counts.keys()].every((machine) => machine === 'local')) return null;
  return [...counts].map(([machine, count]) => `${count} on ${printable(machine)}`).join(', ');
}

function storageLine(io: Io, { writing, detail, since: from }: Storage): string | null {
  if (writing) return null;
  const when = from === null ? '' : ` for ${since(from, io.now())}`;
  return styleOf(io)('fail', `■ nothing is written${when}. ${printable(detail ?? 'The disk is full: make room.')} Agents go on.`);
}

async function showHome(context: Context, json: boolean): Promise<void> {
  const { io } = context;
  const home = await context.home();
  const [info, status] = [await home.ask('Asking the home server', 'getInfo'), await home.ask('Asking the home server', 'getStatus')];
  const { socket = null, service = null } = (home.elsewhere ? null : home.state) ?? {};
  const live = await allSessions(home, { status: 'starting,busy,idle,waiting' });
  if (json) {
    const machines = Object.fromEntries([...Map.groupBy(live, ({ machine }) => machine)].map(([name, there]) => [name, there.length]));
    sayJson(io, { info, status, url: await home.url(), socket, service, live_by_machine: machines });
    return;
  }
  facts(io, [
    ['Home server', `${printable(info.machine)}, ${await home.url()}, version ${printable(info.version)}`],
    ['Socket', socket === null ? null : printable(socket)],
    ['Runs', `for ${age(status.uptime_ms)}, ${size(status.rss_bytes)} of memory`],
    ['Service', serviceLine(home)],
    ['Fingerprint', printable(info.fingerprint)],
    ['Relay', relayLine(io, status.relay)],
    ['Room', status.relay.room === undefined || status.relay.state === 'off' ? null : printable(status.relay.room)],
    ['Storage', storageLine(io, status.storage)],
    ['Sessions', countsLine(io, status.sessions)],
    ['Waiting', waitingLine(io, live)],
    ['Machines', machinesLine(live)],
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
