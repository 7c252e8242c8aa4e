import type { system as routes } from '@afield/shared/api/system.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';
import { docsPage } from './docs-page.ts';
import { lastEventId } from './events.ts';
import { openapi } from './openapi.ts';

export const systemHandlers = ({ system, streams }: Pick<HandlerContext, 'system' | 'streams'>): HandlersOf<typeof routes> => ({
  getHealth: () => ({ status: 'ok' }),
  getInfo: () => system.info(),
  getStatus: () => system.status(),
  getDoctor: async () => ({ checks: await system.checks() }),
  getConfig: () => system.config(),
  reapStrays: async ({ body }) => ({ dry_run: body.dry_run, items: await system.reap(body.dry_run) }),
  listConnections: () => ({ items: system.connections(), next_cursor: null }),
  getMetrics: () => system.metrics(),
  getOpenapi: () => openapi(system.info().version),
  getDocs: () => docsPage(openapi(system.info().version)),
  getEvents: ({ query, headers, identity, signal }) =>
    streams.open({ identity, since: lastEventId(headers) ?? query.since ?? null, session_id: null, signal }),
});
