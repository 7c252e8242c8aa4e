import { describe, expect, it } from 'vitest';
import { AfieldError } from './errors.ts';

describe('a problem', () => {
  it('carries what programs are told beside the sentence, there and back', () => {
    const error = new AfieldError('approval_answered', 'Already answered.', { extension: { outcome: { decision: 'deny' } } });
    const problem = error.toProblem();
    expect(problem).toEqual({
      type: 'urn:afield:error:approval_answered',
      title: 'Already answered',
      status: 409,
      code: 'approval_answered',
      detail: 'Already answered.',
      outcome: { decision: 'deny' },
    });
    const back = AfieldError.from(JSON.parse(JSON.stringify(problem)));
    expect(back.extension).toEqual({ outcome: { decision: 'deny' } });
    expect(back.toProblem()).toEqual(problem);
  });

  it('has no extension unless it was given one', () => {
    expect(new AfieldError('not_found', 'Gone.').extension).toEqual({});
    expect(AfieldError.from({ code: 'not_found', detail: 'Gone.' }).extension).toEqual({});
  });

  it('keeps its own members, whatever an extension calls itself', () => {
    const error = new AfieldError('not_found', 'Gone.', { extension: { status: 200, code: 'fine', detail: 'All is well.' } });
    expect(error.toProblem()).toMatchObject({ status: 404, code: 'not_found', detail: 'Gone.' });
  });

  it('is internal when its code is none of ours, even one that every object has', () => {
    expect(AfieldError.from({ code: 'constructor', detail: 'x' }).code).toBe('internal');
    expect(AfieldError.from({ code: 'approval_lost' }).code).toBe('internal');
  });

  it('does not reach the prototype through a member of that name', () => {
    const error = AfieldError.from(JSON.parse('{"code":"not_found","detail":"x","__proto__":{"polluted":true}}'));
    expect((error.extension as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
