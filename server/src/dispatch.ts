/** The one door of authorisation, validation and errors: every request of every way in passes here, and nothing else calls a handler. */
import { API_BASE, type Api, api, type Operation } from '@afield/shared/api.ts';
import { AfieldError, type ErrorCode } from '@afield/shared/errors.ts';
import { explainIssues } from '@afield/shared/link/invalid.ts';
import type { Parsed, RawBody, Result, RouteDefinition } from '@afield/shared/route.ts';
import * as z from 'zod/mini';
import type { Disk } from './core/history/storage.ts';
import { allows, type Identity } from './core/identity.ts';
import type { Dispatch, DispatchRequest, DispatchResponse } from './core/request.ts';

/** What a handler is given: parsed and authorised. For a public route `identity` may be `NOBODY`. */
export type Call<R extends RouteDefinition> = Parsed<R> & {
  identity: Identity;
  headers: DispatchRequest['headers'];
  /** Aborted when the caller is gone. */
  signal: AbortSignal | undefined;
};
export type Handler<R extends RouteDefinition> = (call: Call<R>) => Result<R> | Promise<Result<R>>;
export type HandlersOf<Routes extends Record<string, RouteDefinition>> = { [O in keyof Routes]: Handler<Routes[O]> };

/** A handler for every operation of the contract: the server does not compile without one. */
export type Handlers = HandlersOf<Api>;

/** The identity of a caller who gave none; only public routes answer it. */
export const NOBODY: Identity = { kind: 'token', device_id: null, device_name: 'nobody', user: '', scopes: [], valid: () => false };

/** What a page of the API may do: show itself. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** What bytes may do, should a browser show them after all. */
const BYTES_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'";

const FULL = 'The disk of the home server is full, so this cannot be kept. Make room there, or delete old sessions, then try again.';
/** What needs no room on the disk, or makes some, or must be tried at any price. Whatever only reads is GET. */
const WITHOUT_DISK: ReadonlySet<Operation> = new Set<Operation>([
  'deleteSession',
  'cancelSession',
  'inputSession',
  'resizeSession',
  'probeSession',
  'checkMachine',
  'deleteMachine',
  'deleteProject',
  'revokeDevice',
  'pruneHistory',
  'reapStrays',
  'answerApproval',
  'answerApprovals',
  'deleteRule',
]);

export interface DispatchOptions {
  /** Default: it takes everything. */
  disk?: Pick<Disk, 'writing' | 'failed'>;
  /** An unexpected error: the caller is told only the id. */
  onFault: (fault: { id: string; operation: Operation; error: unknown }) => void;
  /** Makes the id of a fault. */
  newId: () => string;
}

export interface Dispatcher extends Dispatch {
  /** What can be said before the body is read: unknown path, wrong method, no token, not allowed. Null: go on. */
  precheck(request: Pick<DispatchRequest, 'method' | 'path' | 'identity'>): DispatchResponse | null;
}

interface Place {
  segments: readonly string[];
  operation: Operation;
  route: RouteDefinition;
}
interface Target extends Omit<Place, 'segments'> {
  params: Record<string, string>;
  query: URLSearchParams;
}

const places: readonly Place[] = Object.entries(api).map(([operation, route]) => ({
  segments: `${API_BASE}${route.path}`.split('/').slice(1),
  operation: operation as Operation,
  route,
}));

/** `{name}` segments of a template, decoded; null when the path does not fit it. */
function match(template: readonly string[], path: readonly string[]): Record<string, string> | null {
  if (template.length !== path.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of template.entries()) {
    const given = path[i] as string;
    if (part.startsWith('{') && given !== '') params[part.slice(1, -1)] = decodeSegment(given);
    else if (part !== given) return null;
  }
  return params;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new AfieldError('bad_request', 'The path holds a broken %-sequence.');
  }
}

/** Finds the operation. Errors: `not_found`; `method_not_allowed`, whose `cause` lists what is. */
function locate(method: string, target: string): Target {
  const cut = target.indexOf('?');
  const path = (cut < 0 ? target : target.slice(0, cut)).split('/').slice(1);
  const query = new URLSearchParams(cut < 0 ? '' : target.slice(cut + 1));
  const allowed: string[] = [];
  for (const { segments, operation, route } of places) {
    const params = match(segments, path);
    if (params === null) continue;
    if (route.method === method) return { operation, route, params, query };
    allowed.push(route.method);
  }
  // No other origin may call, so there is nothing to ask beforehand.
  if (allowed.length === 0 || method === 'OPTIONS') {
    throw new AfieldError('not_found', `There is no ${API_BASE} route at this path; GET ${API_BASE}/openapi.json lists them.`);
  }
  throw new AfieldError('method_not_allowed', `Here only ${allowed.join(', ')} may be used.`, { cause: allowed.join(', ') });
}

