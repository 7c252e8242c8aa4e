import { describe, expect, it } from 'vitest';
import { Screen } from './screen.ts';

const size = { cols: 20, rows: 5 };
const shown = async (output: string | Buffer, at = size) => {
  const screen = new Screen(at, 100);
  screen.write(Buffer.from(output));
  await screen.settled();
  return screen;
};
/** What another terminal shows that gets the snapshot of `screen`, then `more`. */
const copied = async (screen: Screen, more = '') => {
  const { bytes } = await screen.snapshot();
  return shown(Buffer.concat([bytes, Buffer.from(more)]), { cols: screen.cols, rows: screen.rows });
};
const look = (screen: Screen) => ({
  lines: screen.lines(),
  cursor: screen.cursor,
  alternate: screen.alternate,
  paste: screen.bracketedPaste,
  // Colours and attributes are in the snapshot only.
  ansi: screen.render('ansi', 0),
});

describe('a snapshot', () => {
  it.each([
    ['plain text', 'hello\r\nworld'],
    ['colours', '\x1b[31mred\x1b[1mbold\x1b[0m plain \x1b[48;5;20mback'],
    ['the cursor in the middle', 'abc\r\ndef\x1b[1;2H'],
    ['the cursor on the alternate screen', 'below\x1b[?1049h\x1b[2J\x1b[3;7Hx\x1b[2;5H'],
    ['the cursor on the alternate screen after its last column', '\x1b[?1049h\x1b[2;1Habcdefghijklmnopqrst'],
    ['a line that is full, the cursor waiting behind it', 'abcdefghijklmnopqrst'],
    ['a full line that ends in a wide character', 'abcdefghijklmnopqr漢'],
    ['wrapped lines', 'a'.repeat(45)],
    ['more than the screen holds', Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\r\n')],
    ['wide characters and emoji', '漢字 😀 é\r\nab\x1b[1;3H'],
    ['modes', '\x1b[?1h\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[?25l\x1b[4 q'],
    ['a scroll region', '\x1b[2;4r\x1b[2;1Hab'],
    ['a scroll region with origin mode', '\x1b[2;4r\x1b[?6h\x1b[2;3Hab'],
    ['line drawing', '\x1b(0lqk'],
  ])('shows the same elsewhere, and goes on the same: %s', async (_name, output) => {
    const screen = await shown(output);
    expect(look(await copied(screen))).toEqual(look(screen));
    for (const more of ['Z', '\n\n\nq', '\x1b[1;1Hx', '\r\nqq']) {
      const original = await shown(output + more);
      expect(look(await copied(screen, more))).toEqual(look(original));
    }
  });

  it('tells modes that the serializer leaves out', async () => {
    const { bytes } = await (await shown('\x1b[?25l\x1b[?1006h\x1b[5 q\x1b[2;4r')).snapshot();
    for (const part of ['\x1b[?25l', '\x1b[?1006h', '\x1b[5 q', '\x1b[2;4r']) expect(bytes.toString()).toContain(part);
    const again = await (await shown('\x1b[?25l\x1b[?1006h\x1b[5 q\x1b[2;4r\x1bcx')).snapshot();
    for (const part of ['?25l', '?1006h', ' q', ';4r']) expect(again.bytes.toString()).not.toContain(part);
  });

  it('fits together with what follows, even in the middle of a sequence, a character, an endless string', async () => {
    const whole = 'start \x1b[31mred 漢😀 \x1b]0;a title\x07\x1b[0m done';
    const all = Buffer.from(whole);
    const expected = look(await shown(whole));
    for (let cut = 0; cut <= all.length; cut++) {
      const screen = await shown(all.subarray(0, cut));
      const { offset, bytes } = await screen.snapshot();
      expect(offset).toBe(cut);
      expect(look(await shown(Buffer.concat([bytes, all.subarray(cut)])))).toEqual(expected);
    }
    const swallowing = await shown(`a\x1b]52;c;${'x'.repeat(10_000)}`);
    const { bytes } = await swallowing.snapshot();
    expect((await shown(Buffer.concat([bytes, Buffer.from('xxxx\x07b')]))).lines()[0]).toBe('ab');
  });

  it('holds at a known position while output goes on', async () => {
    const screen = new Screen(size, 100);
    screen.write(Buffer.from('one'));
    const taken = screen.snapshot();
    screen.write(Buffer.from('two'));
    const { offset, bytes } = await taken;
    expect(offset).toBe(3);
    expect(bytes.toString()).toContain('one');
    expect(bytes.toString()).not.toContain('two');
  });

  it('of a screen full of colours stays below 8 kB, however much was printed', async () => {
    const line = Array.from({ length: 10 }, (_, i) => `\x1b[3${i % 8}mword${i}`).join(' ');
    const screen = await shown(Buffer.from(`${line}\r\n`.repeat(20_000)), { cols: 100, rows: 40 });
    const { bytes } = await screen.snapshot();
    expect(bytes.length).toBeLessThan(8_000);
    expect(bytes.length).toBeGreaterThan(1_000);
  });
});

describe('output of hostile programs', () => {
  const answers = async (output: string) => {
    const screen = new Screen(size, 100);
    const given: string[] = [];
    screen.onAnswer = (answer) => given.push(answer.toString());
    screen.write(Buffer.from(output));
    await screen.settled();
    return given;
  };

  it('E3: questions to the terminal are answered once, with numbers only', async () => {
    expect(await answers('\x1b[c')).toEqual(['\x1b[?1;2c']);
    expect(await answers('ab\x1b[6n')).toEqual(['\x1b[1;3R']);
    expect(await answers('\x1b[5n')).toEqual(['\x1b[0n']);
    expect(await answers('\x1b[?2004$p')).toEqual(['\x1b[?2004;2$y']);
    expect(await answers('\x1bP$qm\x1b\\')).toEqual(['\x1bP1$r0m\x1b\\']);
  });

  it('E3: nothing that a program printed comes back as input', async () => {
    const evil = 'rm -rf ~\r';
    const questions = [
      `\x1b]0;${evil}\x07\x1b[21t\x1b[20t`,
      `\x1b]2;${evil}\x07\x1b[22t\x1b[23t`,
      `\x1bP$q${evil}\x1b\\`,
      `\x1bP+q${Buffer.from(evil).toString('hex')}\x1b\\`,
      `\x1b]9;${evil}\x07\x1b]777;notify;${evil};${evil}\x07\x1b]1337;${evil}\x07`,
      `\x1b]52;c;?\x07\x1b]52;c;${Buffer.from(evil).toString('base64')}\x07\x1b]52;c;?\x07`,
      `\x1b]4;1;?\x07\x1b]10;?\x07\x1b]11;?\x07\x1b]50;?\x07`,
      '\x05',
    ];
    for (const question of questions) for (const answer of await answers(question)) expect(answer).not.toMatch(/rm|rf|726d|cm0/i);
  });

  it('E3: a title is one printable line of at most 200 characters', async () => {
    const screen = new Screen(size, 100);
    let title = '';
    screen.onTitle = (text) => {
      title = text;
    };
    screen.write(Buffer.from(`\x1b]0; a\u202eb\u200bcd ${'x'.repeat(500)}\x07`));
    await screen.settled();
    expect(title).toMatch(/^abcd x+$/);
    expect(title).toHaveLength(200);
  });

  it('E4: 10 MB of one OSC cost no memory and hide nothing that follows', async () => {
    const screen = new Screen(size, 100);
    screen.write(Buffer.from('\x1b]0;'));
    const piece = Buffer.alloc(64 * 1024, 'x');
    for (let i = 0; i < 160; i++) {
      screen.write(piece);
      expect(screen.behind).toBeLessThan(3 * piece.length * (i + 1));
    }
    screen.write(Buffer.from('\x07after'));
    await screen.settled();
    expect(screen.lines()[0]).toBe('after');
    expect(screen.behind).toBe(0);
  });

  it('E13: html is escaped', async () => {
    const html = (await shown('<img src=x onerror=alert(1)>&"\'', { cols: 60, rows: 3 })).render('html', 0);
    expect(html).toContain('&lt;img src=x onerror=alert(1)>&amp;');
    expect(html).not.toContain('<img');
  });
});

it('text is right-trimmed, with as many older lines as asked for', async () => {
  const screen = await shown(Array.from({ length: 8 }, (_, i) => `line ${i}  `).join('\r\n'));
  expect(screen.render('text', 0)).toBe('line 3\nline 4\nline 5\nline 6\nline 7');
  expect(screen.render('text', 2).split('\n')).toHaveLength(7);
  expect(screen.render('text', 500).split('\n')[0]).toBe('line 0');
});

it('rules see the last 24 lines that are not empty', async () => {
  const screen = await shown(
    Array.from({ length: 40 }, (_, i) => `line ${i}`)
      .join('\r\n')
      .concat('\x1b[?1049h\x1b[1;1Htop\r\nnext'),
    {
      cols: 20,
      rows: 40,
    },
  );
  expect(screen.ruleText()).toBe('top\nnext');
  const full = await shown(Array.from({ length: 40 }, (_, i) => `line ${i}`).join('\r\n'), { cols: 20, rows: 40 });
  expect(full.ruleText().split('\n')).toHaveLength(24);
});
