/** Sessions in tmux: they outlive this home server, its upgrade, its crash and a cut line. Works through `Host` alone, on any machine. */
import { AfieldError } from '@afield/shared/errors.ts';
import { quoteLine } from '../../core/approvals/shell-words.ts';
import type { AdoptedPane, Command, Host, ResumePoint, TerminalProcess, TerminalRuntime } from '../../core/machine-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { checkStartable } from '../startable.ts';
import { HOME_MARK } from '../strays.ts';
import { findPane, listAdoptable, markAdopted, unmarkAdopted } from './adopt.ts';
import { Connection, ServerGone } from './connection.ts';
import { TmuxRefusal } from './control.ts';
import { nameOf, TMUX_SESSION } from './names.ts';
import { ForeignServer, OwnServer } from './own-server.ts';
import { LIST_PANES, MARK, type PaneFacts, readPanes } from './panes.ts';
import type { Place } from './place.ts';
import { CLOSED, CLOSED_ELSEWHERE, TmuxProcess } from './process.ts';
import { quoted } from './quote.ts';
import { LAUNCH, STARTABLE } from './scripts.ts';
import { Spools } from './spools.ts';
import { type Trees, treesOn } from './trees.ts';

export interface TmuxRuntimeOptions {
  host: Host;
  clock: Clock;
  /** Absolute path of tmux there. */
  tmux: string;
  /** Tells this home server from others on the same machine: 12 hexadecimal digits. */
  home: string;
  /** What is kept of one session's output on its machine while no recording takes it, in bytes. Default 1 GiB. */
  limit?: number;
}

/** What every answer needs once the machine was reached. */
interface Ground {
  place: Place;
  spools: Spools;
}

export class TmuxRuntime implements TerminalRuntime {
  readonly name = 'tmux';
  readonly survivesRestart = true;
  readonly #options: Required<TmuxRuntimeOptions>;
  readonly #server: OwnServer;
  readonly #own: Connection;
  readonly #trees: Trees;
  readonly #foreign = new Map<string, Connection>();
  readonly #processes = new Map<
    string,
    { process: TmuxProcess; connection: Connection; facts: { pane: string; window: string }; adopted: boolean }
  >();
  #ground: Ground | null = null;

  constructor({ limit = 1024 ** 3, ...options }: TmuxRuntimeOptions) {
    const { host, tmux, home, clock } = options;
    this.#options = { limit, ...options };
    this.#server = new OwnServer(host, tmux, home);
    this.#own = new Connection(this.#server, clock);
    this.#trees = treesOn(host, home, clock);
  }