type Schema = NonNullable<RouteDefinition['body']>;

function parse(part: 'path' | 'query' | 'body', schema: Schema | undefined, value: unknown): unknown {
  if (schema === undefined) {
    if (part === 'body' && value !== undefined && value !== null) throw new AfieldError('bad_request', 'This route takes no body.');
    return undefined;
  }
  const result = z.safeParse(schema, value, { reportInput: true });
  if (!result.success) {
    const issues = result.error.issues.map((issue) => ({ ...issue, path: [part, ...issue.path] }));
    throw new AfieldError('bad_request', explainIssues(issues, part));
  }
  return result.data;
}

function queryRecord(query: URLSearchParams): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [name, value] of query) {
    if (Object.hasOwn(record, name)) throw new AfieldError('bad_request', `query.${name}: given twice.`);
    Object.defineProperty(record, name, { value, enumerable: true });
  }
  return record;
}

/** Errors: `unauthenticated`, `forbidden`. */
function authorise({ operation, route }: Target, identity: Identity | null): Identity {
  if (route.permission === 'public') return identity ?? NOBODY;
  if (identity === null || !identity.valid()) {
    throw new AfieldError('unauthenticated', 'Send the token of this home server as "Authorization: Bearer …", or pair this device again.');
  }
  if (!allows(identity.scopes, route.permission)) {
    throw new AfieldError('forbidden', `${operation} needs the permission ${route.permission}, which this device was not given.`);
  }
  return identity;
}

function problem(error: AfieldError, operation: Operation | null): DispatchResponse {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  if (error.code === 'unauthenticated') headers['www-authenticate'] = 'Bearer realm="afield"';
  if (error.code === 'method_not_allowed') headers.allow = String(error.cause);
  return { status: error.status, headers, body: error.toProblem(), raw: null, operation };
}

/** A failure as a response, for the doors: the same form as every other. */
export function refusal(code: ErrorCode, detail: string): DispatchResponse {
  return problem(new AfieldError(code, detail), null);
}

function answer(operation: Operation, route: RouteDefinition, result: unknown): DispatchResponse {
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  if (route.produces !== undefined) {
    if (route.produces.startsWith('text/html')) headers['content-security-policy'] = PAGE_POLICY;
    // Bytes that somebody gave: a browser that is led here saves them, whatever they are, and runs nothing.
    if (route.produces === 'application/octet-stream') {
      headers['content-disposition'] = 'attachment';
      headers['x-content-type-options'] = 'nosniff';
      headers['content-security-policy'] = BYTES_POLICY;
    }
    return {
      status: route.status ?? 200,
      headers: { ...headers, 'content-type': route.produces },
      body: null,
      raw: result as RawBody,
      operation,
    };
  }
  if (route.response === undefined) return { status: 204, headers, body: null, raw: null, operation };
  // What leaves is what the contract says: a field that it does not name (a key, a psk) is dropped here.
  const body = route.response.parse(result);
  return { status: route.status ?? 200, headers: { ...headers, 'content-type': 'application/json' }, body, raw: null, operation };
}

export function createDispatch(handlers: Handlers, { onFault, newId, disk }: DispatchOptions): Dispatcher {
  async function run(request: DispatchRequest, found: (operation: Operation) => void): Promise<DispatchResponse> {
    const target = locate(request.method, request.path);
    const { operation, route } = target;
    found(operation);
    const identity = authorise(target, request.identity);
    const call = {
      params: parse('path', route.params, target.params),
      query: parse('query', route.query, queryRecord(target.query)),
      body: parse('body', route.body, request.body),
      identity,
      headers: request.headers,
      signal: request.signal,
    };
    if (disk?.writing === false && route.method !== 'GET' && !WITHOUT_DISK.has(operation)) throw new AfieldError('storage_full', FULL);
    const handler = handlers[operation] as unknown as (call: unknown) => unknown;
    return answer(operation, route, await handler(call));
  }

  const dispatch = async (request: DispatchRequest): Promise<DispatchResponse> => {
    let operation: Operation | null = null;
    try {
      return await run(request, (name) => {
        operation = name;
      });
    } catch (error) {
      if (error instanceof AfieldError) return problem(error, operation);
      if (disk?.failed(error) === true) return problem(new AfieldError('storage_full', FULL, { cause: error }), operation);
      const id = newId();
      onFault({ id, operation: operation ?? 'getHealth', error });
      return problem(new AfieldError('internal', `Something went wrong here; the server's log has the reason under ${id}.`), operation);
    }
  };
  const precheck: Dispatcher['precheck'] = ({ method, path, identity }) => {
    try {
      authorise(locate(method, path), identity);
      return null;
    } catch (error) {
      return problem(error as AfieldError, null);
    }
  };
  return Object.assign(dispatch, { precheck });
}
