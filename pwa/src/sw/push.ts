import type { PushRecord } from '../platform/push-record.ts';
import { type Notice, type NoticeData, readNotice } from './notice.ts';
import { type Scope, tellPages } from './scope.ts';

/** Not yet in the type library. */
type ShownOptions = NotificationOptions & { renotify?: boolean; timestamp?: number };

/** A push arrived: shows it, whatever it holds, then leaves word for the page, which tells home. */
export async function onPush(scope: Scope, record: PushRecord, payload: unknown, now: number): Promise<void> {
  const notice = readNotice(payload, scope.origin, now);
  await show(scope, notice);
  const arrival = { seq: notice.data.seq, kind: notice.data.kind, at: now };
  await Promise.allSettled([
    record.writeArrival(arrival).then(() => tellPages(scope, { type: 'push-arrived', arrival })),
    countOnBadge(scope),
  ]);
}

/** One notification a tag. One that was overtaken on its way shows the newer again, quietly: something must be shown. */
async function show(scope: Scope, notice: Notice): Promise<void> {
  const [shown] = await scope.registration.getNotifications({ tag: notice.tag }).catch(() => []); // then it is simply shown
  const data = shown?.data as NoticeData | undefined;
  const overtaken = shown !== undefined && data !== undefined && data.seq > notice.data.seq;
  const options: ShownOptions = {
    body: overtaken ? shown.body : notice.body,
    data: overtaken ? data : notice.data,
    tag: notice.tag,
    renotify: !overtaken && !notice.quiet,
    silent: overtaken || notice.quiet,
    timestamp: notice.timestamp,
    icon: '/icons/192.png',
    lang: 'en',
  };
  await scope.registration.showNotification(overtaken ? shown.title : notice.title, options);
}

/** The number on the app's icon: sessions that wait for their person. Where there is no such thing, nothing. */
export async function countOnBadge(scope: Scope): Promise<void> {
  const shown = await scope.registration.getNotifications();
  const waiting = shown.filter(({ data }) => (data as NoticeData | undefined)?.kind === 'waiting').length;
  if (waiting > 0) await scope.navigator.setAppBadge?.(waiting);
  else await scope.navigator.clearAppBadge?.();
}
