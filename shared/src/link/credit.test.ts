import { describe, expect, it } from 'vitest';
import { MAX_UNACKED_BYTES, OUTPUT_BATCH_BYTES, OUTPUT_BATCH_MS, ViewerCredit } from './credit.ts';

const KB = 1024;
const SNAPSHOT_BYTES = 4000;
const PATTERN = Buffer.from(Uint8Array.from({ length: 1024 * KB }, (_, i) => i % 251));
const logBytes = (offset: number, length: number) => PATTERN.subarray(offset % 251, (offset % 251) + length);

/** A byte log, a viewer behind a line of a given speed, and the credit between them. Byte n of the log is n mod 251. */
class Bench {
  time = 0;
  logEnd = 0;
  /** What is under way to the viewer, oldest first: how many bytes, and what the viewer acks once they are drawn. */
  line: { bytes: number; offset: number }[] = [];
  readonly sent: { kind: 'output' | 'snapshot'; offset: number; bytes: number }[] = [];
  /** Position that the viewer expects next; null before its first snapshot. */
  position: number | null = null;
  worstQueue = 0;
  /** Output that arrives while a snapshot is being taken. */
  duringSnapshot = 0;
  readonly credit = new ViewerCredit(() => this.time);

  output(bytes: number): void {
    this.credit.push(this.logEnd, logBytes(this.logEnd, bytes));
    this.logEnd += bytes;
    this.#note();
  }

  /** Does what `next` says until there is nothing to do; returns the last step. */
  run(): string {
    for (;;) {
      const step = this.credit.next();
      if (step.kind === 'snapshot') {
        const offset = this.logEnd;
        if (this.duringSnapshot > 0) this.output(this.duringSnapshot);
        this.credit.snapshot(offset, SNAPSHOT_BYTES);
        this.#send('snapshot', offset, SNAPSHOT_BYTES);
        this.position = offset;
      } else if (step.kind === 'output') {
        expect(step.offset, 'output follows what the viewer has').toBe(this.position);
        expect(
          step.bytes.every((byte, i) => byte === (step.offset + i) % 251),
          'the bytes of the log',
        ).toBe(true);
        this.position = step.offset + step.bytes.length;
        this.#send('output', this.position, step.bytes.length);
      } else return step.kind === 'wait' ? `wait ${step.ms}` : 'rest';
    }
  }

  /** The viewer draws up to `bytes` and acks what is whole. */
  draw(bytes = Number.POSITIVE_INFINITY): void {
    let left = bytes;
    for (let first = this.line[0]; first !== undefined && left > 0; first = this.line[0]) {
      const drawn = Math.min(left, first.bytes);
      left -= drawn;
      first.bytes -= drawn;
      if (first.bytes > 0) return;
      this.line.shift();
      this.credit.ack(first.offset);
    }
  }

  #send(kind: 'output' | 'snapshot', offset: number, bytes: number): void {
    this.line.push({ bytes, offset });
    this.sent.push({ kind, offset, bytes });
    this.#note();
  }

  #note(): void {
    this.worstQueue = Math.max(this.worstQueue, this.credit.queuedBytes);
  }

  get snapshots(): number {
    return this.sent.filter(({ kind }) => kind === 'snapshot').length;
  }
}

function attached(): Bench {
  const bench = new Bench();
  bench.run();
  bench.draw();
  bench.time += 1000;
  return bench;
}

