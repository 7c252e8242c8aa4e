/** Who may import whom (docs/architecture.md, section 2). Each rule says why. */
const only = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from, pathNot: '\\.test\\.tsx?$' },
  to: { path: '^(shared|relay|server|pwa|e2e|bench)/(?!node_modules)', pathNot: allowed },
});
const server = (room, allowed) => {
  const own = room.includes('.') ? `^server/src/${room.replace('.', '\\.')}$` : `^server/src/${room}/`;
  return only(
    `server-${room.replace('.ts', '')}`,
    own,
    ['^shared/', own, ...allowed],
    `server/src/${room} knows only what stands beside or below it; app.ts hands it the rest`,
  );
};
const CORE = '^server/src/core/';
const DISPATCH = '^server/src/dispatch\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', comment: 'A cycle has no bottom to start reading at', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^virtual:' } },
    only('shared-stands-alone', '^shared/', ['^shared/'], 'shared imports nothing of ours'),
    {
      name: 'shared-isomorphic',
      severity: 'error',
      comment: 'shared runs in browser and Node alike',
      from: { path: '^shared/src', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    only(
      'relay-reads-rendezvous-only',
      '^relay/',
      ['^relay/', '^shared/src/rendezvous\\.ts$'],
      'the relay must not be able to know what it forwards',
    ),
    only('pwa-imports-shared', '^pwa/', ['^pwa/', '^shared/'], 'the page and the server meet in shared alone'),
    only('server-imports-shared', '^server/', ['^server/', '^shared/'], 'the server and the page meet in shared alone'),
    server('core', []),
    server('store', [CORE]),
    server('agents', [CORE]),
    server('runtimes', [CORE]),
    server('machines', [CORE]),
    server('dispatch.ts', [CORE]),
    server('handlers', [DISPATCH, CORE]),
    server('doors', [DISPATCH, CORE]),
    server('link', [DISPATCH, CORE]),
    server('auth', [CORE, DISPATCH]),
    server('notify', [CORE]),
    server('git', [CORE]),
    only(
      'server-cli',
      '^server/src/cli/',
      ['^shared/', '^server/src/cli/', '^server/src/(config|process-identity)\\.ts$'],
      'the command line talks to the server as any client does',
    ),
    only('pwa-ui', '^pwa/src/ui/', ['^pwa/src/ui/', '^shared/src/(api|approval-words|events|errors)'], 'ui draws and knows no model'),
    only('pwa-models', '^pwa/src/models/', ['^pwa/src/(models|platform)/', '^shared/'], 'models use platform and shared'),
    only('pwa-platform', '^pwa/src/platform/', ['^pwa/src/platform/', '^shared/'], 'browser oddities live here alone'),
    only('pwa-screens', '^pwa/src/screens/', ['^pwa/src/(screens|models|ui)/', '^shared/'], 'a screen joins models and ui'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs'],
    },
  },
};
