/** Our own tmux server on a machine: private socket, private configuration, one for each home server. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { Host } from '../../core/machine-ports.ts';
import { SERVER_OPTIONS } from './config.ts';
import { type Reach, ServerGone } from './connection.ts';
import { Control } from './control.ts';
import { TMUX_SESSION } from './names.ts';
import { type Place, prepare } from './place.ts';
import { ENSURE_SERVER } from './scripts.ts';

/** What the script answers when there is no server. */
const NONE = 7;
const CONTROL_FLAGS = 'no-output,ignore-size';

export class OwnServer implements Reach {
  readonly #host: Host;
  readonly #tmux: string;
  readonly #home: string;
  #place: Promise<Place> | null = null;
  /** We have seen it run. */
  #met = false;

  constructor(host: Host, tmux: string, home: string) {
    this.#host = host;
    this.#tmux = tmux;
    this.#home = home;
  }

  /** Errors: machine_unreachable, unavailable. */
  place(): Promise<Place> {
    this.#place ??= prepare(this.#host, this.#home).catch((error: unknown) => {
      this.#place = null;
      throw error;
    });
    return this.#place;
  }

  async attach(start: boolean): Promise<Control> {
    const { socket, boot, serverBoot, bootNote } = await this.place();
    const mode = start ? 'start' : 'find';
    const { code, stderr } = await this.#host.run(
      ['sh', '-c', ENSURE_SERVER, 'sh', this.#tmux, socket, mode, boot, bootNote, ...SERVER_OPTIONS],
      { timeoutMs: 15_000 },
    );
    if (code === NONE) throw new ServerGone(this.#met ? ENDED : whyGone(boot, serverBoot));
    if (code !== 0)
      throw new AfieldError('start_failed', `tmux could not be started on ${this.#host.name}: ${stderr.trim() || 'it did not say why'}.`);
    const client = [
      this.#tmux,
      '-u',
      '-S',
      socket,
      '-f',
      '/dev/null',
      '-C',
      'attach-session',
      '-f',
      CONTROL_FLAGS,
      '-t',
      `=${TMUX_SESSION}:`,
    ];
    const control = await Control.open(this.#host, client);
    this.#met = true;
    return control;
  }

  up(): Promise<void> {
    return this.#host.up();
  }
}

/** Another tmux server, of the machine's user. Its control client takes part in one of its sessions, and shows nothing of it to anybody. */
export class ForeignServer implements Reach {
  readonly #host: Host;
  readonly #tmux: string;
  readonly #socket: string;

  constructor(host: Host, tmux: string, socket: string) {
    this.#host = host;
    this.#tmux = tmux;
    this.#socket = socket;
  }

  async attach(): Promise<Control> {
    const base = [this.#tmux, '-u', '-S', this.#socket, '-f', '/dev/null'];
    const { code } = await this.#host.run([...base, 'list-sessions', '-F', 'x']);
    if (code === 1) throw new ServerGone('Its tmux server was ended.');
    return await Control.open(this.#host, [...base, '-C', 'attach-session', '-f', CONTROL_FLAGS]);
  }

  up(): Promise<void> {
    return this.#host.up();
  }
}

const ENDED = 'Its tmux server was ended.';

function whyGone(boot: string, serverBoot: string): string {
  return boot !== '' && serverBoot !== '' && boot !== serverBoot ? 'Its machine was restarted.' : ENDED;
}
