import { describe, expect, it } from 'vitest';
import { KeyReader } from './key-reader.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8');
const cat = (parts: Uint8Array[]) => Buffer.concat(parts).toString('utf8');

/** Feeds pieces, then lets the pause pass. */
function read(...pieces: (string | Buffer)[]): { keys: string; detach: boolean } {
  const reader = new KeyReader();
  const out: Uint8Array[] = [];
  let detach = false;
  for (const piece of pieces) {
    const result = reader.feed(typeof piece === 'string' ? bytes(piece) : piece);
    out.push(result.keys);
    detach ||= result.detach;
  }
  if (!detach) out.push(reader.flush());
  return { keys: cat(out), detach };
}

/** Every way to cut the bytes of a text in two. */
const cuts = (text: string): [Buffer, Buffer][] => {
  const all = bytes(text);
  return Array.from({ length: all.length - 1 }, (_, i) => [all.subarray(0, i + 1), all.subarray(i + 1)]);
};

describe('detach keys', () => {
  it('Ctrl-\\ detaches at once; what stands before it is still sent, what follows is not', () => {
    expect(read('ls\x1cmore')).toEqual({ keys: 'ls', detach: true });
  });

  it('Ctrl-b d detaches, together or in pieces', () => {
    expect(read('a\x02d')).toEqual({ keys: 'a', detach: true });
    expect(read('a\x02', 'd')).toEqual({ keys: 'a', detach: true });
    expect(read('\x02', 'dx')).toEqual({ keys: '', detach: true });
  });

  it('Ctrl-b Ctrl-b sends one, and the d after it is a d', () => {
    expect(read('\x02\x02d')).toEqual({ keys: '\x02d', detach: false });
    expect(read('\x02', '\x02', 'd')).toEqual({ keys: '\x02d', detach: false });
  });

  it('Ctrl-b with another key sends both', () => {
    expect(read('\x02', 'x')).toEqual({ keys: '\x02x', detach: false });
    expect(read('\x02\x1b[A')).toEqual({ keys: '\x02\x1b[A', detach: false });
    expect(read('\x02D')).toEqual({ keys: '\x02D', detach: false });
  });

  it('a word with d in it is a word', () => {
    expect(read('add', 'd', 'ed')).toEqual({ keys: 'addded', detach: false });
  });

  it.each([
    ['kitty', '\x1b[92;5u'],
    ['kitty with event type', '\x1b[92;5:1u'],
    ['kitty with alternate key and caps lock', '\x1b[92:124;69u'],
    ['modifyOtherKeys', '\x1b[27;5;92~'],
  ])('Ctrl-\\ in the key encoding that an agent switched on: %s', (_name, key) => {
    expect(read(`a${key}`)).toEqual({ keys: 'a', detach: true });
    for (const [one, two] of cuts(key)) expect(read(one, two)).toEqual({ keys: '', detach: true });
  });

  it('Ctrl-b d in those encodings, with the releases between', () => {
    expect(read('\x1b[98;5u', 'd').detach).toBe(true);
    expect(read('\x1b[27;5;98~', 'd').detach).toBe(true);
    expect(read('\x1b[57442;5u\x1b[98;5u\x1b[98;5:3u\x1b[57442;1:3u', '\x1b[100u').detach).toBe(true);
    expect(read('\x1b[98;5u\x1b[98;5u')).toEqual({ keys: '\x1b[98;5u', detach: false });
  });

  it('Alt-Ctrl-\\ and Ctrl-Shift-b are other keys', () => {
    expect(read('\x1b[92;7u')).toEqual({ keys: '\x1b[92;7u', detach: false });
    expect(read('\x1b[98;6ud')).toEqual({ keys: '\x1b[98;6ud', detach: false });
  });

  it('Escape and then Ctrl-\\ still detaches', () => {
    expect(read('\x1b\x1c')).toEqual({ keys: '\x1b', detach: true });
  });
});

describe('keys go on untouched', () => {
  it.each([
    'hello',
    'é配🎉',
    '\x03',
    '\x1b[A',
    '\x1bOP',
    '\x1b[1;5C',
    '\x1b[3~',
    '\x1bx',
    '\x1b[<0;10;5M',
    '\x1b[M !!',
    '\x1b[I',
    '\x1b[1;2R',
    '\x1b[13;2u',
    '\x1b[[A',
  ])('%j', (keys) => {
    expect(read(keys)).toEqual({ keys, detach: false });
    for (const [one, two] of cuts(keys)) expect(read(one, two).keys).toBe(keys);
  });

  it('a lone Escape is held only until the pause', () => {
    const reader = new KeyReader();
    expect(reader.feed(bytes('\x1b')).keys.length).toBe(0);
    expect(reader.flushAfterMs).toBeGreaterThan(0);
    expect(Buffer.from(reader.flush()).toString()).toBe('\x1b');
    expect(reader.flushAfterMs).toBeNull();
  });

  it('Alt-] and Alt-P, which look like the beginning of an answer, go on after the pause', () => {
    expect(read('\x1b]')).toEqual({ keys: '\x1b]', detach: false });
    expect(read('\x1bP')).toEqual({ keys: '\x1bP', detach: false });
  });

  it('holds no more than an answer could be long', () => {
    const reader = new KeyReader();
    const flood = `\x1b]${'x'.repeat(5000)}`;
    expect(Buffer.from(reader.feed(bytes(flood)).keys).toString()).toBe(flood);
  });
});

