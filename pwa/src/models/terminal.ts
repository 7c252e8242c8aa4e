import type { Lease, Session } from '@afield/shared/api/sessions.ts';
import type { AttachOptions, TerminalHandlers, TerminalStream } from '@afield/shared/link/link.ts';
import { computed, createModel, effect, signal } from '@preact/signals';
import { composedTextStore } from '../platform/composed-text.ts';
import { readTerminalView, writeTerminalView } from '../platform/terminal-view.ts';
import { composedText, keySequence, type Latch, nextLatch } from './keys.ts';
import { createOutgoing } from './outgoing.ts';

/** What the model needs of a drawn terminal. */
export interface Drawn {
  resize(cols: number, rows: number): void;
  snapshot(bytes: Uint8Array, done: () => void): void;
  write(bytes: Uint8Array, done: () => void): void;
  modes(): { applicationCursor: boolean; bracketedPaste: boolean };
  scrollToBottom(): void;
}

export interface TerminalDeps {
  session: Pick<Session, 'id' | 'cols' | 'rows' | 'lease'> & { ended: boolean };
  attach(options: AttachOptions, handlers: TerminalHandlers): TerminalStream;
  /** Milliseconds since the epoch. */
  now(): number;
  later(run: () => void, ms: number): () => void;
  /** Kept by this device: how a foreign size is shown. */
  view: { read(): 'fit' | 'pan'; write(view: 'fit' | 'pan'): void };
  /** Kept by this device: what stands in the composer of this session. */
  kept: { read(): string; write(text: string): void };
}

export type Phase = 'connecting' | 'live' | 'lost' | 'ended' | 'forbidden' | 'failed';

/** Sizes settle this long before they are told, in ms: a keyboard that slides in passes through many. */
const SETTLE_MS = 150;

