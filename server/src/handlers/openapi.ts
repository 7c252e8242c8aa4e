/** The contract as OpenAPI 3.1: made from the same objects that validate and answer. */
import { agent } from '@afield/shared/api/agents.ts';
import { device, pairing } from '@afield/shared/api/devices.ts';
import { logEntry } from '@afield/shared/api/logs.ts';
import { project } from '@afield/shared/api/projects.ts';
import { prompt } from '@afield/shared/api/prompts.ts';
import { pushState } from '@afield/shared/api/push.ts';
import { session } from '@afield/shared/api/sessions.ts';
import { check, connection, relayState } from '@afield/shared/api/system.ts';
import { API_BASE, api } from '@afield/shared/api.ts';
import { ERRORS, type ErrorCode } from '@afield/shared/errors.ts';
import type { RouteDefinition } from '@afield/shared/route.ts';
import * as z from 'zod/mini';

type Json = Record<string, unknown>;
type Schema = NonNullable<RouteDefinition['body']>;

/** Errors that any route but a public one may give. */
const COMMON: readonly ErrorCode[] = ['unauthenticated', 'forbidden', 'origin_refused', 'rate_limited', 'internal'];

/** JSON schema of what travels: `input` for requests, `output` for answers. `$schema` would only repeat OpenAPI's own dialect. */
function jsonSchema(schema: Schema, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema: made }) {
      // A number in a query arrives as text; its bounds are known of the number that becomes of it.
      if (io !== 'input' || zodSchema._zod.def.type !== 'pipe') return;
      const { type, minimum, maximum } = z.toJSONSchema(zodSchema, { io: 'output', unrepresentable: 'any' });
      if (type !== 'integer' || minimum === undefined || maximum === undefined) return;
      delete made.anyOf;
      Object.assign(made, { type, minimum, maximum });
    },
  }) as Json;
  return rest;
}

function parameters(place: 'path' | 'query', schema: Schema | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: one,
  }));
}

function successResponse(route: RouteDefinition): Json {
  if (route.produces !== undefined) return { description: 'Done', content: { [route.produces]: { schema: { type: 'string' } } } };
  if (route.response === undefined) return { description: 'Done' };
  return { description: 'Done', content: { 'application/json': { schema: jsonSchema(route.response, 'output') } } };
}

function errorResponses(route: RouteDefinition): Json {
  const codes = new Set<ErrorCode>(route.errors ?? []);
  if (route.permission !== 'public') for (const code of COMMON) codes.add(code);
  if (route.params !== undefined || route.query !== undefined) codes.add('bad_request');
  if (route.body !== undefined) for (const code of ['bad_request', 'too_large', 'media_type'] as const) codes.add(code);
  const byStatus = Map.groupBy([...codes].sort(), (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, same]) => [
        status,
        {
          description: same.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('; '),
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      ]),
  );
}

function operation(name: string, route: RouteDefinition): Json {
  const success = route.status ?? (route.response === undefined && route.produces === undefined ? 204 : 200);
  return {
    operationId: name,
    summary: route.summary,
    tags: [route.path.split('/')[1]],
    ...(route.permission === 'public' ? { security: [] } : { description: `Needs the permission \`${route.permission}\`.` }),
    parameters: [...parameters('path', route.params), ...parameters('query', route.query)],
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(route.body, 'input') } } } }),
    responses: { [success]: successResponse(route), ...errorResponses(route) },
  };
}

/** Schemas with a name of their own; wherever one of them stands, the document refers to it. */
const NAMED: Record<string, Schema> = {
  Agent: agent,
  Check: check,
  Connection: connection,
  Device: device,
  LogEntry: logEntry,
  Pairing: pairing,
  Project: project,
  Prompt: prompt,
  PushState: pushState,
  RelayState: relayState,
  Session: session,
};

/** Replaces every copy of a named schema by a reference to it. */
function refer(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const name = names.get(JSON.stringify(value));
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(value)) return value.map((item) => refer(item, names));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, refer(item, names)]));
}

/** The parts of a named schema may refer to others, itself not. */
function namedSchemas(): { schemas: Json; names: Map<string, string> } {
  const plain = Object.entries(NAMED).map(([name, schema]) => [name, jsonSchema(schema, 'output')] as const);
  const names = new Map(plain.map(([name, schema]) => [JSON.stringify(schema), name]));
  const inner = (schema: Json) => Object.fromEntries(Object.entries(schema).map(([key, item]) => [key, refer(item, names)]));
  return { schemas: Object.fromEntries(plain.map(([name, schema]) => [name, inner(schema)])), names };
}

/** The whole document, for the server of this version. Deterministic: a committed copy can be compared with it. */
export function openapi(version: string): Json {
  const { schemas, names } = namedSchemas();
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries(api) as [string, RouteDefinition][]) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: refer(operation(name, route), names) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Afield home server',
      version,
      description:
        'Runs coding agents in sessions. Times are ISO 8601 UTC, ids UUIDv7, errors RFC 9457 problem details with a stable `code`.',
      license: { name: 'MIT' },
    },
    servers: [{ url: API_BASE }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'Content of the file `token` in the data folder.' } },
      schemas: {
        ...schemas,
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status', 'code', 'detail'],
          properties: {
            type: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'integer' },
            code: { type: 'string', enum: Object.keys(ERRORS) },
            detail: { type: 'string' },
          },
        },
      },
    },
  };
}
