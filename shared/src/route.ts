import type * as z from 'zod/mini';
import type { ErrorCode } from './errors.ts';

/** What a caller must be allowed to do. A scope `noun:*` grants every verb of the noun, `*` grants all. */
export type Permission =
  | 'public'
  | 'system:read'
  | 'system:write'
  | 'machines:read'
  | 'machines:write'
  | 'agents:read'
  | 'projects:read'
  | 'projects:write'
  | 'sessions:read'
  | 'sessions:write'
  | 'sessions:input'
  | 'approvals:read'
  | 'approvals:answer'
  | 'approvals:write'
  | 'usage:read'
  | 'environments:read'
  | 'devices:read'
  | 'devices:write'
  | 'push:write';

type Schema = z.ZodMiniType;

/** One route of the API: the handler's type, the validation, the OpenAPI entry and the client method all come from here. */
export interface RouteDefinition {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Below `/api/v1`, with `{name}` for parameters. */
  path: `/${string}`;
  summary: string;
  permission: Permission;
  params?: Schema;
  query?: Schema;
  body?: Schema;
  /** Left out: the answer has no body (204). */
  response?: Schema;
  /** Success status. Default: 200, or 204 without `response`. */
  status?: 200 | 201 | 202 | 204;
  /** Content type of an answer that is not JSON; the handler then gives bytes, text or a stream. */
  produces?: string;
  errors?: readonly ErrorCode[];
}

export function route<const R extends RouteDefinition>(definition: R): R {
  return definition;
}

type Input<S> = S extends Schema ? z.input<S> : undefined;
type Output<S> = S extends Schema ? z.output<S> : undefined;
type Field<R, K extends keyof RouteDefinition> = K extends keyof R ? R[K] : undefined;

/** What the handler is given: parsed and with defaults filled in. */
export interface Parsed<R extends RouteDefinition> {
  params: Output<Field<R, 'params'>>;
  query: Output<Field<R, 'query'>>;
  body: Output<Field<R, 'body'>>;
}

/** What a caller sends. */
export interface Sent<R extends RouteDefinition> {
  params?: Input<Field<R, 'params'>>;
  query?: Input<Field<R, 'query'>>;
  body?: Input<Field<R, 'body'>>;
}

/** A body that is not JSON: text or bytes at once, or bytes as they come. */
export type RawBody = string | Uint8Array | AsyncIterable<Uint8Array>;

/** What the handler gives back. */
export type Result<R extends RouteDefinition> = R extends { produces: string } ? RawBody : Input<Field<R, 'response'>>;

/** What the caller receives. */
export type Received<R extends RouteDefinition> = R extends { produces: string } ? Uint8Array : Output<Field<R, 'response'>>;
