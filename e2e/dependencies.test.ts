/** G14: what npm installs is what was looked at: each package by its hash, from the registry, and no script that nobody knows. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');
interface Locked {
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  dev?: boolean;
  devOptional?: boolean;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}
const { lockfileVersion, packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
  lockfileVersion: number;
  packages: Record<string, Locked>;
};
const installed = Object.entries(packages).filter(([name, { link }]) => name.includes('node_modules/') && link !== true);
const ours = Object.entries(packages).filter(([name]) => !name.includes('node_modules/'));
const nameOf = (place: string) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Only these may run a script when they are installed: each looks for, or makes, a native part of its own. */
const SCRIPTS = ['@swc/core', 'bufferutil', 'esbuild'];
/** Packages that ship with server, relay and page; each one more is somebody else to trust. */
const MOST_SHIPPED = 150;

it('G14: installing runs no script of a package', () => {
  expect(readFileSync(path.join(ROOT, '.npmrc'), 'utf8').split('\n')).toContain('ignore-scripts=true');
});

describe('G14: the lockfile', () => {
  it('names each package by version and SHA-512', () => {
    expect(lockfileVersion).toBe(3);
    expect(installed.length).toBeGreaterThan(300);
    const open = installed.filter(
      ([, { version, integrity }]) => !/^\d+\.\d+\.\d+/.test(version ?? '') || !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''),
    );
    expect(open).toEqual([]);
  });

  it('names no other place than the registry', () => {
    const foreign = installed.filter(([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'));
    expect(foreign).toEqual([]);
    const wanted = Object.values(packages).flatMap((one) =>
      Object.entries({ ...one.dependencies, ...one.devDependencies, ...one.optionalDependencies }),
    );
    expect(wanted.filter(([, range]) => /^(git|https?|file|ssh|github)|[/\\].*#|^[\w-]+\/[\w-]+$/.test(range))).toEqual([]);
  });

  it('has no install script but those that are known', () => {
    const scripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([place]) => nameOf(place));
    expect([...new Set(scripts)].sort()).toEqual(SCRIPTS);
  });

  it('says which exact version of each direct dependency is meant', () => {
    const direct = ours.flatMap(([name]) => {
      const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
        readFileSync(path.join(ROOT, name, 'package.json'), 'utf8'),
      ) as Locked;
      return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    });
    expect(direct.length).toBeGreaterThan(30);
    expect(
      direct.filter(([name, range]) => !name.startsWith('@afield/') && !/^(npm:@?[\w/-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(range)),
    ).toEqual([]);
  });

  it('ships few', () => {
    expect(installed.filter(([, { dev, devOptional }]) => !dev && !devOptional).length).toBeLessThanOrEqual(MOST_SHIPPED);
  });
});
