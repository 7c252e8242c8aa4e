/** The main job: a phone steers a program at home through an encrypted relay. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Desk, openDesk } from './desk.ts';
import { type House, startHouse, until } from './kit.ts';
import { openPhone, type Phone } from './phone.ts';
import { pair, screenText, startSession, tapKey, typeLine } from './steps.ts';

let house: House;
let phone: Phone;
let project: string;

beforeAll(async () => {
  [house, phone, project] = await Promise.all([startHouse(), openPhone(), mkdtemp(path.join(tmpdir(), 'afield-project-'))]);
});
afterAll(async () => {
  await phone?.close();
  await house?.stop();
  await rm(project, { recursive: true, force: true });
});

const shows = (text: string | RegExp) =>
  until(`the phone shows ${text}`, async () => {
    const screen = await screenText(phone.page);
    return typeof text === 'string' ? screen.includes(text) : text.test(screen);
  });

describe('a phone through the relay', () => {
  it('pairs with the printed link', async () => {
    await pair(house, phone);
    await phone.shot('home-empty');
    expect(new URL(phone.page.url()).hash).toBe('');
    const devices = await house.json<{ items: { name: string }[] }>('devices', 'list');
    expect(devices.items).toHaveLength(1);
  });

  it('starts a shell, edits a file with vim, and the file is on disk', async () => {
    await writeFile(path.join(project, 'note.txt'), 'first line\n');
    await startSession(phone, 'shell', 'Edit a note', project);
    await typeLine(phone, 'vim -u NONE -N note.txt');
    await shows('first line');
    await phone.shot('vim-opened');
    await typeLine(phone, 'Gosecond line, written on a phone');
    await shows('second line, written on a phone');
    await tapKey(phone, 'Esc, Escape');
    await typeLine(phone, ':wq');
    await until('the file is saved', async () => (await readFile(path.join(project, 'note.txt'), 'utf8')).includes('second line'));
    expect(await readFile(path.join(project, 'note.txt'), 'utf8')).toMatch(/^first line\nsecond line, written on a phone\n/);
    await phone.shot('vim-saved');
  });

  it('shares the session with the desk: each sees the keys of the other', async () => {
    const desk: Desk = await openDesk([process.execPath, path.resolve('server/bin/afield.mjs'), 'attach', 'Edit a note'], house.env);
    try {
      await until('the desk shows the prompt', async () => /[$#] *$/m.test(await desk.screen()));
      await desk.type('echo from the $((40+2)) desk');
      await desk.press('Enter');
      await shows('from the 42 desk');
      await typeLine(phone, 'echo from the $((40+3)) phone');
      await until('the desk shows it', async () => (await desk.screen()).includes('from the 43 phone'));
      await phone.shot('shared-with-desk');
      await desk.press('C-b', 'd');
      await until('the desk is detached', async () => /detached/i.test(await desk.screen()));
    } finally {
      await desk.close();
    }
    await typeLine(phone, 'echo still $((1+1)) here');
    await shows('still 2 here');
  });

  it('reached home through the relay alone', () => {
    const sockets = phone.requests.filter(({ type }) => type === 'websocket').map(({ url }) => new URL(url).host);
    expect(new Set(sockets)).toEqual(new Set([`127.0.0.1:${house.relayPort}`]));
    expect(phone.requests.filter(({ url }) => new URL(url).pathname.startsWith('/api/'))).toEqual([]);
    expect(phone.requests.every(({ url }) => !url.includes('#pair='))).toBe(true);
  });

  it('complained about nothing', () => {
    expect(phone.complaints).toEqual([]);
  });
});
