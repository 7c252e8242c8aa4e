import { describe, expect, it } from 'vitest';
import { screens } from './list.ts';
import {
  ADD_MACHINE,
  APPROVALS,
  ARCHIVE,
  approvalPath,
  entryPath,
  HOME,
  MACHINES,
  machinePath,
  NEW,
  PAIR,
  PROJECTS,
  RULES,
  ruleFromPath,
  SEARCH,
  SETTINGS,
  sessionPath,
} from './paths.ts';

describe('the list of screens', () => {
  it('names every address once', () => {
    const paths = screens.map((screen) => screen.path);
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('has a screen for every way that the app leads', () => {
    const paths = screens.map((screen) => screen.path);
    for (const known of [HOME, NEW, PAIR, SETTINGS, SEARCH, ARCHIVE, PROJECTS, MACHINES, ADD_MACHINE, machinePath(':name')])
      expect(paths).toContain(known);
    for (const known of [APPROVALS, approvalPath(':id'), RULES, ruleFromPath('x').split('?')[0]]) expect(paths).toContain(known);
    expect(paths).toContain(entryPath(':id', 7).split('?')[0]);
    for (const face of [undefined, 'chat', 'terminal', 'changes', 'log', 'info'] as const)
      expect(paths).toContain(sessionPath(':id', face));
  });

  it('no address has a fragment: those are kept for pairing links', () => {
    for (const screen of screens) expect(screen.path).not.toContain('#');
  });

  it('only pairing works without a home', () => {
    expect(screens.filter((screen) => !screen.needsHome).map((screen) => screen.path)).toEqual([PAIR]);
  });
});

const sources = import.meta.glob<string>(['../**/*.ts', '../**/*.tsx', '!../**/*.test.*'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

it('E13: nothing is ever put into the page as markup', () => {
  const files = Object.entries(sources);
  expect(files.length).toBeGreaterThan(40);
  for (const [file, text] of files) {
    expect(text, file).not.toMatch(/dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
  }
});