describe('keys for the viewer, where a session of another size is shown', () => {
  function fitted(...pieces: string[]): { keys: string; asked: string[] } {
    const reader = new KeyReader();
    reader.fitted = true;
    const results = pieces.map((piece) => reader.feed(bytes(piece)));
    return { keys: cat(results.map(({ keys }) => keys)), asked: results.flatMap(({ asked }) => asked) };
  }
  it('Ctrl-b t takes the size, Ctrl-b f goes back to the cursor, in every encoding', () => {
    expect(fitted('a\x02tb')).toEqual({ keys: 'ab', asked: ['take'] });
    expect(fitted('\x02', 'f')).toEqual({ keys: '', asked: ['follow'] });
    expect(fitted('\x1b[98;5u', '\x1b[116u')).toEqual({ keys: '', asked: ['take'] });
  });
  it('Ctrl-b with an arrow pans, and further arrows too, until another key or a pause', () => {
    expect(fitted('\x02\x1b[C\x1b[C\x1b[B', 'x\x1b[D')).toEqual({ keys: 'x\x1b[D', asked: ['right', 'right', 'down'] });
    expect(fitted('\x02', '\x1bOA', '\x1b[1;1D')).toEqual({ keys: '', asked: ['up', 'left'] });
    const reader = new KeyReader();
    reader.fitted = true;
    reader.feed(bytes('\x02\x1b[A'));
    expect(reader.flushAfterMs).toBeGreaterThan(100);
    reader.flush();
    expect(cat([reader.feed(bytes('\x1b[A')).keys])).toBe('\x1b[A');
  });
  it('Ctrl-b d and Ctrl-b Ctrl-b stay what they are, other keys are sent with it', () => {
    const reader = new KeyReader();
    reader.fitted = true;
    expect(reader.feed(bytes('\x02d')).detach).toBe(true);
    expect(fitted('\x02\x02t', '\x02x', '\x02\x1b[5~')).toEqual({ keys: '\x02t\x02x\x02\x1b[5~', asked: [] });
  });
  it('are keys of the session where the sizes are equal', () => {
    expect(read('\x02t\x02\x1b[A')).toEqual({ keys: '\x02t\x02\x1b[A', detach: false });
  });
});

describe('bracketed paste', () => {
  const paste = '\x1b[200~one\x02d\x1c two\r\n\x1b[Athree\x1b[201~';

  it('passes through whole: no detach key and no answer inside counts', () => {
    expect(read(paste)).toEqual({ keys: paste, detach: false });
    for (const [one, two] of cuts(paste)) expect(read(one, two)).toEqual({ keys: paste, detach: false });
  });

  it('after it the detach keys count again', () => {
    expect(read(`${paste}\x1c`)).toEqual({ keys: paste, detach: true });
  });

  it('a paste whose end mark never comes does not lock the user in', () => {
    const reader = new KeyReader();
    reader.feed(bytes('\x1b[200~half'));
    expect(reader.flushAfterMs).toBeGreaterThan(50);
    reader.flush();
    expect(reader.feed(bytes('\x1c')).detach).toBe(true);
  });
});

describe("E3: the desk terminal's answers do not reach the program a second time", () => {
  it.each([
    ['DA1', '\x1b[?62;1;4c'],
    ['DA2', '\x1b[>41;354;0c'],
    ['CPR', '\x1b[24;80R'],
    ['DECXCPR', '\x1b[?24;80;1R'],
    ['DECRPM', '\x1b[?2026;2$y'],
    ['DSR', '\x1b[0n'],
    ['colour scheme', '\x1b[?997;1n'],
    ['kitty flags', '\x1b[?1u'],
    ['window size', '\x1b[8;24;80t'],
    ['colour, BEL', '\x1b]11;rgb:0000/0000/0000\x07'],
    ['colour, ST', '\x1b]10;rgb:ffff/ffff/ffff\x1b\\'],
    ['XTVERSION', '\x1bP>|term 1.0\x1b\\'],
    ['DECRQSS', '\x1bP1$r0m\x1b\\'],
    ['kitty graphics', '\x1b_Gi=31;OK\x1b\\'],
  ])('%s', (_name, answer) => {
    expect(read(`a${answer}b`)).toEqual({ keys: 'ab', detach: false });
    for (const [one, two] of cuts(answer)) expect(read(one, two).keys).toBe('');
  });

  it('an answer between Ctrl-b and d does not come between them', () => {
    expect(read('\x02', '\x1b[?62c', 'd').detach).toBe(true);
  });
});
