/** One live attachment. It has its own queue and its own pace: neither the agent nor another viewer ever waits for it. */

import { ViewerCredit } from '@afield/shared/link/credit.ts';
import { FRAME_OUTPUT, FRAME_SNAPSHOT } from '@afield/shared/link/frames.ts';
import type { Clock } from '../ports.ts';
import type { ViewerSink } from '../service.ts';

export interface Snapshot {
  offset: number;
  bytes: Uint8Array;
}

export class Viewer {
  readonly sink: ViewerSink;
  readonly #clock: Clock;
  readonly #credit: ViewerCredit;
  readonly #takeSnapshot: () => Promise<Snapshot>;
  readonly #broken: (viewer: Viewer) => void;
  #timer: { cancel(): void } | null = null;
  /** Position after what was handed to the sink last. */
  #sent = -1;
  #last: Snapshot | null = null;
  #started = false;
  #closed = false;

  /** `takeSnapshot` must show everything that was output before it is called. `broken`: it can no longer be written to; close it. */
  constructor(sink: ViewerSink, clock: Clock, takeSnapshot: () => Promise<Snapshot>, broken: (viewer: Viewer) => void) {
    this.sink = sink;
    this.#clock = clock;
    this.#credit = new ViewerCredit(() => clock.monotonic());
    this.#takeSnapshot = takeSnapshot;
    this.#broken = broken;
  }

  /** Sends the first snapshot; what is output from now on follows it. */
  start(): void {
    this.#started = true;
    this.#pump();
  }

  output(offset: number, bytes: Uint8Array): void {
    this.#credit.push(offset, bytes);
    this.#pump();
  }

  ack(offset: number): void {
    this.#credit.ack(offset);
    this.#pump();
  }

  /** The terminal has another size: what is queued was drawn for the old one. */
  resized(): void {
    this.#credit.skip();
    this.#pump();
  }

  /** Nothing will be output any more. Sends what is left, or `last` when the viewer is behind, then closes. */
  finish(last: Snapshot): void {
    this.#last = last;
    this.start();
  }

  close(reason: 'ended' | 'detached' | 'forbidden'): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.sink.closed(reason);
  }

  #pump(): void {
    this.#timer?.cancel();
    this.#timer = null;
    while (this.#started && !this.#closed) {
      const step = this.#credit.next();
      if (step.kind === 'output') {
        this.#sent = step.offset + step.bytes.length;
        this.#give(FRAME_OUTPUT, step.offset, step.bytes);
      } else if (step.kind === 'wait') {
        this.#timer = this.#clock.setTimeout(() => this.#pump(), step.ms);
        return;
      } else {
        if (this.#last !== null) this.#sendLast(this.#last);
        else if (step.kind === 'snapshot') void this.#takeSnapshot().then((snapshot) => this.#show(snapshot));
        return;
      }
    }
  }

  #show(snapshot: Snapshot): void {
    if (this.#closed) return;
    this.#send(snapshot);
    this.#credit.snapshot(snapshot.offset, snapshot.bytes.length);
    this.#pump();
  }

  #sendLast(last: Snapshot): void {
    if (this.#sent !== last.offset) this.#send(last);
    this.close('ended');
  }

  #send({ offset, bytes }: Snapshot): void {
    this.#sent = offset;
    this.#give(FRAME_SNAPSHOT, offset, bytes);
  }

  /** A line that breaks while it is written to is this viewer's end, not the session's. */
  #give(kind: typeof FRAME_OUTPUT | typeof FRAME_SNAPSHOT, offset: number, bytes: Uint8Array): void {
    try {
      this.sink.send(kind, offset, bytes);
    } catch {
      this.#broken(this);
    }
  }
}
