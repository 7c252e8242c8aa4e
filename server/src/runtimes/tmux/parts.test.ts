import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { quoteWord } from '../../core/approvals/shell-words.ts';
import { keyCommands } from './keys.ts';
import { nameOf } from './names.ts';
import { readPanes } from './panes.ts';
import { pipeWord, quoted } from './quote.ts';
import { type Reply, ReplyReader } from './replies.ts';

describe('what tmux says', () => {
  function read(...pieces: (string | Buffer)[]) {
    const replies: Reply[] = [];
    const notices: string[] = [];
    const faults: string[] = [];
    const reader = new ReplyReader({
      reply: (reply) => replies.push(reply),
      notice: (name, rest) => notices.push(`${name} ${rest}`),
      fault: (detail) => faults.push(detail),
    });
    for (const piece of pieces) reader.push(Buffer.from(piece as string));
    return { replies, notices, faults };
  }
  const text =
    '%begin 1 2 0\n%end 1 2 0\n%session-changed $0 afield\n%begin 1 3 1\nP,%1\n\n%end 1 3 1\n%begin 1 4 1\nno such pane\n%error 1 4 1\n%window-close @3\n%exit\n';
  const meant = {
    replies: [
      { ours: false, failed: false, lines: [] },
      { ours: true, failed: false, lines: ['P,%1', ''] },
      { ours: true, failed: true, lines: ['no such pane'] },
    ],
    notices: ['session-changed $0 afield', 'window-close @3', 'exit '],
    faults: [],
  };

  it('is read as replies and notices, however it is cut', () => {
    expect(read(text)).toEqual(meant);
    for (let at = 0; at < text.length; at++) expect(read(text.slice(0, at), text.slice(at))).toEqual(meant);
    expect(read(...text)).toEqual(meant);
  });

  it("E4: an end that is another one's ends nothing; a line or a reply without end is a fault, once", () => {
    const { replies } = read('%begin 1 3 1\n%end 1 2 1\n%end 9 3 1\n%begin 1 4 1\n%end 1 3 1\n');
    expect(replies).toEqual([{ ours: true, failed: false, lines: ['%end 1 2 1', '%end 9 3 1', '%begin 1 4 1'] }]);
    expect(read(...Array.from({ length: 20 }, () => Buffer.alloc(100_000, 'x'))).faults).toHaveLength(1);
    expect(read('%begin 1 3 1\n', ...Array.from({ length: 30 }, () => 'x\n'.repeat(10_000))).faults).toHaveLength(1);
  });

  it('random bytes do no harm', () => {
    for (let seed = 1; seed < 200; seed++) {
      const bytes = Buffer.from(Array.from({ length: 500 }, (_, i) => (seed * 7919 + i * i * 31 + (i * seed) ** 2) % 256));
      expect(() => read(bytes, `%begin ${seed}`, bytes, '\n%end\n%error\n%begin\n%begin  \n')).not.toThrow();
    }
  });

  it('of panes only what has their form is believed', () => {
    const panes = readPanes([
      'P,%1,@2,1,,11,0,77,80,24,80,24,5,name,bash',
      'P,%1,@2,1,,11,0,77,80,24,80,24,5,name,bash',
      'P,x,@2',
      '%end',
      '',
      'P',
    ]);
    expect([...panes.values()]).toEqual([
      {
        pane: '%1',
        window: '@2',
        dead: true,
        exit: { code: null, signal: 'SIGSEGV' },
        piped: false,
        pid: 77,
        cols: 80,
        rows: 24,
        windowCols: 80,
        windowRows: 24,
        activity: 5,
        name: 'name',
        command: 'bash',
      },
    ]);
    expect(readPanes(['P,%1,@2,1,,kill,0,1,1,1,1,1,1,,']).get('%1')?.exit).toEqual({ code: null, signal: 'SIGKILL' });
    expect(readPanes(['P,%1,@2,1,,,0,1,1,1,1,1,1,,']).get('%1')).toMatchObject({ dead: true, exit: null });
  });
});

describe('D6: text inside commands', () => {
  const odd = [
    '',
    'plain',
    'a b',
    '"',
    "'",
    '\\',
    '$HOME',
    '`id`',
    '$(id)',
    '#(id)',
    '#{pane_id}',
    ';',
    '~',
    '~root',
    '{',
    '}',
    '%if',
    '-t',
    'a\nb',
    'a\tb',
    '\x1b[31m',
    'ü€😀',
    '!x',
    '*',
    '&|<>()',
  ];

  it('tmux: everything unusual is a number', () => {
    expect(quoted('a"$#;\n~ü')).toBe('"a\\042\\044\\043\\073\\012\\176ü"');
    for (const text of odd) expect(quoted(text)).not.toMatch(/[$#;~{}`'\n]|\\[^0-7]/);
  });

  it('sh: a word is a word', () => {
    for (const text of odd) expect(execFileSync('sh', ['-c', `printf %s ${quoteWord(text)}`], { encoding: 'utf8' })).toBe(text);
    expect(pipeWord('a #{x} %H')).toBe("'a ##{x} %%H'");
  });

  it('keys: a few are pressed, many are pasted, NUL is always pressed', () => {
    expect(keyCommands('%1', Buffer.from('a;\r'))).toEqual(['copy-mode -q -t "\\0451"', 'send-keys -t "\\0451" -H 61 3b 0d']);
    const [, set, paste, nul, ...rest] = keyCommands('%1', Buffer.from(`${'a'.repeat(40)}#;\0\0${'b'.repeat(40)}`));
    expect(set).toBe(`set-buffer -b afield-keys "${'a'.repeat(40)}\\043\\073"`);
    expect(paste).toBe('paste-buffer -d -r -b afield-keys -t "\\0451"');
    expect(nul).toBe('send-keys -t "\\0451" -H 00 00');
    expect(rest).toHaveLength(2);
  });

  it('names are made of ids, and never the one that is taken', () => {
    expect(nameOf('0199f0aa-1111-7000-8000-000000000000')).toBe('0199f0aa-1111-7000-8000-000000000000');
    for (const text of [...odd.filter((one) => one !== 'plain'), 'afield', '../x', '=a:', '-x', 'x'.repeat(100)])
      expect(nameOf(text)).toMatch(/^[0-9a-f]{32}$/);
  });
});
