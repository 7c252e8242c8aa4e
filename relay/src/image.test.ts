/** The images and the compose file: what they promise, read from the files; and checked by docker itself where there is one. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

interface Service {
  build: { context: string; dockerfile: string };
  environment: Record<string, string>;
  env_file?: string;
  ports?: string[];
  networks: string[];
  volumes?: string[];
  read_only: boolean;
  cap_drop: string[];
  cap_add?: string[];
  security_opt: string[];
  mem_limit: string;
  pids_limit: number;
  restart: string;
  depends_on?: Record<string, { condition: string }>;
  logging: { options: Record<string, string> };
  [more: string]: unknown;
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<'relay' | 'web', Service>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, unknown>;
};

describe('the compose file', () => {
  const services = Object.entries(compose.services);

  it('has the relay and the web server, each built from a Dockerfile that is there', () => {
    expect(Object.keys(compose.services)).toEqual(['relay', 'web']);
    for (const [, { build }] of services) expect(existsSync(path.join(ROOT, build.context, build.dockerfile))).toBe(true);
  });

  it.each(services)('%s: read-only, no new privileges, bounded in memory, processes and log, starts again by itself', (_name, service) => {
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service).toMatchObject({ restart: 'unless-stopped', mem_limit: expect.any(String), pids_limit: expect.any(Number) });
    expect(service.logging.options).toHaveProperty('max-size');
    expect(service).not.toHaveProperty('privileged');
    expect(service).not.toHaveProperty('network_mode');
  });

  it('publishes 80 and 443 of the web server, nothing of the relay', () => {
    expect(compose.services.relay.ports).toBeUndefined();
    expect(compose.services.web.ports).toEqual(['80:80', '443:443', '443:443/udp']);
  });

  it('gives no capability but the one for low ports, and only to the web server', () => {
    expect(compose.services.relay.cap_add).toBeUndefined();
    expect(compose.services.web.cap_add).toEqual(['NET_BIND_SERVICE']);
  });

  it('keeps the relay in a network without a way out, which the web server shares', () => {
    expect(compose.services.relay.networks).toEqual(['inside']);
    expect(compose.networks.inside?.internal).toBe(true);
    expect(compose.services.web.networks).toContain('inside');
  });

  it('starts the web server once the relay is healthy, and tells the relay of its proxy', () => {
    expect(compose.services.web.depends_on?.relay?.condition).toBe('service_healthy');
    expect(read('relay/Dockerfile')).toMatch(/^HEALTHCHECK /m);
    expect(compose.services.relay.environment).toMatchObject({ HOST: '0.0.0.0', PORT: '4097', RELAY_TRUST_PROXY: '1' });
  });

  it('needs one line in .env, and says so when it is missing', () => {
    const needed = [...read('docker-compose.yml').matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
    expect([...new Set(needed)]).toEqual(['AFIELD_DOMAIN']);
    expect(compose.services.web.environment.AFIELD_DOMAIN).toMatch(/^\$\{AFIELD_DOMAIN:\?/);
    const lines = read('.env.example')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines).toEqual(['AFIELD_DOMAIN=afield.example.com']);
  });

  it('keeps certificates over a restart', () => {
    expect(compose.services.web.volumes).toContain('certificates:/data');
    expect(Object.keys(compose.volumes)).toContain('certificates');
  });

  const docker = spawnSync('docker', ['compose', 'version']).status === 0;
  it.runIf(docker)('is valid for docker compose', () => {
    const run = spawnSync('docker', ['compose', '--env-file', '.env.example', 'config', '-q'], { cwd: ROOT, encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
  });
});

/** Instructions of a Dockerfile: comments dropped, continued lines joined. */
function instructions(file: string): { word: string; rest: string }[] {
  const text = read(file)
    .replace(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ word: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));
}

