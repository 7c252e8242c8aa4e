import { describe, expect, it } from 'vitest';
import { settled } from '../../test/scripted-link.ts';
import type { InstallWay } from '../platform/install.ts';
import { InstallModel } from './install.ts';

function open(way: InstallWay, seen: unknown = undefined) {
  const written: unknown[] = [];
  let change: () => void = () => undefined;
  let now = way;
  const model = new InstallModel(
    {
      way: () => now,
      onChange(listener) {
        change = listener;
        return () => true;
      },
      install: async () => true,
    },
    { readPreference: async () => seen, writePreference: async (_name, value) => void written.push(value) },
  );
  return {
    model,
    written,
    become(next: InstallWay) {
      now = next;
      change();
    },
  };
}

describe('the hint', () => {
  it('is told once', async () => {
    const { model, written } = open('ios');
    expect(model.hint.value).toBe(false);
    await settled();
    expect(model.hint.value).toBe(true);
    model.dismiss();
    expect(model.hint.value).toBe(false);
    expect(written).toEqual([true]);
  });

  it('is not told again, nor where there is nothing to install', async () => {
    for (const { model } of [open('ios', true), open('none'), open('desktop')]) {
      await settled();
      expect(model.hint.value).toBe(false);
    }
  });

  it('comes when the browser offers it, and goes with a yes', async () => {
    const { model, become } = open('desktop');
    await settled();
    become('prompt');
    expect(model.hint.value).toBe(true);
    await model.install();
    expect(model.hint.value).toBe(false);
  });
});
