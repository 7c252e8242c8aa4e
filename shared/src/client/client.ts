/**
 * The one client of a home server, for page, command line, bench and tests:
 *
 *   const home = AfieldClient.websocket({ url: 'http://127.0.0.1:4096', token, WebSocket });
 *   const { items } = await home.call('listSessions', { query: { limit: 20 } });
 *   home.link.connection.subscribe((state) => show(state));
 *   home.link.subscribe({ topics: ['session.*'], since }, (event) => apply(event));
 *   const terminal = home.link.attach({ session_id, cols: 80, rows: 24, lease: 'look' }, { onSnapshot, onOutput, onClosed });
 *   home.close();
 *
 * Everything fails with an `AfieldError`, except that an aborted `signal` rejects with its reason. The link connects at its first use
 * (or `link.start()`), reconnects by itself and resumes. `AfieldClient.http` calls by fetch alone; with a `WebSocket` it has a link too.
 */
import { type Api, api, type Operation } from '../api.ts';
import { AfieldError } from '../errors.ts';
import { LinkClient } from '../link/client.ts';
import { type Clock, systemClock } from '../link/clock.ts';
import type { Door } from '../link/door.ts';
import type { Link, RequestOptions } from '../link/link.ts';
import type { Received, RouteDefinition, Sent } from '../route.ts';
import type { TurnPiece } from '../turn-reader.ts';
import { embeddedDoor } from './doors/embedded.ts';
import { type HttpOptions, httpTransport } from './doors/http.ts';
import { linkTransport } from './doors/link-transport.ts';
import { type RelayOptions, relayDoor } from './doors/relay.ts';
import type { WebSocketConstructor } from './doors/web-socket.ts';
import { type WebsocketOptions, websocketDoor } from './doors/websocket.ts';
import { type PromptStreamOptions, promptStream } from './prompt-stream.ts';
import { isRepeatable, toExchange } from './route-request.ts';
import type { Transport } from './transport.ts';

interface Timed {
  /** Default: the system's. */
  clock?: Clock;
}

/** `idempotent` defaults to what is known of the operation: reads, and whatever carries its own id. */
export type CallOptions = RequestOptions;

export class AfieldClient {
  readonly #transport: Transport;
  readonly #link: Link | null;

  constructor(transport: Transport, link: Link | null) {
    this.#transport = transport;
    this.#link = link;
  }

  /** Plain HTTP. `url`: of the server's root. With a `WebSocket` constructor `link` works too, over the same address and token. */
  static http(options: HttpOptions & Timed & { WebSocket?: WebSocketConstructor }): AfieldClient {
    const { WebSocket } = options;
    const link = WebSocket === undefined ? null : newLink(websocketDoor({ ...options, WebSocket }), options);
    return new AfieldClient(httpTransport(options), link);
  }

  /** Everything over the server's own WebSocket. `url`: of the server's root, `http:` or `ws:`. */
  static websocket(options: WebsocketOptions & Timed): AfieldClient {
    return overLink(websocketDoor(options), options);
  }

  /** Everything through the relay, end-to-end encrypted. */
  static relay(options: RelayOptions & Timed): AfieldClient {
    return overLink(relayDoor(options), options);
  }

  /** A home server in the same program. `connectPipe` gives the client's end of a new pipe on which the server says `welcome`. */
  static embedded(connectPipe: Door['connect'], options: Timed = {}): AfieldClient {
    return overLink(embeddedDoor(connectPipe), options);
  }

  /** Any other way in. */
  static through(door: Door, options: Timed = {}): AfieldClient {
    return overLink(door, options);
  }

  /** Throws for a client that has none (`http` without `WebSocket`). */
  get link(): Link {
    if (this.#link === null) throw new AfieldError('internal', 'This client speaks HTTP only and has no link.');
    return this.#link;
  }

  /**
   * One operation of the API. Throws the `AfieldError` that the home server answered; `unavailable` when there was no answer, in which
   * case it was perhaps executed unless it is idempotent.
   */
  async call<O extends Operation>(operation: O, sent: Sent<Api[O]> = {}, options: CallOptions = {}): Promise<Received<Api[O]>> {
    const route: RouteDefinition = api[operation];
    if (route.produces === 'text/event-stream') throw new AfieldError('bad_request', 'Events come by link.subscribe, not by call.');
    const exchange = toExchange(operation, sent);
    const outcome = await this.#transport.exchange(exchange, { idempotent: isRepeatable(operation), ...options });
    if (outcome.status >= 400) throw problemOf(outcome.status, outcome.body);
    if (route.produces !== undefined) return asBytes(outcome.body) as Received<Api[O]>;
    return (route.response === undefined ? undefined : outcome.body) as Received<Api[O]>;
  }

  /**
   * Gives a prompt to the agent of a chat and tells what comes of it, piece by piece; the turn goes on when nobody reads any more.
   * Needs a link. Errors: those of `promptSession`; unavailable when the prompt could not be given.
   *
   *     for await (const piece of home.streamPrompt(id, 'Why is the test red?')) if (piece.kind === 'text') print(piece.content);
   */
  streamPrompt(session_id: string, content: string, options: PromptStreamOptions = {}): AsyncGenerator<TurnPiece> {
    const params = { id: session_id };
    const calls = {
      usageBefore: async () => (await this.call('getSessionUsage', { params })).sum,
      prompt: async (body: { id: string; content: string; priority: 'normal' | 'now' }) => {
        await this.call('promptSession', { params, body });
      },
    };
    return promptStream(this.link, calls, session_id, content, options);
  }

  close(): void {
    this.#link?.close();
  }
}

function newLink(door: Door, { clock = systemClock }: Timed): LinkClient {
  return new LinkClient({ door, clock });
}

function overLink(door: Door, options: Timed): AfieldClient {
  const link = newLink(door, options);
  return new AfieldClient(linkTransport(link), link);
}

function problemOf(status: number, body: unknown): AfieldError {
  if (typeof body === 'object' && body !== null && 'code' in body) return AfieldError.from(body as { code?: string; detail?: string });
  return new AfieldError('internal', `The answer was ${status} without an explanation: perhaps this is not a home server.`);
}

function asBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body ?? ''));
}
