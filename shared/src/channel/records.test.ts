import { describe, expect, it } from 'vitest';
import { type Body, encodeBody, MAX_BODY_BYTES, MAX_RECORD_BODY_BYTES, paddedLength, RECORD, Reassembly } from './records.ts';

const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index % 253);
const message = (bytes: Uint8Array): Body => ({ type: RECORD.message, deflated: false, bytes });
const joined = (body: Body): Body | null => {
  const reassembly = new Reassembly();
  let whole: Body | null = null;
  for (const record of encodeBody(body)) {
    expect(whole).toBeNull();
    whole = reassembly.add(record);
  }
  return whole;
};

describe('paddedLength', () => {
  it.each([
    [0, 256],
    [256, 256],
    [257, 272],
    [272, 272],
    [273, 288],
    [511, 512],
    [513, 544],
    [1025, 1088],
    [16_401, 17_408],
    [65_519, 65_519],
  ])('%i becomes %i', (length, padded) => {
    expect(paddedLength(length)).toBe(padded);
  });

  it('never cuts, never grows by more than 12 %, and has few outcomes', () => {
    const outcomes = new Set<number>();
    for (let length = 257; length <= 65_519; length++) {
      const padded = paddedLength(length);
      expect(padded >= length && padded <= length * 1.12).toBe(true);
      outcomes.add(padded);
    }
    expect(outcomes.size).toBeLessThan(140);
  });
});

describe('records', () => {
  it.each([0, 1, 252, 253, MAX_RECORD_BODY_BYTES - 1, MAX_RECORD_BODY_BYTES, MAX_RECORD_BODY_BYTES + 1, 2 * MAX_RECORD_BODY_BYTES])(
    'give a body of %i bytes back',
    (length) => {
      for (const deflated of [false, true]) {
        const body: Body = { type: RECORD.frame, deflated, bytes: bytesOf(length) };
        expect(joined(body)).toEqual(body);
      }
    },
  );

  it('look as the protocol says', () => {
    const [record] = encodeBody({ type: RECORD.frame, deflated: true, bytes: Uint8Array.of(7, 8) });
    expect([...(record as Uint8Array).subarray(0, 7)]).toEqual([2, 2, 0, 2, 7, 8, 0]);
    const [first, last] = encodeBody(message(bytesOf(MAX_RECORD_BODY_BYTES + 1)));
    expect([...(first as Uint8Array).subarray(0, 4)]).toEqual([1, 1, 0xff, 0xeb]);
    expect((first as Uint8Array).length).toBe(65_519);
    expect([...(last as Uint8Array).subarray(0, 5)]).toEqual([1, 0, 0, 1, MAX_RECORD_BODY_BYTES % 253]);
  });

  it('A20: a flood of parts that go on stops at 8 MiB', () => {
    const [full] = encodeBody(message(bytesOf(MAX_RECORD_BODY_BYTES + 1)));
    const reassembly = new Reassembly();
    let taken = 0;
    expect(() => {
      for (; taken < 1000; taken++) reassembly.add((full as Uint8Array).slice());
    }).toThrow('too long');
    expect(taken).toBe(Math.floor(MAX_BODY_BYTES / MAX_RECORD_BODY_BYTES));
  });

  it('A20: the greatest body fits, one byte more does not', () => {
    expect(joined(message(bytesOf(MAX_BODY_BYTES)))?.bytes.length).toBe(MAX_BODY_BYTES);
    expect(() => joined(message(bytesOf(MAX_BODY_BYTES + 1)))).toThrow('too long');
  });

  it.each([
    ['another type', message(Uint8Array.of(1)), RECORD.frame, false],
    ['a changed flag', message(Uint8Array.of(1)), RECORD.message, true],
    ['a goodbye', message(Uint8Array.of(1)), RECORD.goodbye, false],
  ])('A20: %s in the middle of a body is refused', (_name, body, type, deflated) => {
    const reassembly = new Reassembly();
    const [first] = encodeBody(message(bytesOf(MAX_RECORD_BODY_BYTES + 1)));
    expect(reassembly.add(first as Uint8Array)).toBeNull();
    const [intruder] = encodeBody({ ...body, type, deflated });
    expect(() => reassembly.add(intruder as Uint8Array)).toThrow('within');
  });

  it('A20: an empty last part is refused', () => {
    const reassembly = new Reassembly();
    const [first] = encodeBody(message(bytesOf(MAX_RECORD_BODY_BYTES + 1)));
    reassembly.add(first as Uint8Array);
    const [empty] = encodeBody(message(new Uint8Array(0)));
    expect(() => reassembly.add(empty as Uint8Array)).toThrow('empty');
  });
});
