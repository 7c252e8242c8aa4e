/**
 * A snapshot says first for which size it was drawn (`CSI 8 ; rows ; cols t`, as a terminal is asked to resize): the event that tells
 * of a new size travels beside the frames, and a screen drawn into another size is wrong until the next one.
 */
export interface SnapshotSize {
  cols: number;
  rows: number;
}

const ESC = 0x1b;
/** What follows ESC. */
const PREFIX = /^\[8;(\d{1,4});(\d{1,4})t/;
/** The longest prefix: four digits each. */
const MAX_PREFIX_BYTES = 14;

export function sizePrefix({ cols, rows }: SnapshotSize): string {
  return `\x1b[8;${rows};${cols}t`;
}

/** The size, and what is left for the terminal. Without a prefix the size is null. */
export function splitSnapshot(bytes: Uint8Array): { size: SnapshotSize | null; bytes: Uint8Array } {
  const found = bytes[0] === ESC ? PREFIX.exec(String.fromCharCode(...bytes.subarray(1, MAX_PREFIX_BYTES))) : null;
  if (found === null) return { size: null, bytes };
  return { size: { rows: Number(found[1]), cols: Number(found[2]) }, bytes: bytes.subarray(1 + found[0].length) };
}
