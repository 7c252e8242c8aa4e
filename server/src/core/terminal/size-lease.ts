/** Who decides how large a session's terminal is (protocol 3.6): the last that typed or resized, never one that only looks. */
import type { Lease } from '@afield/shared/api/sessions.ts';
import type { ScreenSize } from './screen.ts';

/** A viewer that takes part: `lease: take`, or it resized once. */
interface Member extends ScreenSize {
  viewer: string;
  device_name: string;
}

export class SizeLease {
  /** The last that took it stands at the end and holds it. */
  #members: Member[] = [];

  get holder(): Lease | null {
    return this.#members.at(-1) ?? null;
  }

  holds(viewer: string): boolean {
    return this.holder?.viewer === viewer;
  }

  /** Takes it, and keeps the size for later. */
  take(viewer: string, device_name: string, { cols, rows }: ScreenSize): void {
    this.#members = [...this.#members.filter((m) => m.viewer !== viewer), { viewer, device_name, cols, rows }];
  }

  /** A key was pressed: takes it back for a viewer that had it once. True when the holder changed. */
  typed(viewer: string): boolean {
    const member = this.#members.find((m) => m.viewer === viewer);
    if (member === undefined || this.holds(viewer)) return false;
    this.take(viewer, member.device_name, member);
    return true;
  }

  /** A viewer left. The one that had it before gets it again. True when the holder changed. */
  leave(viewer: string): boolean {
    const held = this.holds(viewer);
    this.#members = this.#members.filter((m) => m.viewer !== viewer);
    return held;
  }
}
