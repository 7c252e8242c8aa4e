/** Ids of messages as opencode makes them: it orders messages by them, so ours must stand where one of its own would. */
import { randomInt } from 'node:crypto';

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM = 14;
const BITS_48 = (1n << 48n) - 1n;

/** 48 bits of the time in ms times 4096 plus a counter, as hex, then letters by chance. */
export function createIds(now: () => number): () => string {
  let time = 0;
  let counter = 0;
  return () => {
    counter = now() === time ? counter + 1 : 1;
    time = now();
    const ordered = (BigInt(time) * 0x1000n + BigInt(counter)) & BITS_48;
    const chance = Array.from({ length: RANDOM }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    return `msg_${ordered.toString(16).padStart(12, '0')}${chance}`;
  };
}
