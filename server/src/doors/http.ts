/** The HTTP door: express in front of dispatch, the page beside it. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { API_BASE } from '@afield/shared/api.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import express, { type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { refusal } from '../dispatch.ts';
import { type ApiDoor, serveApi } from './api-requests.ts';
import { writeAnswer } from './json-answer.ts';
import { servePage } from './page.ts';

/** An import would touch every export of the module, `WebSocket` among them, which loads all of undici: 25 ms and some MB. */
const { createServer } = process.getBuiltinModule('node:http');

export interface HttpDoorOptions extends ApiDoor {
  /** Folder of the built page. */
  pageFolder: string;
}

/** Slow headers are closed; the check runs every second, since Node's own default of 30 s would let them live far longer. */
const HEADERS_MS = 5_000;
const REQUEST_MS = 60_000;
const CHECK_MS = 1_000;
/** Longer than the pause between two requests of a polling client. */
const KEEP_ALIVE_MS = 65_000;
/** Sockets of all callers together; what comes beyond is closed at once. */
const MAX_SOCKETS = 1_000;

/** Not listening yet. The caller adds the WebSocket door to `upgrade`. */
export function createHttpDoor(options: HttpDoorOptions): Server {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.use(
    helmet({
      // The page brings its own; an API answer shows nothing.
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
      frameguard: { action: 'deny' },
      // Plain HTTP on loopback; whoever puts TLS in front says it there.
      strictTransportSecurity: false,
    }),
  );
  app.use((request: Request, _response: Response, next: NextFunction) => {
    options.gate.inspect(request, { navigation: !isApi(request.url) && (request.method === 'GET' || request.method === 'HEAD') });
    next();
  });
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (isApi(request.url)) void serveApi(request, response, options);
    else next();
  });
  app.use(servePage(options.pageFolder));
  app.use((_request: Request, response: Response) => void writeAnswer(response, refusal('not_found', 'There is nothing at this address.')));
  // Four parameters: that is how express knows a handler of errors.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => void answerError(error, response, options));

  const server = createServer(
    { connectionsCheckingInterval: CHECK_MS, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
    (request, response) => app(request, response),
  );
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxConnections = MAX_SOCKETS;
  server.on('clientError', refuseBytes);
  return server;
}

const isApi = (url: string) => url === API_BASE || url.startsWith(`${API_BASE}/`) || url.startsWith(`${API_BASE}?`);

async function answerError(error: unknown, response: ServerResponse, { log }: ApiDoor): Promise<void> {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const fault = error instanceof AfieldError ? error : clientFault(error);
  if (fault === null) log.warn('A request failed', { error: String(error) });
  response.setHeader('connection', 'close');
  await writeAnswer(response, refusal(fault?.code ?? 'internal', fault?.message ?? 'Something went wrong here.'));
}

/** What express itself refuses: a broken %-sequence in a path, a file name that cannot be. */
function clientFault(error: unknown): AfieldError | null {
  const status = (error as { status?: unknown }).status;
  if (status === 404) return new AfieldError('not_found', 'There is nothing at this address.');
  return typeof status === 'number' && status >= 400 && status < 500
    ? new AfieldError('bad_request', 'This address cannot be read.')
    : null;
}

/** Bytes that are no HTTP request: answered once, then closed. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const line =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  socket.end(`HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

/** For requests that never reach express: an upgrade to something else than the link. */
export function refuseUpgrade(request: IncomingMessage, socket: Socket, error: AfieldError): void {
  const body = JSON.stringify(error.toProblem());
  const head = [
    `HTTP/1.1 ${error.status} Refused`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...(error.code === 'unauthenticated' ? ['WWW-Authenticate: Bearer realm="afield"'] : []),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${request.method === 'HEAD' ? '' : body}`, () => socket.destroy());
}
