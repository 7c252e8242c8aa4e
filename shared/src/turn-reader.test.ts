import { describe, expect, it } from 'vitest';
import type { AfieldEvent } from './events.ts';
import { type TurnPiece, TurnReader } from './turn-reader.ts';

const item = (id: string, text: string, more: object = {}) => ({ id, kind: 'message', role: 'agent', text, ...more });
const sum = (turns: number, cost_usd: number | null) => ({
  turns,
  input_tokens: turns * 10,
  cached_tokens: 0,
  output_tokens: turns,
  cost_usd,
  unpriced_turns: 0,
});

/** What a reader makes of events, given as `[type, payload]`. */
function pieces(reader: TurnReader, ...events: [string, object][]): TurnPiece[] {
  return events.flatMap(([type, payload]) =>
    reader.read({ type, payload, seq: 1, session_id: 's', timestamp: '' } as unknown as AfieldEvent),
  );
}
const given: [string, object] = ['message.state_changed', { prompt_id: 'p', state: 'accepted', reason: null }];
const status = (to: string): [string, object] => ['session.status_changed', { session: { status: to } }];
const text = (all: TurnPiece[]) => all.map((piece) => (piece.kind === 'text' ? piece.content : `<${piece.kind}>`)).join('');

describe('a turn', () => {
  it('is the text of the agent, what it calls and asks, and its end', () => {
    const reader = new TurnReader('p', sum(3, 0.5));
    const all = pieces(
      reader,
      given,
      status('busy'),
      ['message.start', { item: item('a', 'Hel') }],
      ['message.chunk', { item_id: 'a', at: 3, text: 'lo' }],
      ['tool.call_start', { item: { id: 't', kind: 'tool' } }],
      ['approval.requested', { approval: { id: 'q' } }],
      ['message.complete', { item: item('a', 'Hello.') }],
      ['usage.updated', { usage: { sum: sum(4, 0.75) } }],
      status('idle'),
    );
    expect(text(all)).toBe('Hello<tool><approval>.<complete>');
    expect(all.at(-1)).toMatchObject({ kind: 'complete', usage: { turns: 1, input_tokens: 10, cost_usd: 0.25 } });
    expect(all.at(-2)).toEqual({ kind: 'text', content: '', done: true });
    expect(reader.over).toBe(true);
    expect(pieces(reader, ['message.start', { item: item('b', 'next') }])).toEqual([]);
  });

  it('begins when the agent is given the prompt: what it said before, and the end of the turn before, are not of it', () => {
    const reader = new TurnReader('p', null);
    expect(pieces(reader, ['message.start', { item: item('a', 'earlier') }], status('idle'))).toEqual([]);
    expect(text(pieces(reader, given, status('idle'), status('busy'), ['message.start', { item: item('b', 'now') }], status('idle')))).toBe(
      'now<complete>',
    );
  });

  it('tells nothing twice when pieces come twice, and the rest of what was missed with the whole', () => {
    const reader = new TurnReader('p', null);
    const all = pieces(
      reader,
      given,
      ['message.start', { item: item('a', 'one ') }],
      ['message.chunk', { item_id: 'a', at: 4, text: 'two ' }],
      ['message.chunk', { item_id: 'a', at: 4, text: 'two ' }],
      ['message.chunk', { item_id: 'a', at: 6, text: 'o three ' }],
      ['message.chunk', { item_id: 'a', at: 100, text: 'five' }],
      ['message.chunk', { item_id: 'unknown', at: 0, text: 'a thought' }],
      ['message.complete', { item: item('a', 'one two three four five') }],
    );
    expect(text(all)).toBe('one two three four five');
  });

  it('leaves out thoughts and what a person said', () => {
    const reader = new TurnReader('p', null);
    const all = pieces(
      reader,
      given,
      ['message.start', { item: item('u', 'mine', { role: 'user' }) }],
      ['message.complete', { item: { id: 'th', kind: 'thought', text: 'hm' } }],
    );
    expect(all).toEqual([]);
  });

  it.each(['finished', 'failed', 'cancelled', 'lost'])('ends with a session that is %s, given or not', (end) => {
    expect(text(pieces(new TurnReader('p', null), status(end)))).toBe('<complete>');
  });

  it.each([
    ['stuck', 'Budget reached.', 'Budget reached.'],
    ['withdrawn', null, 'The prompt was taken back.'],
  ])('fails when its prompt is %s', (state, reason, detail) => {
    const reader = new TurnReader('p', null);
    expect(() => pieces(reader, ['message.state_changed', { prompt_id: 'p', state, reason }])).toThrow(detail);
    expect(reader.over).toBe(true);
  });

  it('is none of another prompt', () => {
    const reader = new TurnReader('p', null);
    const other: [string, object] = ['message.state_changed', { prompt_id: 'other', state: 'accepted', reason: null }];
    expect(pieces(reader, other, ['message.start', { item: item('a', 'not mine') }])).toEqual([]);
  });
});
