import type { ErrorCode } from '../errors.ts';
import { AfieldError } from '../errors.ts';
import type { PipeEnd } from '../link/pipe.ts';
import type { Attempt, HandshakeFault } from './opening.ts';

const CODES: Record<PipeEnd['kind'], ErrorCode> = {
  goodbye: 'unavailable',
  broken: 'relay_unreachable',
  refused: 'unauthenticated',
  unavailable: 'unavailable',
  protocol: 'bad_request',
};

/** Why no channel came to be. `end` tells a client what to do next; `fault` and `attempt` are for the server's counters. */
export class ChannelError extends AfieldError {
  readonly end: PipeEnd;
  readonly fault: HandshakeFault;
  /** What is known of the other side; null before its key is decrypted. Only on the server. */
  readonly attempt: Attempt | null;

  constructor(end: PipeEnd, fault: HandshakeFault, options: { attempt?: Attempt | null; cause?: unknown } = {}) {
    super(CODES[end.kind], end.detail, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'ChannelError';
    this.end = end;
    this.fault = fault;
    this.attempt = options.attempt ?? null;
  }
}
