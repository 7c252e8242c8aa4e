/** A request as the one door of dispatch sees it, whichever way it came in. */
import type { Operation } from '@afield/shared/api.ts';
import type { RawBody } from '@afield/shared/route.ts';
import type { Identity } from './identity.ts';

export interface DispatchRequest {
  method: string;
  /** Path with query, without host: `/api/v1/sessions?limit=5`. */
  path: string;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON, or undefined. */
  body: unknown;
  /** Null: nobody; only public routes answer. */
  identity: Identity | null;
  signal?: AbortSignal;
}

export interface DispatchResponse {
  status: number;
  headers: Record<string, string>;
  /** JSON value unless `raw`; null for 204. */
  body: unknown;
  raw: RawBody | null;
  operation: Operation | null;
}

/** The one door of authorisation, validation and errors. Never throws: a failure is a problem+json response. */
export type Dispatch = (request: DispatchRequest) => Promise<DispatchResponse>;