describe('ViewerCredit', () => {
  it('starts with a snapshot, whatever the size of the log', () => {
    const bench = new Bench();
    bench.logEnd = 100_000_000;
    expect(bench.run()).toBe('rest');
    expect(bench.sent).toEqual([{ kind: 'snapshot', offset: 100_000_000, bytes: SNAPSHOT_BYTES }]);
    expect(bench.credit.queuedBytes).toBe(SNAPSHOT_BYTES);
    bench.draw();
    expect(bench.credit.queuedBytes).toBe(0);
  });

  it('sends at once when the line is idle', () => {
    const bench = attached();
    bench.output(3);
    expect(bench.run()).toBe('rest');
    expect(bench.sent.at(-1)).toEqual({ kind: 'output', offset: 3, bytes: 3 });
  });

  it('never holds back the echo of a key, however fast one types', () => {
    const bench = attached();
    bench.time += OUTPUT_BATCH_MS;
    for (let key = 0; key < 4; key++) {
      bench.output(3);
      expect(bench.run()).toBe('rest');
      bench.draw();
      bench.time += 1;
    }
    expect(bench.sent.slice(-4).map((step) => step.bytes)).toEqual([3, 3, 3, 3]);
  });

  it('gathers a flood for the rest of 5 ms, or until 16 KiB are there', () => {
    const bench = attached();
    bench.time += OUTPUT_BATCH_MS;
    bench.output(2000);
    bench.run();
    bench.time += 1;
    bench.output(1000);
    bench.output(1000);
    expect(bench.run()).toBe('wait 4');
    bench.time += 4;
    expect(bench.run()).toBe('rest');
    expect(bench.sent.at(-1)?.bytes).toBe(2000);
    bench.output(OUTPUT_BATCH_BYTES - 1);
    expect(bench.run()).toBe(`wait ${OUTPUT_BATCH_MS}`);
    bench.output(2000);
    expect(bench.run()).toBe(`wait ${OUTPUT_BATCH_MS}`);
    expect(bench.sent.at(-1)?.bytes).toBe(OUTPUT_BATCH_BYTES);
  });

  it('gathers crumbs too, once there are many', () => {
    const bench = attached();
    bench.time += OUTPUT_BATCH_MS;
    const steps = Array.from({ length: 8 }, () => {
      bench.output(1);
      return bench.run();
    });
    expect(steps.slice(0, 4)).toEqual(['rest', 'rest', 'rest', 'rest']);
    expect(steps.slice(4).every((step) => step.startsWith('wait'))).toBe(true);
  });

  it('does not wait for ever when the clock jumps back', () => {
    const bench = attached();
    bench.output(1);
    bench.run();
    bench.time -= 1_000_000;
    bench.output(1);
    expect(bench.run()).toBe('rest');
  });

  it('a viewer that keeps up gets every byte and no second snapshot', () => {
    const bench = attached();
    for (let i = 0; i < 200; i++) {
      bench.output(50 * KB);
      bench.time += OUTPUT_BATCH_MS;
      bench.run();
      bench.draw();
    }
    expect(bench.snapshots).toBe(1);
    expect(bench.position).toBe(bench.logEnd);
  });

  it('stops at 256 KiB unacknowledged and skips to now once drained', () => {
    const bench = attached();
    for (let i = 0; i < 1000; i++) {
      bench.output(8 * KB);
      bench.run();
    }
    expect(bench.snapshots).toBe(1);
    expect(bench.worstQueue).toBe(MAX_UNACKED_BYTES);
    expect(bench.worstQueue).toBeLessThanOrEqual(270_000);
    bench.draw(200 * KB);
    bench.run();
    expect(bench.snapshots, 'a quarter is left to draw').toBe(2);
    bench.draw();
    bench.output(7);
    bench.time += OUTPUT_BATCH_MS;
    bench.run();
    expect(bench.position).toBe(bench.logEnd);
  });

  it('takes no snapshot before three quarters are drawn (hysteresis)', () => {
    const bench = attached();
    bench.output(MAX_UNACKED_BYTES);
    bench.time += OUTPUT_BATCH_MS;
    bench.run();
    bench.output(1);
    bench.draw(128 * KB);
    expect(bench.run()).toBe('rest');
    expect(bench.snapshots).toBe(1);
  });

  it('never has a second snapshot under way before the first is drawn', () => {
    const bench = new Bench();
    bench.run();
    bench.credit.skip();
    expect(bench.run()).toBe('rest');
    expect(bench.snapshots).toBe(1);
    bench.draw();
    bench.run();
    expect(bench.snapshots).toBe(2);
  });

  it('a 10 kB/s viewer in a flood: at most 270 kB queued, then soon less, and it sees the end', () => {
    const bench = attached();
    const step = 10;
    let lateWorst = 0;
    for (let ms = 0; ms < 120_000; ms += step) {
      bench.time += step;
      bench.output(20 * KB);
      bench.run();
      bench.draw(10 * step);
      if (ms > 60_000) lateWorst = Math.max(lateWorst, bench.credit.queuedBytes);
    }
    expect(bench.worstQueue).toBeLessThanOrEqual(270_000);
    expect(lateWorst, 'once its speed is known').toBeLessThanOrEqual(64 * KB);
    for (let ms = 0; ms < 10_000; ms += step) {
      bench.time += step;
      bench.run();
      bench.draw(10 * step);
    }
    expect(bench.position).toBe(bench.logEnd);
    expect(bench.credit.queuedBytes).toBe(0);
    expect(bench.snapshots).toBeGreaterThan(5);
  });

  it('gives a viewer that became fast its whole window back', () => {
    const bench = attached();
    for (let i = 0; i < 50; i++) {
      bench.output(32 * KB);
      bench.run();
      bench.time += 3000;
      bench.draw();
    }
    for (let i = 0; i < 20; i++) {
      bench.output(30 * KB);
      bench.time += OUTPUT_BATCH_MS;
      bench.run();
      bench.draw();
    }
    const before = bench.snapshots;
    bench.output(200 * KB);
    bench.time += OUTPUT_BATCH_MS;
    bench.run();
    expect(bench.snapshots).toBe(before);
    expect(bench.position).toBe(bench.logEnd);
  });

  it('lets output that came while the snapshot was taken follow it', () => {
    const bench = new Bench();
    bench.logEnd = 500;
    bench.duringSnapshot = 1000;
    bench.run();
    bench.time += OUTPUT_BATCH_MS;
    bench.run();
    expect(bench.sent.map(({ kind, offset }) => [kind, offset])).toEqual([
      ['snapshot', 500],
      ['output', 1500],
    ]);
  });

  it('trims what a newer snapshot already shows', () => {
    const credit = new ViewerCredit(() => 0);
    expect(credit.next().kind).toBe('snapshot');
    credit.push(0, new Uint8Array(100));
    credit.snapshot(60, 10);
    credit.push(50, new Uint8Array(60));
    const step = credit.next();
    expect(step).toMatchObject({ kind: 'output', offset: 60 });
    expect(step.kind === 'output' && step.bytes.length).toBe(50);
    expect(credit.queuedBytes).toBe(10 + 50);
  });

  it('shows a snapshot that a flood outran, and another after it', () => {
    const bench = new Bench();
    bench.duringSnapshot = 2 * MAX_UNACKED_BYTES;
    bench.run();
    expect(bench.snapshots).toBe(1);
    expect(bench.credit.next()).toEqual({ kind: 'rest' });
    bench.draw();
    bench.run();
    expect(bench.snapshots).toBe(2);
    bench.duringSnapshot = 0;
    bench.draw();
    bench.run();
    expect(bench.position).toBe(bench.logEnd);
  });

  it('asks once, even when skipping while the snapshot is being taken', () => {
    const credit = new ViewerCredit(() => 0);
    expect(credit.next().kind).toBe('snapshot');
    credit.skip();
    expect(credit.next().kind).toBe('rest');
    credit.snapshot(0, 10);
    expect(credit.next().kind).toBe('rest');
    credit.ack(0);
    expect(credit.next().kind).toBe('snapshot');
  });

  it('skips when the log has a hole', () => {
    const bench = attached();
    bench.credit.push(5, new Uint8Array(1));
    expect(bench.credit.next()).toEqual({ kind: 'snapshot' });
  });

  it('takes a lying ack for no more than what was sent', () => {
    const bench = attached();
    bench.output(100);
    bench.run();
    bench.credit.ack(Number.MAX_SAFE_INTEGER);
    expect(bench.credit.unackedBytes).toBe(0);
    bench.output(50);
    bench.credit.ack(0);
    bench.time += OUTPUT_BATCH_MS;
    bench.run();
    expect(bench.credit.unackedBytes).toBe(50);
  });

  it('holds its promises in ten thousand random steps', () => {
    const bench = new Bench();
    let seed = 42;
    const random = (n: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % n;
    };
    for (let i = 0; i < 10_000; i++) {
      bench.time += random(20);
      if (random(3) === 0) bench.output(random(random(10) === 0 ? 100 * KB : 500));
      if (random(3) === 0) bench.draw(random(4000));
      if (random(500) === 0) bench.credit.skip();
      bench.duringSnapshot = random(5) === 0 ? random(400 * KB) : 0;
      bench.run();
      expect(bench.credit.queuedBytes).toBeLessThanOrEqual(MAX_UNACKED_BYTES + SNAPSHOT_BYTES);
    }
    bench.duringSnapshot = 0;
    for (let i = 0; i < 3; i++) {
      bench.draw();
      bench.time += OUTPUT_BATCH_MS;
      bench.run();
    }
    expect(bench.position).toBe(bench.logEnd);
    expect(bench.snapshots).toBeGreaterThan(10);
  });
});
