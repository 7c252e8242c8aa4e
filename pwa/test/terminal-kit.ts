import type { TerminalHandlers } from '@afield/shared/link/link.ts';
import { type TerminalDeps, TerminalSession } from '../src/models/terminal.ts';
import type { TerminalView } from '../src/platform/terminal-view.ts';

/** A stream that keeps what was sent, a screen that draws at once, and timers that run when told. */
export function makeTerminal(over: Partial<TerminalDeps['session']> = {}, text = '', view: TerminalView | null = null) {
  const sent: string[] = [];
  const kept = { text };
  const asked: string[] = [];
  const consumed: number[] = [];
  const timers: (() => void)[] = [];
  let handlers!: TerminalHandlers;
  let sendable = true;
  let tellVisible: (visible: boolean) => void = () => {};
  const model = new TerminalSession({
    session: { id: 's1', cols: 200, rows: 50, lease: null, ended: false, fresh: true, ...over },
    attach(options, given) {
      asked.push(`${options.lease} ${options.cols}x${options.rows}`);
      handlers = given;
      return {
        session_id: options.session_id,
        attached: null,
        sendable: true,
        input: (data) => {
          if (sendable) sent.push(String(data));
          return sendable;
        },
        resize: async (cols, rows) => void asked.push(`resize ${cols}x${rows}`),
        consumed: (offset) => consumed.push(offset),
        look: () => void asked.push('look on'),
        detach: () => asked.push('detach'),
      };
    },
    now: () => 1000,
    later(run) {
      timers.push(run);
      return () => timers.splice(timers.indexOf(run), 1);
    },
    older: () => new Promise(() => {}),
    view: { read: () => view, write: (next) => void asked.push(`keep ${next}`) },
    watchVisible(listener) {
      tellVisible = listener;
      return () => {};
    },
    kept: { read: () => kept.text, write: (next) => void Object.assign(kept, { text: next }) },
  });
  const modes = { applicationCursor: false, bracketedPaste: false };
  const drawn = {
    snapshot(_: Uint8Array, size: { cols: number; rows: number } | null, done: () => void) {
      if (size !== null) asked.push(`drawn ${size.cols}x${size.rows}`);
      done();
    },
    write: (_: Uint8Array, done: () => void) => done(),
    deepen: () => {},
    size: () => ({ cols: 200, rows: 50 }),
    room: () => 1000,
    modes: () => modes,
    toNewest: () => {},
  };
  const live = () => {
    model.drawnOn(drawn);
    model.naturalSize({ cols: 46, rows: 28 });
    handlers.onAttached?.({ stream: 1, viewer: 'me', offset: 0, cols: 200, rows: 50, lease: 'look' });
    handlers.onSnapshot(new Uint8Array(3), 100, null);
  };
  return {
    model,
    sent,
    kept,
    asked,
    consumed,
    modes,
    drawn,
    live,
    run: () => timers.splice(0).forEach((timer) => void timer()),
    handlers: () => handlers,
    visible: (now: boolean) => tellVisible(now),
    cut() {
      sendable = false;
    },
  };
}
