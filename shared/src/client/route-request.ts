import { API_BASE, type Api, api, type Operation } from '../api.ts';
import { AfieldError } from '../errors.ts';
import type { RouteDefinition, Sent } from '../route.ts';
import type { Exchange } from './transport.ts';
import { uuidv7 } from './uuid.ts';

/**
 * Operations that change something and may be sent twice all the same: they carry an id of the caller's making, or the second time
 * changes nothing more. The others must not be repeated when the line broke under them.
 */
const REPEATABLE: ReadonlySet<Operation> = new Set<Operation>([
  'createSession',
  'updateSession',
  'promptSession',
  'answerApproval',
  'answerApprovals',
  'resizeSession',
  'updateProject',
  'updateDevice',
  'subscribePush',
  'unsubscribePush',
  'confirmPush',
]);

/** Whether the operation may be sent again after a broken line (protocol 2: every mutating request carries an idempotency key). */
export function isRepeatable(operation: Operation): boolean {
  return api[operation].method === 'GET' || REPEATABLE.has(operation);
}

/** The request that an operation is. Throws `bad_request` when a parameter is missing or cannot be part of a path. */
export function toExchange<O extends Operation>(operation: O, sent: Sent<Api[O]>): Exchange {
  const route: RouteDefinition = api[operation];
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => segment(operation, name, (sent.params as Fields)?.[name]));
  return { method: route.method, path: `${API_BASE}${path}${queryOf(sent.query as Fields)}`, body: withId(operation, sent.body) };
}

type Fields = Record<string, unknown> | undefined;

function segment(operation: string, name: string, value: unknown): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  // `.` and `..` would be resolved away on the road, and so ask for something else.
  if (text === '' || text === '.' || text === '..') throw new AfieldError('bad_request', `${operation} needs a ${name}.`);
  return encodeURIComponent(text);
}

function queryOf(fields: Fields): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (value !== undefined && value !== null) query.append(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** A session gets its id here, so that a create that is sent twice makes one session. */
function withId(operation: Operation, body: unknown): unknown {
  if (operation !== 'createSession' || typeof body !== 'object' || body === null) return body;
  return { id: uuidv7(), ...body };
}
