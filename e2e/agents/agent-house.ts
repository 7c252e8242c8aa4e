/** A house in which one real agent lives: a folder that is the agent's home, a repository to work in, and a scripted model to talk to. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type House, startHouse } from '../kit.ts';
import { type ScriptedModel, startScriptedModel } from '../scripted-model/server.ts';

export interface Place {
  /** The agent's home. */
  folder: string;
  repo: string;
  model: ScriptedModel;
}

/** A real agent, and what it needs to ask none of its first-run questions. */
export interface AgentHome {
  /** With its version, as it stands in the names of the tests. */
  title: string;
  version: string;
  /** Name in the config, and what stands there. */
  agent: string;
  config(place: Place): Record<string, unknown>;
  prepare(place: Place): Promise<void>;
  /** More environment of the home server. */
  env?: Record<string, string>;
}

/** Variables that a shell inside of an agent has, and that end some agents when they reach them. */
const INSIDE = { CLAUDECODE: '1', IS_SANDBOX: 'yes' };

export class AgentHouse implements Place {
  readonly home: AgentHome;
  folder = '';
  repo = '';
  model!: ScriptedModel;
  house!: House;

  constructor(home: AgentHome) {
    this.home = home;
  }

  /** `chunkMs`: pause between the pieces of what the model says. */
  async start(chunkMs?: number): Promise<void> {
    const { agent, env } = this.home;
    this.folder = await mkdtemp(path.join(tmpdir(), `afield-${agent}-`));
    this.repo = this.inFolder('repo');
    await mkdir(this.repo);
    await writeFile(this.inRepo('README.md'), '# demo\n');
    this.model = await startScriptedModel({ cwd: this.repo, ...(chunkMs === undefined ? {} : { chunkMs }) });
    await this.home.prepare(this);
    this.house = await startHouse({ config: { agents: { [agent]: this.home.config(this) } }, env: { ...INSIDE, ...env } });
  }

  /** Of what was started, also when not all of it could be. */
  async close(): Promise<void> {
    await this.house?.stop();
    await this.model?.close();
    // what is just ending may still write
    if (this.folder !== '') await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  inFolder(name: string): string {
    return path.join(this.folder, name);
  }
  inRepo(name: string): string {
    return path.join(this.repo, name);
  }
}
