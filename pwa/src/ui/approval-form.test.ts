import type { Question } from '@afield/shared/api/approvals.ts';
import { expect, it } from 'vitest';
import { answersOf, NOTHING_FILLED, unanswered } from './approval-form.tsx';

const question = (fields: Partial<Question>): Question => ({
  id: 'q',
  text: 'Which?',
  type: 'choice',
  choices: [
    { id: '1', label: 'One', description: null },
    { id: '2', label: 'Two', description: null },
  ],
  multiple: false,
  free: false,
  required: true,
  ...fields,
});

it('a question that must be answered holds the answer back until it is', () => {
  expect(unanswered([question({})], NOTHING_FILLED)).toEqual(['q']);
  expect(unanswered([question({})], { chosen: { q: ['1'] }, words: {} })).toEqual([]);
  expect(unanswered([question({ required: false })], NOTHING_FILLED)).toEqual([]);
  expect(unanswered([question({ type: 'text' })], { chosen: {}, words: { q: '  ' } })).toEqual(['q']);
});

it('choices go by their id, own words as they are', () => {
  const questions = [
    question({ multiple: true, free: true }),
    question({ id: 'w', type: 'text' }),
    question({ id: 'empty', required: false }),
  ];
  expect(answersOf(questions, { chosen: { q: ['1', '2'] }, words: { q: ' and that ', w: 'words' } })).toEqual({
    q: ['1', '2', 'and that'],
    w: ['words'],
  });
});

it('a number is one, and a flag has always an answer', () => {
  const number = question({ type: 'number', choices: [] });
  expect(unanswered([number], { chosen: {}, words: { q: 'many' } })).toEqual(['q']);
  expect(unanswered([number], { chosen: {}, words: { q: '2.5' } })).toEqual([]);
  expect(answersOf([question({ type: 'flag' })], NOTHING_FILLED)).toEqual({ q: ['false'] });
  expect(answersOf([question({ type: 'flag' })], { chosen: { q: ['true'] }, words: {} })).toEqual({ q: ['true'] });
});