  async start(command: Command, size: { cols: number; rows: number }): Promise<TerminalProcess> {
    const { session_id, cwd, file, args, env } = command;
    await this.#checkStartable(command);
    const { spools } = await this.#grounded();
    const name = nameOf(session_id);
    const to = quoted(`=${name}:`);
    const variables = { ...env, [HOME_MARK]: this.#options.home };
    const entries = Object.entries(variables).map(([key, value]) => `-e ${quoted(`${key}=${value}`)}`);
    const launch = ['/bin/sh', '-c', LAUNCH, 'sh', cwd, env.SHELL ?? '', file, ...args].map(quoted).join(' ');
    const sized = `-x ${size.cols} -y ${size.rows}`;
    // Together: nothing that it prints can come before its output is piped. Its environment goes the same way, where nobody else looks.
    const facts = await this.#launch(file, name, [
      `new-session -d -s ${quoted(name)} ${sized} ${entries.join(' ')} -- ${launch}`,
      spools.pipe(`=${name}:`, spools.path(session_id, 0, false)),
      `set-option -p -t ${to} ${MARK} ${quoted(name)}`,
      `resize-window -t ${to} ${sized}`,
      LIST_PANES,
    ]);
    const process = this.#process(session_id, facts, this.#own, spools, null, basename(file));
    process.begin(size, facts);
    return process;
  }

  async resume(point: ResumePoint): Promise<TerminalProcess | { lost: string }> {
    const { session_id, adopted } = point;
    const { place, spools } = await this.#patientlyGrounded();
    const connection = adopted === null ? this.#own : this.#foreignServer(adopted.socket);
    const { facts, why } = await this.#find(connection, session_id, adopted);
    const files = await spools.files(session_id);
    if (facts === null && files.length === 0) return { lost: why };
    const last = files.at(-1);
    if (facts === null && files.length === 1 && last?.number === 0 && last.size <= point.from) {
      await spools.remove(session_id);
      return { lost: why };
    }
    const known = facts ?? { pane: adopted?.pane ?? '%-1', window: '@-1', pid: adopted?.pid ?? 0 };
    const client = adopted === null ? place.socket : adopted.socket;
    const process = this.#process(session_id, known, connection, spools, adopted === null ? null : client, null);
    process.recover(point, files, facts, why);
    return process;
  }

  async adoptable() {
    const { place } = await this.#grounded();
    return listAdoptable(this.#options.host, this.#options.tmux, place.socket);
  }

  async adopt(session_id: string, { socket, pane }: { socket: string; pane: string }) {
    const { spools } = await this.#grounded();
    const here = await this.adoptable();
    if (!here.some((one) => one.socket === socket && one.pane === pane)) {
      throw new AfieldError('not_found', 'This window is not there any more. List the programs again.');
    }
    const connection = this.#foreignServer(socket);
    const facts = await this.#taken(connection, pane, session_id);
    const process = this.#process(session_id, facts, connection, spools, socket, null);
    const { pid, cols, rows } = facts;
    process.takeIn({ cols, rows });
    return { process, pane: { socket, pane, pid }, screen: { cols, rows } };
  }

  async release(session_id: string): Promise<void> {
    const known = this.#processes.get(session_id);
    if (known === undefined || !known.adopted) throw new AfieldError('conflict', 'This session was not adopted: stop it instead.');
    known.process.leave();
    await unmarkAdopted(known.connection, known.facts).catch((error: unknown) => {
      // It is gone already: there is nothing to set back.
      if (!(error instanceof TmuxRefusal) && !(error instanceof ServerGone)) throw error;
    });
    await this.forget(session_id);
  }

  async forget(session_id: string): Promise<void> {
    const known = this.#processes.get(session_id);
    this.#processes.delete(session_id);
    known?.process.leave();
    // Left by an earlier home server: its tmux may hold nothing else, and nobody is connected to it yet.
    if (known === undefined) await this.#own.control().catch(() => {});
    if (known?.adopted !== true) this.#own.send(`kill-session -t ${quoted(`=${nameOf(session_id)}`)}`);
    await (await this.#grounded()).spools.remove(session_id);
  }

  attachCommand(session_id: string, adopted: AdoptedPane | null): string | null {
    const socket = adopted?.socket ?? this.#ground?.place.socket;
    if (socket === undefined) return null;
    const target = adopted === null ? nameOf(session_id) : adopted.pane;
    const line = quoteLine(['tmux', '-S', socket, 'attach', '-t', target]);
    const before = this.#options.host.login?.() ?? null;
    return before === null ? line : quoteLine([...before, line]);
  }

  strays(live: readonly string[]) {
    return this.#trees.strays(live);
  }

  async reap(session_ids: readonly string[]): Promise<number> {
    let count = 0;
    await this.#own.control().catch((error: unknown) => {
      if (!(error instanceof ServerGone)) throw error;
    });
    for (const id of session_ids) count += await this.#trees.end(id, null);
    for (const id of session_ids) await this.forget(id);
    return count;
  }

  /** Lets go of everything; what runs goes on. A tmux server of ours without any session is ended. */
  async close(): Promise<void> {
    for (const { process } of this.#processes.values()) process.leave();
    this.#processes.clear();
    try {
      if (this.#own.connected) {
        const [names = []] = await this.#own.run("list-sessions -F '#{session_name}'");
        if (names.every((name) => name === TMUX_SESSION)) await this.#own.run('kill-server');
      }
    } catch {
      // It is gone, or cannot be reached: nothing to let go of.
    }
    for (const connection of [this.#own, ...this.#foreign.values()]) connection.close();
  }

  /** Errors: start_failed, machine_unreachable. */
  async #launch(file: string, name: string, commands: readonly string[]): Promise<PaneFacts> {
    const ours = (panes: ReadonlyMap<string, PaneFacts>) => [...panes.values()].find((one) => one.name === name);
    for (let tries = 0; ; tries++) {
      try {
        const control = await this.#own.control(true);
        const facts = ours(readPanes((await control.run(...commands)).at(-1) ?? []));
        if (facts !== undefined) return facts;
        throw new AfieldError('start_failed', `tmux started ${file} and does not know it.`);
      } catch (cause) {
        if (cause instanceof AfieldError) throw cause;
        if (cause instanceof TmuxRefusal) this.#own.send(`kill-session -t ${quoted(`=${name}`)}`);
        if (cause instanceof TmuxRefusal || tries > 0) {
          throw new AfieldError('start_failed', `tmux could not start ${file}: ${(cause as Error).message || 'it ended'}.`, { cause });
        }
        // tmux or the line ended just then: all of it was done, or nothing.
        const facts = await this.#own.panes().then(ours, () => undefined);
        if (facts !== undefined) return facts;
      }
    }
  }

  async #grounded(): Promise<Ground> {
    const place = await this.#server.place();
    this.#ground ??= { place, spools: new Spools(this.#options.host, place) };
    return this.#ground;
  }

  /** Waits for the machine. */
  async #patientlyGrounded(): Promise<Ground> {
    for (;;) {
      try {
        return await this.#grounded();
      } catch (error) {
        if (!(error instanceof AfieldError) || error.code !== 'machine_unreachable') throw error;
        await this.#options.host.up();
      }
    }
  }

  async #find(connection: Connection, session_id: string, adopted: AdoptedPane | null): Promise<{ facts: PaneFacts | null; why: string }> {
    try {
      await connection.patient();
      const panes = await connection.panes();
      const all = [...panes.values()];
      const facts = all.find(
        (one) => one.name === nameOf(session_id) && (adopted === null || (one.pane === adopted.pane && one.pid === adopted.pid)),
      );
      const why = adopted === null ? CLOSED : CLOSED_ELSEWHERE;
      return { facts: facts ?? null, why };
    } catch (error) {
      if (!(error instanceof ServerGone)) throw error;
      return { facts: null, why: error.message };
    }
  }

  /** Errors: not_found, conflict, unavailable. */
  async #taken(connection: Connection, pane: string, session_id: string): Promise<PaneFacts> {
    try {
      await connection.control();
      const facts = await findPane(connection, pane);
      await markAdopted(connection, facts, session_id);
      return facts;
    } catch (cause) {
      if (cause instanceof AfieldError) throw cause;
      if (cause instanceof ServerGone) throw new AfieldError('not_found', `${cause.message} List the programs again.`, { cause });
      throw new AfieldError('unavailable', `Its tmux does not let us in: ${(cause as Error).message}.`, { cause });
    }
  }

  #foreignServer(socket: string): Connection {
    const { host, tmux, clock } = this.#options;
    const connection = this.#foreign.get(socket) ?? new Connection(new ForeignServer(host, tmux, socket), clock);
    this.#foreign.set(socket, connection);
    return connection;
  }

  #process(
    session_id: string,
    facts: { pane: string; window: string; pid: number },
    connection: Connection,
    spools: Spools,
    foreignSocket: string | null,
    program: string | null,
  ): TmuxProcess {
    const { host, clock, tmux, limit } = this.#options;
    const { pane, window, pid } = facts;
    const socket = foreignSocket ?? this.#ground?.place.socket ?? '';
    const adopted = foreignSocket !== null;
    const process = new TmuxProcess({
      host,
      clock,
      connection,
      spools,
      client: [tmux, '-u', '-S', socket],
      session_id,
      pane,
      window,
      pid,
      limit,
      adopted,
      endTree: async (root) => {
        await this.#trees.end(session_id, root);
      },
      runs: (root) => this.#trees.runs(root),
      foreign: (seen) => this.#trees.foreign(seen, program),
    });
    this.#processes.set(session_id, { process, connection, facts: { pane, window }, adopted });
    return process;
  }

  /** Errors: start_failed. */
  async #checkStartable(command: Command): Promise<void> {
    const { cwd, file, args, env } = command;
    if ([cwd, file, ...args, ...Object.values(env)].some((text) => text.includes('\0'))) {
      throw new AfieldError('start_failed', 'A command line cannot hold the character NUL.');
    }
    if (this.#options.host.local) return checkStartable(command);
    const { stdout } = await this.#options.host.run(['sh', '-c', STARTABLE, 'sh', cwd, file]);
    const fault = stdout.toString();
    if (fault !== '') throw new AfieldError('start_failed', fault);
  }
}

function basename(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}
