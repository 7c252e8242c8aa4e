/** Rules about the sources that no linter of ours knows. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');

function sources(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const below = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ['node_modules', 'dist', 'fixtures'].includes(entry.name) ? [] : sources(below);
    return /\.(ts|tsx|mjs|cjs)$/.test(entry.name) && !entry.name.includes('.test.') ? [below] : [];
  });
}

const SHIPPED = ['shared/src', 'relay/src', 'server/src', 'server/bin', 'pwa/src', 'scripts'].flatMap(sources);
const withText = (pattern: RegExp) => SHIPPED.filter((file) => pattern.test(readFileSync(path.join(ROOT, file), 'utf8')));

describe('nowhere in what ships', () => {
  it('is anything to look at', () => {
    expect(SHIPPED.length).toBeGreaterThan(200);
    expect(withText(/createServer/).length).toBeGreaterThan(0);
  });
  it('B17: is a certificate left unchecked', () => {
    expect(withText(/rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED|checkServerIdentity/)).toEqual([]);
  });
  it('D10: is a shell used', () => {
    expect(withText(/shell:\s*true|\bexecSync\(|[^.]\bexec\(['"`]/)).toEqual([]);
  });
  it('E13: is text made into markup', () => {
    expect(withText(/dangerouslySetInnerHTML|\.innerHTML\s*=|\.outerHTML\s*=|insertAdjacentHTML|document\.write\(/)).toEqual([]);
  });
  it('is code made of text', () => {
    expect(withText(/\beval\(|new Function\(/)).toEqual([]);
  });
});
