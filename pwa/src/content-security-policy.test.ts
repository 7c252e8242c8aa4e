import { expect, it } from 'vitest';
import { CONTENT_SECURITY_POLICY } from '../content-security-policy.ts';

const directives = new Map(CONTENT_SECURITY_POLICY.split('; ').map((one) => [one.split(' ', 1)[0]!, one.split(' ').slice(1)]));

it('refuses everything that is not named', () => {
  expect(directives.get('default-src')).toEqual(["'none'"]);
});

it('scripts come from the own origin only, and never from text', () => {
  expect(directives.get('script-src')).toEqual(["'self'"]);
  expect(directives.get('require-trusted-types-for')).toEqual(["'script'"]);
  expect(CONTENT_SECURITY_POLICY).not.toContain('unsafe-eval');
});

it('E7: no picture, font or frame is loaded from elsewhere', () => {
  for (const name of ['img-src', 'media-src', 'worker-src', 'manifest-src']) {
    for (const source of directives.get(name) ?? []) expect(["'self'", 'data:', 'blob:']).toContain(source);
  }
  expect(directives.has('frame-src')).toBe(false);
  expect(directives.has('font-src')).toBe(false);
});
