import { FRAME_SNAPSHOT } from '@afield/shared/link/frames.ts';
import type { Attachment, ViewerSink } from '../service.ts';
import type { ScreenSize } from './screen.ts';
import type { Snapshot } from './viewer.ts';

/** Whoever looks at a session that is over gets its last screen, and that is all. */
export function endedAttachment(sink: ViewerSink, { cols, rows }: ScreenSize, last: Snapshot): Attachment {
  let closed = false;
  const close = (reason: 'ended' | 'detached') => {
    if (closed) return;
    closed = true;
    sink.closed(reason);
  };
  // After the caller has heard where its stream begins.
  setImmediate(() => {
    if (closed) return;
    sink.send(FRAME_SNAPSHOT, last.offset, last.bytes);
    close('ended');
  });
  const nothing = () => {};
  return { cols, rows, lease: 'look', offset: last.offset, input: nothing, resize: nothing, ack: nothing, detach: () => close('detached') };
}
