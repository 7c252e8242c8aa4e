import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';

function collect(level: Parameters<typeof createLog>[0] = 'info') {
  const lines: string[] = [];
  return { log: createLog(level, (line) => lines.push(line)), lines };
}

describe('createLog', () => {
  it('E8: what others wrote stays one line of plain characters', () => {
    const { log, lines } = collect();
    log.warn('name: a\r\nb\u001b[2Jc\u009b31m\u2028d\u202ee\u007f\u0000', { title: '\u001b]0;x\u0007', nested: { text: '\u0085' } });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      level: 'warn',
      msg: 'name: a\r\nb\u001b[2Jc\u009b31m\u2028d\u202ee\u007f\u0000',
      nested: { text: '\u0085' },
    });
  });

  it('G13: leaves out whatever is called a secret, three levels deep', () => {
    const { log, lines } = collect();
    const secret = { token: 'canary', authorization: 'canary', psk: 'canary', endpoint: 'canary', link: 'canary' };
    log.info('x', { ...secret, request: { ...secret, headers: { ...secret } } });
    expect(lines.join('')).not.toContain('canary');
    expect(lines.join('')).toContain('[redacted]');
  });

  it('says what an error was, with its cause', () => {
    const { log, lines } = collect();
    log.error('A fault', { error: new Error('outer', { cause: new TypeError('inner') }) });
    expect(lines[0]).toContain('outer');
    expect(lines[0]).toContain('inner');
    expect(lines[0]).not.toContain('{}');
  });

  it('keeps to its level', () => {
    const { log, lines } = collect('error');
    log.info('no');
    log.warn('no');
    log.error('yes');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['yes']);
    const silent = collect('silent');
    silent.log.error('no');
    expect(silent.lines).toEqual([]);
  });
});
