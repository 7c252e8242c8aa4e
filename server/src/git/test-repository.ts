/** For tests: a real repository in a folder of its own, and what Afield says about it. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ChangesService } from '../core/chat-service.ts';
import type { Snapshots } from '../core/chat-stores.ts';
import type { Machine } from '../core/machine-ports.ts';
import type { PromptRow, SessionRow } from '../core/ports.ts';
import { createChanges } from './changes.ts';

export class TestRepository {
  readonly home = realpathSync(mkdtempSync(path.join(tmpdir(), 'afield-changes-')));
  readonly root = path.join(this.home, 'repo');
  readonly machine: Machine;
  readonly #env: Record<string, string>;
  readonly row = { id: 'session', machine: 'local', cwd: this.root, start_tree: null } as SessionRow;
  prompt: PromptRow | null = null;
  readonly changes: ChangesService & Snapshots;

  /** `makeMachine`: for a home directory and an environment of its own. */
  constructor(makeMachine: (at: { env: Record<string, string>; home: string; folder: string }) => Machine) {
    mkdirSync(path.join(this.home, 'tmp'));
    this.#env = {
      PATH: `${path.join(this.home, 'first')}:${process.env.PATH ?? ''}`,
      HOME: this.home,
      TMPDIR: path.join(this.home, 'tmp'),
    };
    this.machine = makeMachine({ env: this.#env, home: this.home, folder: path.join(this.home, 'run') });
    this.changes = createChanges({
      machines: { get: (name: string) => (name === 'local' ? this.machine : null) } as never,
      store: {
        sessions: { get: (id: string) => (id === this.row.id ? this.row : null) } as never,
        prompts: { lastGiven: () => this.prompt } as never,
      },
    });
    mkdirSync(this.root);
    this.git('init', '-q', '-b', 'main');
    this.write('a.txt', 'one\ntwo\nthree\n');
    this.commit();
  }

  git(...args: string[]): string {
    const who = ['-c', 'user.name=n', '-c', 'user.email=e@example.net', '-c', 'protocol.file.allow=always'];
    return execFileSync('git', [...who, ...args], { cwd: this.root, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] }).toString();
  }
  commit(): void {
    this.git('add', '-A');
    this.git('commit', '-q', '-m', 'x');
  }
  file(...name: string[]): string {
    return path.join(this.root, ...name);
  }
  write(name: string, text: string | Buffer): void {
    mkdirSync(path.dirname(this.file(name)), { recursive: true });
    writeFileSync(this.file(name), text);
  }
  /** A program that leaves word when it is run. */
  trap(name: string): string {
    const file = path.join(this.home, name);
    writeFileSync(file, `#!/bin/sh\necho "${name} ran" >> '${this.home}/ran'\ncat\n`);
    chmodSync(file, 0o755);
    return file;
  }
  /** From now on git is another program. */
  replaceGit(script: string): void {
    mkdirSync(path.join(this.home, 'first'));
    writeFileSync(path.join(this.home, 'first', 'git'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  /** Which of them were run. */
  ran(): string {
    const file = path.join(this.home, 'ran');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }
  /** What must stay as it is: index, HEAD, refs, config, and the names and times of all files outside of the objects. */
  picture(): unknown {
    const all: string[] = [];
    const walk = (folder: string) => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const file = path.join(folder, entry.name);
        if (entry.isDirectory()) {
          if (file !== this.file('.git', 'objects')) walk(file);
        } else if (entry.isFile()) {
          all.push(`${file} ${statSync(file).mtimeMs} ${readFileSync(file).toString('base64')}`);
        }
      }
    };
    walk(this.root);
    return all.sort();
  }
  async start(): Promise<void> {
    this.row.start_tree = await this.changes.take('local', this.row.cwd);
  }
  diff(against = 'start', file?: string) {
    return this.changes.diff('session', { against, ...(file === undefined ? {} : { path: file }) });
  }
  /** The changed files as one line each. */
  async lines(against = 'start'): Promise<string[]> {
    const { files } = await this.diff(against);
    return files.map(
      ({ change, old_path, path: name, added, deleted, binary }) =>
        `${change} ${old_path === null ? '' : `${old_path} → `}${name} +${added} −${deleted}${binary ? ' binary' : ''}`,
    );
  }
  /** Folders of ours that were left behind. */
  left(): string[] {
    return readdirSync(path.join(this.home, 'tmp'));
  }
  close(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
