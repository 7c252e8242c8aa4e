/** The server's end of a link: one connection of somebody, over whichever line. */
import type { Connection } from '@afield/shared/api/system.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import { encodeMessage, error, readRequest, response } from '@afield/shared/link/message-codec.ts';
import { HEARTBEAT_MS } from '@afield/shared/link/messages.ts';
import type { LinkPipe } from '@afield/shared/link/pipe.ts';
import type { Identity } from '../core/identity.ts';
import { type LinkDeps, REFUSED, ServedLink } from './served-link.ts';

/** The first message of a local WebSocket must be `auth`, within this. */
export const AUTH_MS = 5_000;

export interface LinkOptions {
  pipe: LinkPipe;
  door: Connection['door'];
  /** Known already (a channel), or a check of the token that the first message brings (a local WebSocket). */
  who: Identity | ((token: string) => Identity | null);
  /** Taken for subscriptions that name none. */
  session_id?: string | null;
}

/** Serves `pipe` until it closes. Never throws. */
export function serveLink(options: LinkOptions, deps: LinkDeps): void {
  const { pipe, who } = options;
  if (typeof who !== 'function') {
    begin(options, who, null, deps);
    return;
  }
  const late = deps.clock.setTimeout(() => pipe.close({ kind: 'refused', detail: 'No token came in time.' }), AUTH_MS);
  pipe.onClose = () => late.cancel();
  pipe.onFrame = () => pipe.close({ kind: 'protocol', detail: 'The first message must be auth.' });
  pipe.onText = (text) => {
    late.cancel();
    const read = readRequest(text);
    const identity = read.ok && read.message.payload.action === 'auth' ? who(read.message.payload.token) : null;
    if (read.ok && identity?.valid()) {
      begin(options, identity, read.message.id, deps);
      return;
    }
    const problem = new AfieldError('unauthenticated', 'The first message must be auth, with the token of this home server.');
    pipe.sendText(encodeMessage(error((read.ok ? read.message.id : read.id) ?? '', problem, deps.clock.now())));
    pipe.close(REFUSED);
  };
}

function begin({ pipe, door, session_id = null }: LinkOptions, identity: Identity, authId: string | null, deps: LinkDeps): void {
  const { clock, connections, version, events } = deps;
  // Access may have ended since it was checked, in the same moment as nobody could yet cut this line.
  if (!identity.valid()) {
    pipe.close(REFUSED);
    return;
  }
  const link = new ServedLink(pipe, door, identity, session_id, deps);
  try {
    link.forget = connections.add(link);
  } catch (cause) {
    pipe.close({ kind: 'unavailable', detail: (cause as Error).message });
    return;
  }
  const { device_id, user, scopes } = identity;
  const welcome = { device_id, user, scopes: [...scopes], server_version: version, heartbeat_ms: HEARTBEAT_MS, next_seq: events.nextSeq() };
  link.send(response(authId ?? deps.newId(), 'welcome', welcome, clock.now()));
  link.start();
}
