import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const unit = (name: string) => ({ test: { name, root: name, include: ['src/**/*.test.ts', 'src/**/*.test.tsx'], testTimeout: 20_000 } });

export default defineConfig({
  test: {
    // most tests wait for programs and not for the processor: two at a time also on two cores
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      unit('shared'),
      unit('relay'),
      unit('server'),
      { ...unit('pwa'), oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } } },
      {
        test: {
          name: 'e2e',
          root: 'e2e',
          include: ['**/*.test.ts'],
          exclude: ['agents/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'agents',
          root: 'e2e',
          include: ['agents/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