/** One terminal on this device: attaches when it is drawn, holds or leaves the size, and turns touches into bytes. */
export const TerminalSession = createModel((deps: TerminalDeps) => {
  const phase = signal<Phase>('connecting');
  const size = signal({ cols: deps.session.cols, rows: deps.session.rows });
  const lease = signal<'mine' | 'theirs' | 'free'>(deps.session.lease === null ? 'free' : 'theirs');
  const holder = signal(deps.session.lease?.device_name ?? '');
  const view = signal(deps.view.read());
  const ctrl = signal<Latch>('off');
  const alt = signal<Latch>('off');
  const composed = signal(deps.kept.read());
  const lastSeen = signal<number | null>(null);
  /** The line broke right after something was typed: it may not have arrived. Until the next key. */
  const uncertain = signal(false);
  const fault = signal<string | null>(null);
  /** Why nothing can be typed now; null: it can. */
  const held = computed(() => HELD[phase.value]);

  let stream: TerminalStream | null = null;
  /** This attachment's name among the session's viewers. */
  let viewer: string | null = null;
  let drawn: Drawn | null = null;
  let natural: { cols: number; rows: number } | null = null;
  let settling = () => {};

  const handlers: TerminalHandlers = {
    onAttached(attached) {
      viewer = attached.viewer;
      size.value = { cols: attached.cols, rows: attached.rows };
      if (attached.lease === 'held') lease.value = 'mine';
      else if (lease.value === 'mine') lease.value = 'theirs';
    },
    onSnapshot(bytes, offset, drawnFor) {
      if (phase.value !== 'ended') phase.value = 'live';
      lastSeen.value = deps.now();
      if (drawnFor !== null) {
        size.value = drawnFor;
        drawn?.resize(drawnFor.cols, drawnFor.rows);
      }
      drawn?.snapshot(bytes, () => stream?.consumed(offset));
    },
    onOutput(bytes, offset) {
      lastSeen.value = deps.now();
      drawn?.write(bytes, () => stream?.consumed(offset + bytes.length));
    },
    onInterrupted({ uncertainInputBytes }) {
      if (phase.value === 'live') phase.value = 'lost';
      uncertain.value = uncertainInputBytes > 0;
      outgoing.fail();
    },
    onClosed(reason, error) {
      if (reason === 'detached') return;
      outgoing.fail();
      fault.value = error?.message ?? null;
      phase.value = reason;
    },
  };

  const outgoing = createOutgoing({
    later: deps.later,
    send(data) {
      const sent = stream?.input(data) ?? false;
      if (sent) {
        uncertain.value = false;
        drawn?.scrollToBottom();
      }
      return sent;
    },
    onUnsent(unsent) {
      composed.value = [...unsent.texts, composed.value].filter((text) => text !== '').join('\n');
      if (unsent.uncertain) uncertain.value = true;
    },
  });

  /** What waits goes out first. */
  function detach() {
    outgoing.flush();
    stream?.detach();
    stream = null;
  }

  function attach(want: 'take' | 'look') {
    detach();
    const wanted = want === 'take' ? (natural ?? size.value) : size.value;
    stream = deps.attach({ session_id: deps.session.id, ...wanted, lease: want }, handlers);
  }

  /** Attaches once there is something to draw on and its size is known. Takes the size only where nobody holds it. */
  function begin() {
    if (drawn === null || natural === null || stream !== null) return;
    attach(lease.value === 'free' && !deps.session.ended ? 'take' : 'look');
  }

  const send = (data: string) => data === '' || outgoing.keys(data);

  const spend = () => {
    if (ctrl.value === 'once') ctrl.value = 'off';
    if (alt.value === 'once') alt.value = 'off';
  };

  const latched = () => ctrl.value !== 'off' || alt.value !== 'off';

  /** Typed into the terminal itself, on a keyboard. */
  function typed(data: string) {
    const one = latched() && [...data].length === 1;
    const keys = one ? keySequence(data, { ctrl: ctrl.value !== 'off', alt: alt.value !== 'off' }, false) : data;
    if (send(keys)) spend();
  }

  effect(() => deps.kept.write(composed.value));
  effect(() => () => {
    detach();
    drawn = null;
    settling();
    // whatever could not be sent any more went back to the composer
    deps.kept.write(composed.peek());
  });

  return {
    phase,
    size,
    lease,
    holder,
    view,
    ctrl,
    alt,
    composed,
    lastSeen,
    uncertain,
    fault,
    held,

    drawnOn(screen: Drawn | null) {
      if (screen === null) {
        detach();
        settling();
      }
      drawn = screen;
      begin();
    },
    /** Cells that fit on this device at a readable size. Told to the session only while this device holds the size. */
    naturalSize(next: { cols: number; rows: number }) {
      natural = next;
      begin();
      settling();
      if (lease.value !== 'mine' || (next.cols === size.value.cols && next.rows === size.value.rows)) return;
      settling = deps.later(() => {
        if (lease.value === 'mine' && phase.value === 'live')
          stream?.resize(next.cols, next.rows).catch(() => {
            // somebody else took the size, or the session ended: both are told by the session itself
          });
      }, SETTLE_MS);
    },
    /** What the session says of its size: somebody took it, gave it back or resized. */
    leaseChanged({ cols, rows, lease: now }: Pick<Session, 'cols' | 'rows' | 'lease'>) {
      size.value = { cols, rows };
      lease.value = leaseOf(now, viewer);
      holder.value = now?.device_name ?? '';
    },
    takeOver: () => attach('take'),
    giveBack() {
      lease.value = 'free';
      attach('look');
    },
    show(next: 'fit' | 'pan') {
      view.value = next;
      deps.view.write(next);
    },
    latch(modifier: 'ctrl' | 'alt') {
      const state = modifier === 'ctrl' ? ctrl : alt;
      state.value = nextLatch[state.value];
    },
    /** A key of the key bar, with what is latched. */
    press(key: string, also?: { ctrl: boolean }) {
      const modifiers = { ctrl: also?.ctrl === true || ctrl.value !== 'off', alt: alt.value !== 'off' };
      if (send(keySequence(key, modifiers, drawn?.modes().applicationCursor ?? false))) spend();
    },
    typed,
    /** The composer's text. With Ctrl or Alt latched, the next letter of the phone's keyboard is a key and not text. */
    compose(text: string) {
      const added = text.startsWith(composed.value) ? text.slice(composed.value.length) : '';
      if (!latched() || [...added].length !== 1) {
        composed.value = text;
        return false;
      }
      typed(added);
      return true;
    },
    /** Types what was composed, then Enter. What cannot be sent stays. */
    sendComposed() {
      if (held.value !== null) return;
      const text = composed.value;
      const data = composedText(text, drawn?.modes().bracketedPaste ?? false);
      composed.value = '';
      if (!outgoing.line(text, data)) composed.value = text;
    },
  };
});
export type TerminalModel = InstanceType<typeof TerminalSession>;

function leaseOf(lease: Lease | null, viewer: string | null): 'mine' | 'theirs' | 'free' {
  if (lease === null) return 'free';
  return lease.viewer === viewer ? 'mine' : 'theirs';
}

const HELD: Record<Phase, string | null> = {
  live: null,
  connecting: 'Kept on this device until the terminal is here.',
  lost: 'Kept on this device until the line is back.',
  ended: 'The session has ended. What you typed stays here.',
  forbidden: 'This device may not type here.',
  failed: 'Kept on this device: the terminal is not there.',
};

/** Brings the browser's clock and what this device keeps. */
export function openTerminal(deps: Pick<TerminalDeps, 'session' | 'attach'>): TerminalModel {
  return new TerminalSession({
    ...deps,
    now: Date.now,
    later(run, ms) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    view: { read: readTerminalView, write: writeTerminalView },
    kept: composedTextStore(deps.session.id),
  });
}
