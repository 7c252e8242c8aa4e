/** Who is at the door: the checks that every way in from this machine's network passes, in their order. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { Identity } from '../core/identity.ts';
import type { Clock } from '../core/ports.ts';
import { keyOf } from './connections.ts';
import { type GuardedRequest, type GuardRules, inspect } from './guard.ts';
import { rateLimit } from './rate-limit.ts';
import { bearer, type TokenFile } from './token.ts';

/** Wrong tokens of one address in a minute; a right one is never counted, so nobody can lock the owner out. */
const WRONG_A_MINUTE = 30;
/** Requests of one identity in ten seconds: far above what a person's programs need, far below what hurts. */
const REQUESTS = 60_000;
const REQUEST_WINDOW_MS = 10_000;

/** The home server's own token: its owner, at the desk. */
const desk: Identity = { kind: 'token', device_id: null, device_name: 'the desk', user: 'owner', scopes: ['*'], valid: () => true };

export function createGate({ rules, token, clock }: { rules: () => GuardRules; token: TokenFile; clock: Clock }) {
  const wrong = rateLimit({ limit: WRONG_A_MINUTE, windowMs: 60_000, clock });
  const requests = rateLimit({ limit: REQUESTS, windowMs: REQUEST_WINDOW_MS, clock });

  const refuse = (address: string): never => {
    if (!wrong.take(address)) throw new AfieldError('rate_limited', 'Too many wrong tokens from this address. Wait a minute.');
    throw new AfieldError(
      'unauthenticated',
      'This is not the token of this home server. It stands in the file `token` of its data folder.',
    );
  };

  return {
    inspect: (request: GuardedRequest, options: { navigation: boolean }) => inspect(request, rules(), options),

    /** Null without a header. Errors: unauthenticated, rate_limited. */
    identify(authorization: string | undefined, address: string): Identity | null {
      if (authorization === undefined) return null;
      const given = bearer(authorization);
      return given !== null && token.matches(given) ? desk : refuse(address);
    },

    /** Null for a wrong one; nothing more is told over a socket. */
    identifyToken(given: string, address: string): Identity | null {
      if (token.matches(given)) return desk;
      wrong.take(address);
      return null;
    },

    take: (identity: Identity) => requests.take(keyOf(identity)),
  };
}
