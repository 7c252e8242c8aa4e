/** The contract as OpenAPI 3.1: made from the same objects that validate and answer. */
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
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
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

/** The whole document, for the server of this version. Deterministic: a committed copy can be compared with it. */
export function openapi(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries(api) as [string, RouteDefinition][]) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) };
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
