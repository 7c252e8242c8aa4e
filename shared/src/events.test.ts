import { describe, expect, it } from 'vitest';
import { topicMatches } from './events.ts';

describe('topicMatches', () => {
  it('takes the type itself, its noun and everything', () => {
    expect(topicMatches('session.created', 'session.created')).toBe(true);
    expect(topicMatches('session.*', 'session.created')).toBe(true);
    expect(topicMatches('*', 'log')).toBe(true);
  });
  it('does not take a noun that only starts alike', () => {
    expect(topicMatches('sess.*', 'session.created')).toBe(false);
    expect(topicMatches('session', 'session.created')).toBe(false);
    expect(topicMatches('', 'session.created')).toBe(false);
  });
});
