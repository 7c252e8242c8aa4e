import { expect, it } from 'vitest';
import { isOwnWorker } from './trusted-types.ts';

const origin = 'https://app.example';

it.each(['/sw.js', 'https://app.example/sw.js', 'blob:https://app.example/3f1c'])('%s may become a script', (url) => {
  expect(isOwnWorker(url, origin)).toBe(true);
});

it.each([
  'https://evil.example/sw.js',
  'https://app.example.evil.example/sw.js',
  'blob:https://app.example.evil.example/3f1c',
  'data:text/javascript,alert(1)',
  'javascript:alert(1)',
  '//evil.example/sw.js',
  '/sw.js?x=1',
  '/assets/x.js',
])('%s may not', (url) => {
  expect(isOwnWorker(url, origin)).toBe(false);
});
