/** What the doors call; `app.ts` hands it over. None of them knows a handler. */
import type { Connection } from '@afield/shared/api/system.ts';
import type { LinkPipe, PipeEnd } from '@afield/shared/link/pipe.ts';
import type { Identity } from '../core/identity.ts';

export interface RawRequest {
  url?: string | undefined;
  rawHeaders: readonly string[];
}

export interface Gatekeeper {
  /** Host, Origin, Sec-Fetch-Site, no token in the URL. Throws. */
  inspect(request: RawRequest, options: { navigation: boolean }): void;
  /**
   * Who sends this Authorization header; null without one. Errors: unauthenticated for a wrong one, rate_limited after too many
   * wrong ones from this address.
   */
  identify(authorization: string | undefined, address: string): Identity | null;
  /** The same for a token that came as a message. */
  identifyToken(token: string, address: string): Identity | null;
  /** False: too many requests of this identity. */
  take(identity: Identity): boolean;
}

/** A live way in, as the list of connections knows it. */
export interface OpenConnection {
  readonly id: string;
  readonly identity: Identity;
  readonly door: Connection['door'];
  readonly since: string;
  sessions(): string[];
  bytesQueued(): number;
  end(reason: PipeEnd): void;
}
export interface ConnectionList {
  /** Errors: too_many. */
  add(connection: OpenConnection): () => void;
}

export type ServeLink = (options: {
  pipe: LinkPipe;
  door: Connection['door'];
  who: Identity | ((token: string) => Identity | null);
  session_id?: string | null;
}) => void;

/** One line for whoever runs the server. */
export interface DoorLog {
  info(message: string, detail?: Record<string, unknown>): void;
  warn(message: string, detail?: Record<string, unknown>): void;
}
