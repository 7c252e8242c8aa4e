import { type Session, type SessionStatus, sessionStatus } from '@afield/shared/api/sessions.ts';
import { describe, expect, it } from 'vitest';
import { NOW, session } from '../../test/sessions.ts';
import { sessionLine, sessionWhen, trackEnd, trackLabel, wordsAfter } from './session-words.ts';
import { clock } from './time.ts';

const one = (status: SessionStatus, fields: Partial<Session> = {}): Session => session({ name: 'n', minutes: 48, status, ...fields });
const words = (status: SessionStatus, live: boolean, fields: Partial<Session> = {}): string => sessionLine(one(status, fields), live).words;

describe('what a session does, in words', () => {
  it('has words for every status, live and past', () => {
    for (const status of sessionStatus.options) {
      expect(words(status, true).length).toBeGreaterThan(3);
      expect(words(status, false).length).toBeGreaterThan(3);
    }
  });

  it('refines busy by its activity', () => {
    expect(words('busy', true, { activity: 'editing' })).toBe('editing');
    expect(words('busy', true)).toBe('busy');
  });

  it('without a link nothing is said of the present', () => {
    expect(words('busy', false, { activity: 'editing' })).toBe('was editing');
    expect(words('starting', false)).toBe('was starting');
    expect(words('idle', false)).toBe('was idle');
  });

  it('behind the status its word is not said again', () => {
    expect(wordsAfter('idle', words('idle', true))).toBe('waits for your next message');
    expect(wordsAfter('was idle', words('idle', false))).toBe('');
    expect(wordsAfter('busy', words('busy', true, { activity: 'editing' }))).toBe('editing');
    expect(wordsAfter('finished', words('finished', true, { exit_code: 0 }))).toBe('exit code 0');
  });

  it('an end stays an end', () => {
    expect(words('finished', false, { exit_code: 0 })).toBe('finished · exit code 0');
    expect(words('lost', true)).toBe('lost · its process is gone');
    expect(words('cancelled', true)).toBe('cancelled · stopped');
    expect(words('failed', true, { status_reason: 'The program could not be started.' })).toBe(
      'failed · The program could not be started.',
    );
  });

  it('E5: the title of the program is shown with its tricks written out', () => {
    expect(sessionLine(one('busy', { title: 'photo\u202Egpj.exe' }), true).code).toBe('photo⟨U+202E⟩gpj.exe');
  });

  it('leaves out a title that repeats the name or the agent', () => {
    for (const title of ['n', 'claude', '  ']) expect(sessionLine(one('busy', { title }), true).code).toBeNull();
  });
});

describe('the time at the right', () => {
  const since = new Date(NOW - 3 * 60_000).toISOString();

  it('counts from the start while it works, from the last change while it waits', () => {
    expect(sessionWhen(one('busy', { updated_at: since }), NOW, true)).toBe('48 min');
    expect(sessionWhen(one('idle', { updated_at: since }), NOW, true)).toBe('3 min');
    expect(sessionWhen(one('waiting', { updated_at: since }), NOW, true)).toBe('3 min');
  });

  it('does not count seconds that nobody updates', () => {
    expect(sessionWhen(one('starting', { created_at: new Date(NOW - 40_000).toISOString() }), NOW, true)).toBe('now');
  });

  it('without a link it is a clock time, since nobody knows whether it still goes on', () => {
    expect(sessionWhen(one('waiting', { updated_at: since }), NOW, false)).toBe(clock(since));
  });
});

describe('the track', () => {
  it('says the same in words', () => {
    expect(trackLabel(one('busy'), NOW, true)).toBe('Busy for 48 minutes');
    expect(trackLabel(one('finished', { ended_at: new Date(NOW).toISOString() }), NOW, true)).toBe(`Finished at ${clock(NOW)}`);
  });
  it('ends with a block where the session ended', () => {
    expect(sessionStatus.options.map((status) => trackEnd(one(status)))).toEqual([
      null,
      null,
      null,
      null,
      'done',
      'fail',
      'stopped',
      'lost',
    ]);
  });
});
