import { ENDED } from '@afield/shared/api/sessions.ts';
import { API_BASE, type Api, api, type Operation } from '@afield/shared/api.ts';
import type { RouteDefinition } from '@afield/shared/route.ts';
import type { Plugin } from 'vite';

/** What a caller needs of a route; its schemas are the server's affair. */
function slim(operation: Operation): Pick<RouteDefinition, 'method' | 'path' | 'produces'> & { response?: true } {
  const { method, path, produces, response }: RouteDefinition = (api as Api)[operation];
  return { method, path, ...(produces === undefined ? {} : { produces }), ...(response === undefined ? {} : { response: true }) };
}

const table = () => Object.fromEntries((Object.keys(api) as Operation[]).map((operation) => [operation, slim(operation)]));

/** By the end of their path. What of such a module is used beside this is missed by the build. */
const SLIM: Readonly<Record<string, () => string>> = {
  '/shared/src/api.ts': () => `export const API_BASE = ${JSON.stringify(API_BASE)};\nexport const api = ${JSON.stringify(table())};\n`,
  '/shared/src/api/sessions.ts': () => `export const ENDED = new Set(${JSON.stringify([...ENDED])});\n`,
};

/**
 * The page asks home by method and path, and home checks what it is asked: so the page is given a table of its routes instead of the
 * definitions with all their schemas, which would be a fifth of its first load.
 */
export const slimApi = (): Plugin => ({
  name: 'afield-slim-api',
  apply: 'build',
  enforce: 'pre',
  load(id) {
    const file = id.split('?')[0] ?? '';
    return Object.entries(SLIM).find(([end]) => file.endsWith(end))?.[1]() ?? null;
  },
});
