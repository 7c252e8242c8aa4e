import type { Choice } from '@afield/shared/api/chat.ts';
import { signal } from '@preact/signals';
import { beforeEach, describe, expect, it } from 'vitest';
import { SESSION } from '../../test/chat-items.ts';
import { type ChatComposer, type ChatFile, commandsFor, createComposer, MAX_FILES, slashWord } from './chat-composer.ts';

const command = (name: string): Choice => ({ id: name, name, description: null });
const commands = signal<readonly Choice[]>([command('/compact'), command('cost'), command('review')]);
const file = (name: string, size: number) => ({ name, type: 'text/plain', size }) as File;

let stored: string;
let sent: { content: string; priority: string; attachments: unknown[] }[];
let drafts: Map<string, readonly ChatFile[]>;
let full: boolean;
let composer: ChatComposer;

const open = () =>
  createComposer({
    session_id: SESSION,
    outbox: {
      add(_session, prompt) {
        if (full) return false;
        sent.push(prompt);
        return true;
      },
    },
    kept: {
      read: () => stored,
      write: (text) => {
        stored = text;
      },
    },
    files: drafts,
    readFile: async ({ name, size }) => ({ name, media_type: 'text/plain', base64: 'YQ==', size_bytes: size, shrunk: false }),
    commands,
  });

beforeEach(() => {
  stored = '';
  sent = [];
  drafts = new Map();
  full = false;
  composer = open();
});

describe('a draft', () => {
  it('is kept on this device with each letter, and gone once it is sent', () => {
    composer.write('Keep the trace');
    expect(stored).toBe('Keep the trace');
    composer.close();
    composer = open();
    expect(composer.text.value).toBe('Keep the trace');
    expect(composer.send(false)).toBe(true);
    expect([stored, composer.text.value]).toEqual(['', '']);
  });

  it('its files wait while one looks at another face', async () => {
    await composer.attach([file('trace.zip', 10)]);
    composer.close();
    expect(open().files.value).toMatchObject([{ name: 'trace.zip' }]);
  });

  it('nothing is not sent', () => {
    composer.write('  \n ');
    expect(composer.send(false)).toBe(false);
    expect(sent).toEqual([]);
  });

  it('when too many wait, it stays and says why', () => {
    full = true;
    composer.write('hello');
    expect(composer.send(false)).toBe(false);
    expect(composer.text.value).toBe('hello');
    expect(composer.problem.value).toContain('Too many messages wait');
  });

  it('what is taken back stands before what is being written', () => {
    composer.write('second');
    composer.putBack('first');
    expect(composer.text.value).toBe('first\n\nsecond');
  });

  it('its files come back with it, as far as they fit beside those that are there', async () => {
    const kept = { name: 'a.png', media_type: 'image/png', base64: 'AAAA' };
    composer.putBack('look', [kept]);
    expect(composer.files.value).toMatchObject([{ ...kept, size_bytes: 3 }]);
    composer.putBack(
      'again',
      Array.from({ length: MAX_FILES }, () => kept),
    );
    expect(composer.files.value).toHaveLength(1);
    expect(composer.problem.value).toContain('do not fit');
  });

  it('steering is chosen for one message at a time', () => {
    composer.choose('now');
    composer.write('stop that');
    composer.send(composer.how.value === 'now');
    expect(sent).toMatchObject([{ priority: 'now' }]);
    expect(composer.how.value).toBe('queue');
  });
});

describe('files', () => {
  it('go with the message as they are', async () => {
    await composer.attach([file('a.txt', 3)]);
    composer.write('look');
    composer.send(false);
    expect(sent[0]?.attachments).toEqual([{ name: 'a.txt', media_type: 'text/plain', base64: 'YQ==' }]);
    expect(composer.files.value).toEqual([]);
  });

  it('one that is too large says how large it may be', async () => {
    await composer.attach([file('core.dump', 6_200_000)]);
    expect(composer.files.value).toEqual([]);
    expect(composer.problem.value).toBe('core.dump is 6.2 MB. A file may have 5.0 MB.');
  });

  it('all together have a limit, and a number', async () => {
    await composer.attach([file('a', 4_000_000), file('b', 4_000_000)]);
    expect(composer.files.value).toHaveLength(1);
    expect(composer.problem.value).toContain('together may have 5.5 MB');
    for (let count = 0; count < MAX_FILES; count += 1) await composer.attach([file(`f${count}`, 1)]);
    expect(composer.files.value).toHaveLength(MAX_FILES);
    expect(composer.problem.value).toContain(`No more than ${MAX_FILES}`);
  });
});

describe('slash commands', () => {
  it('are offered while the first word is written', () => {
    expect(slashWord('/co')).toBe('co');
    expect(slashWord('/')).toBe('');
    expect(slashWord('look at /etc')).toBeNull();
    expect(slashWord('/compact now')).toBeNull();
  });

  it('those that begin so come first', () => {
    expect(commandsFor([command('re-co'), command('/compact'), command('x')], 'co').map(({ name }) => name)).toEqual(['/compact', 're-co']);
  });

  it('one that is taken stands in the field, ready for what follows', () => {
    composer.write('/com');
    expect(composer.offered.value.map(({ name }) => name)).toEqual(['/compact']);
    composer.take(composer.offered.value[0]!);
    expect(composer.text.value).toBe('/compact ');
    expect(composer.offered.value).toEqual([]);
  });

  it('are gone when they are not wanted, until something else is written', () => {
    composer.write('/co');
    composer.dismiss();
    expect(composer.offered.value).toEqual([]);
    composer.write('/c');
    expect(composer.offered.value).not.toEqual([]);
  });
});
