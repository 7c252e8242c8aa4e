/** Fingers on a phone's screen, as the browser's own input (Chrome DevTools Protocol, `Input.dispatchTouchEvent`). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Phone } from './phone.ts';

interface Point {
  x: number;
  y: number;
}

export interface Fingers {
  tap(at: Point): Promise<void>;
  /** Rests until it counts as held, then moves through the points, and lets go. */
  hold(at: Point, ...to: Point[]): Promise<void>;
  drag(from: Point, to: Point): Promise<void>;
  pinch(centre: Point, from: number, to: number): Promise<void>;
}

const HOLD_MS = 700;
const STEPS = 6;

export async function fingersOf({ page, context }: Phone): Promise<Fingers> {
  const cdp = await context.newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: Point[]) =>
    cdp.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(({ x, y }, id) => ({ x, y, id })) });
  const between = (from: Point, to: Point) =>
    Array.from({ length: STEPS }, (_, i) => {
      const part = (i + 1) / STEPS;
      return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
    });
  return {
    async tap(at) {
      await touch('touchStart', at);
      await touch('touchEnd');
    },
    async hold(at, ...to) {
      await touch('touchStart', at);
      await sleep(HOLD_MS);
      let last = at;
      for (const next of to) {
        for (const point of between(last, next)) await touch('touchMove', point);
        last = next;
      }
      await touch('touchEnd');
    },
    async drag(from, to) {
      await touch('touchStart', from);
      for (const point of between(from, to)) await touch('touchMove', point);
      await touch('touchEnd');
    },
    async pinch(centre, from, to) {
      const pair = (apart: number) => [
        { x: centre.x - apart / 2, y: centre.y },
        { x: centre.x + apart / 2, y: centre.y },
      ];
      await touch('touchStart', ...pair(from));
      for (let i = 1; i <= STEPS; i++) await touch('touchMove', ...pair(from + ((to - from) * i) / STEPS));
      await touch('touchEnd');
    },
  };
}
