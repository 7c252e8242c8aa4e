import type { RequestOptions } from '../link/link.ts';

/** One HTTP exchange, by whatever way it travels. */
export interface Exchange {
  method: string;
  /** From the root: `/api/v1/…`, with query. */
  path: string;
  /** A JSON value; undefined for none. */
  body: unknown;
}

export interface Outcome {
  status: number;
  /** Parsed when the answer was JSON or a problem; else its bytes. */
  body: unknown;
}

/** Carries exchanges. Rejects with `AfieldError` when there was no answer; an answer of any status resolves. */
export interface Transport {
  exchange(exchange: Exchange, options: RequestOptions): Promise<Outcome>;
}
