/** `npm run build [server] [relay] [pwa]`: the bundles that ship. Without names: all. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { ensureInstalled, fail, mustQuietly, nodePath, ROOT } from './house.mjs';

await ensureInstalled();
const { build } = await import('esbuild');
const PARTS = ['server', 'relay', 'pwa'];
const names = process.argv.slice(2);
const unknown = names.find((name) => !PARTS.includes(name));
if (unknown !== undefined) fail(`There is no part called ${unknown}. Parts: ${PARTS.join(', ')}.`);

/** Packages with native code stay outside of the bundle. */
const NATIVE = ['better-sqlite3', 'node-pty', '@lydell/node-pty', 'bufferutil', 'utf-8-validate'];

/**
 * An ES module that names `node:http` in an import makes Node read every export of it: WebSocket is one, whose getter loads all of
 * undici. That is a tenth of the home server's start, and nobody asked for it. Taken like this, an export is read when it is used.
 */
const builtins = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:https?$/ }, ({ path }) => ({ path, namespace: 'builtin' }));
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
      loader: 'js',
    }));
  },
};

const common = {
  plugins: [builtins],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  external: NATIVE,
  outExtension: { '.js': '.mjs' },
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  // CommonJS dependencies inside an ES module still call require
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
};

function bundle(name, entry, folder, more = {}) {
  rmSync(path.join(ROOT, folder), { recursive: true, force: true });
  return build({ ...common, entryPoints: { [name]: path.join(ROOT, entry) }, outdir: path.join(ROOT, folder), ...more });
}

const steps = {
  // in chunks, so that a command loads no more than it uses
  server: () => bundle('afield', 'server/src/main.ts', 'server/dist', { splitting: true, chunkNames: 'chunk-[hash]' }),
  relay: () => bundle('relay', 'relay/src/main.ts', 'relay/dist'),
  // the worker is built by a second build inside of the first, which knows no log level
  pwa: () =>
    mustQuietly('The PWA build', nodePath(), [path.join(ROOT, 'node_modules/vite/bin/vite.js'), 'build'], { cwd: path.join(ROOT, 'pwa') }),
};

for (const name of PARTS.filter((part) => names.length === 0 || names.includes(part))) {
  const start = performance.now();
  await steps[name]();
  console.log(`built ${name} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
