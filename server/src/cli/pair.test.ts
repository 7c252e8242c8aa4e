/** Pairing at the desk, with a device that really pairs. */
import { randomBytes } from 'node:crypto';
import { openChannel } from '@afield/shared/channel/open-channel.ts';
import { parsePairingLink } from '@afield/shared/channel/pairing-link.ts';
import { dialRelay } from '@afield/shared/client/doors/relay.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { nodeKeyPair, nodePrimitives } from '../channel/node-primitives.ts';
import { TestDesk, until } from './test-desk.ts';

let desk: TestDesk;
beforeAll(async () => {
  desk = new TestDesk();
  await desk.startServer();
}, 60_000);
afterAll(() => desk.close(), 60_000);

/** Uses a link up. Returns the six digits that the device shows. */
async function pairDevice(link: string, label: string): Promise<string> {
  const offer = parsePairingLink(link);
  const socket = await dialRelay({
    relayUrl: offer.relayUrl,
    room: offer.room,
    WebSocket: WebSocket as never,
    signal: AbortSignal.timeout(15_000),
  });
  const opened = await openChannel({
    mode: 'pair',
    socket,
    primitives: nodePrimitives,
    staticKey: nodeKeyPair(randomBytes(32)),
    room: offer.room,
    serverKey: offer.serverKey,
    secret: offer.secret,
    ticketId: offer.ticketId,
    label,
    appVersion: 'test',
    lastSeq: 0,
  });
  opened.channel.close({ kind: 'goodbye', detail: 'paired' });
  return opened.check;
}

/** Runs a command that shows a link and waits; pairs with it; gives what the command said. */
async function pairBy(args: string[], label: string): Promise<{ code: unknown; out: string; check: string }> {
  const child = desk.spawn(args);
  let out = '';
  child.stdout?.on('data', (bytes) => {
    out += bytes;
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const [link] = await until(
    () => /^http\S+#pair=\S+$/m.exec(out) ?? undefined,
    () => out,
  );
  const check = await pairDevice(link, label);
  return { code: await ended, out, check };
}

describe('pair', () => {
  it('waits until the device has paired, then shows its name and the six digits that it shows', async () => {
    const { code, out, check } = await pairBy(['pair'], 'Pixel 9');
    expect(code).toBe(0);
    expect(check).toMatch(/^\d{6}$/);
    expect(out).toContain('● Paired: Pixel 9\n');
    expect(out).toContain(`Check: ${check.slice(0, 3)} ${check.slice(3)}. Your device shows the same six digits.`);
    const { items } = await desk.json<{ items: { id: string; name: string }[] }>('devices');
    expect(items.map((device) => device.name)).toEqual(['Pixel 9']);
    expect(out).toContain(`afield devices revoke ${items[0]?.id}`);
  });

  it('E8: a device that calls itself something hostile colours nothing', async () => {
    const { out } = await pairBy(['pair'], 'a\x1b[31mb\u202ec');
    expect(out).toMatch(/● Paired: \S/);
    expect(out).not.toContain('\x1b');
    expect((await desk.cli(['devices'])).out).not.toContain('\x1b');
  });

  it('devices are listed, renamed and revoked; revoked ones only with --all', async () => {
    await pairBy(['pair'], 'Tablet');
    expect((await desk.cli(['devices'])).out).toMatch(/^[●○] \S+ +Tablet +\d+ s ago +off +\* +[0-9a-f-]{8,}$/m);
    expect((await desk.cli(['devices', 'rename', 'tablet', 'Big one'])).out).toBe('It is called Big one now.\n');
    expect((await desk.cli(['devices', 'revoke', 'Big one'])).out).toMatch(/is revoked/);
    expect((await desk.cli(['devices'])).out).not.toContain('Big one');
    expect((await desk.cli(['devices', 'list', '--all'])).out).toMatch(/⊘ revoked +Big one/);
    expect((await desk.cli(['devices', 'revoke', 'Big one'])).code).toBe(2);
  });

  it('a link that a newer one replaced is told as lost', async () => {
    const child = desk.spawn(['pair']);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (bytes) => {
        text += bytes;
      });
    }
    const ended = new Promise((resolve) => child.on('close', resolve));
    await until(
      () => (text.includes('Fingerprint') ? true : undefined),
      () => text,
    );
    await desk.json('pair');
    expect(await ended).toBe(1);
    expect(text).toMatch(/afield: .*Make a new one: afield pair\n$/);
  });
});

describe('at a terminal', () => {
  it('draws the code in half blocks and counts down', async () => {
    const terminal = await desk.terminals.open(100, 50);
    await terminal.afield('pair');
    const screen = await terminal.shows(/Waiting for your device\. The link is good for 1:\d\d\. Ctrl-C leaves\./);
    expect(screen).toMatch(/[█▀▄ ]{50}/);
    await terminal.keys('C-c');
    await terminal.shows(/The link stays good for \d+ s\. .*\ndesk\$ $/);
  });

  it('a window that is too narrow gets the link and is told what the code needs', async () => {
    const terminal = await desk.terminals.open(50, 50);
    await terminal.afield('pair --no-wait');
    const screen = await terminal.shows(/It is good once/);
    expect(screen.replace(/\s/g, '')).toMatch(/TheQRcodeneedsawindowof\d+columns;thisonehas50/);
    expect(screen).not.toMatch(/[█▀▄]/);
  });

  it('a list is coloured at a terminal and cut to it; NO_COLOR is heard', async () => {
    const terminal = await desk.terminals.open(60, 20);
    await terminal.afield('run shell -d -s a-session-with-quite-a-long-name-that-fits-nowhere');
    await terminal.shows(/desk\$ $/);
    await terminal.line('clear');
    await terminal.afield('list; echo end');
    const screen = await terminal.shows(/^end$/m);
    for (const line of screen.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
    expect(screen).toMatch(/…/);
    await terminal.line('clear');
    await terminal.afield('list | cat -v; echo end', 'NO_COLOR=1');
    expect(await terminal.shows(/^end$/m)).not.toContain('^[');
  });
});
