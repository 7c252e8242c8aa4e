import type { PushMessage } from '@afield/shared/api/push.ts';
import { appPath } from '../platform/worker-messages.ts';

/** What is kept with a shown notification. */
export interface NoticeData {
  path: string;
  kind: string;
  seq: number;
}
export interface Notice {
  title: string;
  body: string;
  tag: string;
  /** Shown without a sound. */
  quiet: boolean;
  data: NoticeData;
  /** Unix ms. */
  timestamp: number;
}

const MAX_TITLE_CHARS = 200;
const MAX_BODY_CHARS = 500;

/**
 * Reads the payload of a push. Never fails: a browser that gets no notification for a push takes the subscription away, so what
 * cannot be read is shown as such.
 */
export function readNotice(payload: unknown, origin: string, now: number): Notice {
  const message = (typeof payload === 'object' && payload !== null ? payload : {}) as { [K in keyof PushMessage]?: unknown };
  const text = (value: unknown, maxChars: number) => (typeof value === 'string' ? value.slice(0, maxChars) : '');
  const title = text(message.title, MAX_TITLE_CHARS);
  const known = title !== '';
  const time = Date.parse(text(message.timestamp, 40));
  return {
    title: known ? title : 'Something happened at home',
    body: known ? text(message.body, MAX_BODY_CHARS) : 'Open Afield to see what it was.',
    tag: text(message.tag, 100) || 'afield',
    quiet: message.quiet === true,
    data: {
      path: appPath(message.path, origin),
      kind: text(message.kind, 40),
      seq: typeof message.seq === 'number' && Number.isSafeInteger(message.seq) ? message.seq : -1,
    },
    timestamp: Number.isNaN(time) ? now : time,
  };
}
