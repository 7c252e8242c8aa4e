#!/usr/bin/env node
// Plain JavaScript that any Node can run. A clone brings a newer Node through npm: where this one is too old, that one takes over.
// Without a build, Node runs the sources themselves (it strips the types); what ships is the bundle.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const at = (file) => fileURLToPath(new URL(file, import.meta.url));

/** Path of the Node that npm installed beside us, or null. */
function newerNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return null;
  try {
    const platform = process.platform === 'win32' ? 'win' : process.platform;
    const found = createRequire(import.meta.url).resolve(`node-${platform}-${process.arch}/package.json`);
    const file = join(dirname(found), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(file) ? file : null;
  } catch {
    return null; // none here: main says what to install
  }
}

const node = newerNode();
if (node === null) {
  const bundle = at('../dist/afield.mjs');
  await import(existsSync(bundle) ? bundle : at('../src/main.ts'));
} else {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // a key like Ctrl-C reaches the child by itself; what is sent to us alone is passed on
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGWINCH']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 1;
  });
}
