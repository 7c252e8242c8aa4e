import type { Device } from '@afield/shared/api/devices.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { say, sayJson, styleOf, tableWidth } from './io.ts';
import { since } from './print/age.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';
import type { Home } from './reach/home.ts';
import { shortIds } from './reach/resolve.ts';

export const examples: CommandModule['examples'] = [
  ['afield devices', 'who is paired, and when it was last seen'],
  ['afield devices rename "Pixel 9" "my phone"', 'by name, id or beginning of an id'],
  ['afield devices revoke "my phone"', 'its connections end at once'],
];

const isLive = (device: Device): boolean => device.revoked_at === null;

/** Errors: `device_not_found`; `conflict` when several fit. Revoked ones are not looked at. */
async function find(home: Home, text: string): Promise<Device> {
  const { items } = await home.ask('Asking the home server', 'listDevices');
  const live = items.filter(isLive);
  const wanted = text.toLowerCase();
  const tests = [
    (device: Device) => device.id === wanted || device.name === text,
    (device: Device) => device.name.toLowerCase() === wanted,
    (device: Device) => wanted.length >= 4 && device.id.startsWith(wanted),
  ];
  const found = tests.map((test) => live.filter(test)).find((fitting) => fitting.length > 0) ?? [];
  if (found.length === 1) return found[0] as Device;
  if (found.length === 0) {
    throw new AfieldError('device_not_found', `No paired device is called "${printable(text)}". afield devices shows which there are.`);
  }
  const lines = found.map((device) => `  ${device.id}  ${printable(device.name)}`);
  throw new AfieldError('conflict', [`"${printable(text)}" fits ${found.length} devices. Say it with the id:`, ...lines].join('\n'));
}

function state(device: Device): string {
  if (!isLive(device)) return '⊘ revoked';
  return device.online ? '● online' : '○ away';
}

async function list({ io, home: open }: Context, options: { all?: true; json?: true }): Promise<void> {
  const home = await open();
  const devices = await home.ask('Asking the home server', 'listDevices');
  const items = options.all ? devices.items : devices.items.filter(isLive);
  if (options.json) {
    sayJson(io, { ...devices, items });
    return;
  }
  if (items.length === 0) {
    say(io, 'No device is paired. Let one in with afield pair.');
    return;
  }
  const style = styleOf(io);
  const short = shortIds(items.map((device) => device.id));
  const rows = items.map((device) => [
    state(device),
    printable(device.name),
    device.last_seen_at === null ? 'never' : `${since(device.last_seen_at, io.now())} ago`,
    device.push === null ? 'off' : device.push.last_error === null ? 'on' : 'failing',
    printable(device.scopes.join(',')),
    short.get(device.id) as string,
  ]);
  const paint = (text: string, row: number) => style(items[row]?.online ? 'done' : 'quiet', text);
  const columns = [
    { title: 'STATE', paint },
    { title: 'NAME', cut: 'end' },
    { title: 'SEEN' },
    { title: 'PUSH' },
    { title: 'MAY', cut: 'end' },
    { title: 'ID' },
  ] as const;
  say(io, ...table(columns, rows, { max: tableWidth(io), head: (text) => style('quiet', text) }));
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command
    .command('list', { isDefault: true })
    .description('List the paired devices')
    .option('-a, --all', 'revoked ones too')
    .option('--json', 'machine readable, as the API answers')
    .action((options: { all?: true; json?: true }) => list(context, options));
  command
    .command('rename')
    .description('Rename a device')
    .argument('<device>', 'name, id or beginning of an id')
    .argument('<name>', 'the new name')
    .action(async (text: string, name: string) => {
      const home = await context.home();
      const { id } = await find(home, text);
      const device = await home.ask('Renaming', 'updateDevice', { params: { id }, body: { name } });
      say(io, `It is called ${printable(device.name)} now.`);
    });
  command
    .command('revoke')
    .description('Revoke a device: its connections end at once')
    .argument('<device>', 'name, id or beginning of an id')
    .action(async (text: string) => {
      const home = await context.home();
      const device = await find(home, text);
      await home.ask('Revoking', 'revokeDevice', { params: { id: device.id } });
      say(io, `${printable(device.name)} is revoked. To let it in again it must pair anew: afield pair`);
    });
}
