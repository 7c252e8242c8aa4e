import type { LinkPipe } from './pipe.ts';

/**
 * Why there is no connection. `relay_down`: the relay does not answer. `home_offline`: the relay answers, the home server does not
 * (or the local server does not run). `broken`: cut without a word. `offline`: this device has no network.
 */
export type ConnectionCause = 'relay_down' | 'home_offline' | 'broken' | 'offline';

/** A way to the home server. Each call of `connect` makes a new pipe; whether and when to call it is the link's business. */
export interface Door {
  /** How bytes travel: shown beside the state. */
  readonly via: 'relay' | 'local';
  /**
   * Resolves with an open pipe whose first message will be `welcome`; throws `ConnectFailed`. Must end soon, whatever happens, once
   * `signal` is aborted. A door that has its pipe at once returns it without a promise, so that no message can slip by.
   */
  connect(signal: AbortSignal): LinkPipe | Promise<LinkPipe>;
  /** Sent as `auth`, the first message (local WebSocket). Left out: the pipe itself has proven who we are. */
  readonly token?: string | (() => string | Promise<string>);
}

/** A door did not open. `refused` is final: a retry would fail alike. */
export class ConnectFailed extends Error {
  readonly reason: ConnectionCause | 'refused';

  constructor(reason: ConnectionCause | 'refused', detail: string, options?: { cause?: unknown }) {
    super(detail, options);
    this.name = 'ConnectFailed';
    this.reason = reason;
  }
}
