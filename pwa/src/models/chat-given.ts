import { failureOf } from './action.ts';
import { type HomeLink, isOpen } from './home-link.ts';

/** Bytes of what was given with prompts, as far as this device has them; what it has not is fetched, one after the other. */

/** So many bytes are kept; what was asked for longest ago goes first. */
export const MAX_KEPT_BYTES = 16_000_000;
/** So many bytes are asked for at a time: keys and messages go between the pieces, and a slow line is not taken for a dead one. */
export const PIECE_BYTES = 200_000;

/** `gone`: home has it no more. `offline`: home cannot be asked. */
export type GivenAnswer = { bytes: Uint8Array<ArrayBuffer> } | { fault: 'gone' | 'offline' | 'failed' };

/** By its id at home, or as this device has it itself. */
export type GivenSource = { id: string } | { base64: string };

export function createGivenFiles(link: Pick<HomeLink, 'call' | 'connection'>) {
  const kept = new Map<string, Uint8Array<ArrayBuffer>>();
  let size = 0;
  let last: Promise<unknown> = Promise.resolve();

  function drop(id: string): void {
    size -= kept.get(id)?.length ?? 0;
    kept.delete(id);
  }

  function keep(id: string, bytes: Uint8Array<ArrayBuffer>): void {
    drop(id);
    kept.set(id, bytes);
    size += bytes.length;
    for (const oldest of kept.keys()) {
      if (size <= MAX_KEPT_BYTES) break;
      drop(oldest);
    }
  }

  async function fetched(session_id: string, id: string, wanted: () => boolean): Promise<GivenAnswer> {
    const known = kept.get(id);
    if (known !== undefined) {
      keep(id, known);
      return { bytes: known };
    }
    if (!isOpen(link)) return { fault: 'offline' };
    try {
      const params = { id: session_id, attachment_id: id };
      const pieces: Uint8Array[] = [];
      for (let from = 0, more = true; more; from += PIECE_BYTES) {
        if (!wanted()) return { fault: 'failed' };
        const piece = await link.call('getAttachment', { params, query: { from, bytes: PIECE_BYTES } });
        pieces.push(piece);
        more = piece.length === PIECE_BYTES;
      }
      const bytes = joined(pieces);
      keep(id, bytes);
      return { bytes };
    } catch (cause) {
      const { code } = failureOf(cause);
      if (code === 'not_found' || code === 'session_not_found') return { fault: 'gone' };
      return { fault: isOpen(link) ? 'failed' : 'offline' };
    }
  }

  return {
    /** What this device gave just now need not be fetched. */
    keep: (id: string, base64: string) => keep(id, bytesOf(base64)),
    /** Never rejects. `wanted`: asked before each piece; whoever scrolled on wants it no more, and hears `failed`. */
    get(session_id: string, source: GivenSource, wanted: () => boolean = () => true): Promise<GivenAnswer> {
      if ('base64' in source) return Promise.resolve({ bytes: bytesOf(source.base64) });
      if (kept.has(source.id)) return fetched(session_id, source.id, wanted);
      // Several together would fill the line: keys and messages wait behind them.
      const next = last.then(() => fetched(session_id, source.id, wanted));
      last = next;
      return next;
    },
  };
}
export type GivenFiles = ReturnType<typeof createGivenFiles>;

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}
