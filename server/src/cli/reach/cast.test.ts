import { expect, it } from 'vitest';
import { printedText } from './cast.ts';

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function read(text: string, size: number): Promise<string[]> {
  const out: string[] = [];
  for await (const part of printedText(pieces(text, size))) out.push(part);
  return out;
}
const CAST = '{"version":2,"width":80,"height":24}\n[0.1,"o","hé\\r\\n"]\n[0.2,"r","100x30"]\n[0.3,"i","x"]\n[0.4,"o","\\u001b[31m配"]\n';

it.each([1, 3, 1000])('gives what was printed, from pieces of %i bytes', async (size) => {
  expect(await read(CAST, size)).toEqual(['hé\r\n', '\x1b[31m配']);
});

it('leaves out a last line that is half there', async () => {
  expect(await read(`${CAST}[0.5,"o","ha`, 7)).toEqual(['hé\r\n', '\x1b[31m配']);
});

it('gives up on a line without an end', async () => {
  await expect(read(`${'x'.repeat(5_000_000)}`, 100_000)).rejects.toThrow(/no recording/);
});