describe.each(['relay/Dockerfile', 'deploy/Dockerfile'])('%s', (file) => {
  const all = instructions(file);

  it('is plain enough for every builder: no syntax line, no mounts, no here-documents', () => {
    expect(read(file)).not.toMatch(/^#\s*syntax/m);
    expect(read(file)).not.toMatch(/--mount|<</);
    const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'EXPOSE', 'STOPSIGNAL', 'HEALTHCHECK', 'CMD'];
    expect(all.map(({ word }) => word).filter((word) => !known.includes(word))).toEqual([]);
  });

  it('installs what the lockfile says, and runs nobody’s install script', () => {
    const installs = all.filter(({ word, rest }) => word === 'RUN' && /\bnpm (ci|i|install)\b/.test(rest));
    expect(installs).toHaveLength(1);
    expect(installs[0]?.rest).toMatch(/^npm ci --ignore-scripts /);
  });

  it('copies only what is there, and what .dockerignore lets through', () => {
    const let_in = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = all.filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from'));
    for (const source of copied.flatMap(({ rest }) => rest.split(' ').slice(0, -1))) {
      expect(existsSync(path.join(ROOT, source)), source).toBe(true);
      expect(let_in, source).toContain(source.split('/')[0]);
    }
  });

  it('has a health check', () => {
    expect(all.some(({ word }) => word === 'HEALTHCHECK')).toBe(true);
  });
});

describe('the relay’s image', () => {
  const all = instructions('relay/Dockerfile');
  const last = all.slice(all.findLastIndex(({ word }) => word === 'FROM'));

  it('is Debian slim with Node 24, in both stages the same', () => {
    const bases = all.filter(({ word }) => word === 'FROM').map(({ rest }) => rest.split(' ')[0]);
    expect([...new Set(bases)]).toEqual(['docker.io/library/node:24-bookworm-slim']);
  });

  it('runs as a user by number that is not root, with Node itself as its first process', () => {
    expect(last.find(({ word }) => word === 'USER')?.rest).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(JSON.parse(last.find(({ word }) => word === 'CMD')?.rest ?? '[]')[0]).toBe('node');
  });

  it('holds the bundle and native code, no package manager’s work', () => {
    expect(last.filter(({ word }) => word === 'RUN')).toEqual([]);
    expect(last.filter(({ word }) => word === 'COPY').map(({ rest }) => rest)).toEqual(['LICENSE ./', '--from=build /src/out ./']);
  });
});

/** A builder that has the base images already: tests pull nothing. */
function builder(): string[] | undefined {
  const bases = ['docker.io/library/node:24-bookworm-slim', 'docker.io/library/caddy:2'];
  const has = (...command: [string, ...string[]]) =>
    bases.every((base) => spawnSync(command[0], [...command.slice(1), base], { stdio: 'ignore' }).status === 0);
  if (has('docker', 'image', 'inspect')) return ['docker', 'build'];
  if (has('buildah', 'inspect', '--type', 'image')) return ['buildah', 'bud', '--pull-never', '--format', 'docker'];
  return undefined;
}

describe('a builder', () => {
  const found = builder();
  it.runIf(found).each(['relay/Dockerfile', 'deploy/Dockerfile'])(
    'makes an image of %s',
    (file) => {
      const [program = '', ...args] = found ?? [];
      const run = spawnSync(program, [...args, '-f', file, '-t', 'afield-test', '.'], { cwd: ROOT, encoding: 'utf8' });
      expect(run.status, run.stderr).toBe(0);
    },
    600_000,
  );
});

describe('Caddy', () => {
  const caddyfile = read('deploy/Caddyfile');

  it('passes on nothing but WebSockets for /relay', () => {
    expect(caddyfile.match(/reverse_proxy /g)).toHaveLength(1);
    expect(caddyfile).toMatch(/handle @relay \{\s+reverse_proxy relay:4097\s+\}/);
  });

  it('logs no request that failed: it holds address and room', () => {
    expect(caddyfile).toContain('exclude http.log.error');
  });
});
