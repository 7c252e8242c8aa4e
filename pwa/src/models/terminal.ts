import type { Lease, Session } from '@afield/shared/api/sessions.ts';
import type { AttachOptions, TerminalHandlers, TerminalStream } from '@afield/shared/link/link.ts';
import { computed, createModel, effect, signal } from '@preact/signals';
import type { TerminalView } from '../platform/terminal-view.ts';
import { createOutgoing } from './outgoing.ts';
import { watchSizeAway } from './size-away.ts';
import { createFeed, type FedScreen, type Older } from './terminal-feed.ts';
import { HELD, type Phase } from './terminal-phase.ts';
import { createTyping, type Modes, type TypingDeps } from './terminal-typing.ts';

/** What the model needs of a drawn terminal. */
export interface Drawn extends FedScreen {
  modes(): Modes;
  /** Something was typed: its answer should be seen. */
  toNewest(): void;
}

export interface TerminalDeps {
  /** `fresh`: as home says it now, and not as this device remembers it. */
  session: Pick<Session, 'id' | 'cols' | 'rows' | 'lease'> & { ended: boolean; fresh: boolean };
  attach(options: AttachOptions, handlers: TerminalHandlers): TerminalStream;
  /** The screen with the lines above it. */
  older(): Promise<Older>;
  /** Milliseconds since the epoch. */
  now(): number;
  later(run: () => void, ms: number): () => void;
  /** Kept by this device for this session: how it is shown. Null: not chosen yet. */
  view: { read(): TerminalView | null; write(view: TerminalView): void };
  /** Hears whether somebody can see this page; returns how to stop. */
  watchVisible(listener: (visible: boolean) => void): () => void;
  kept: TypingDeps['kept'];
}

/** Sizes settle this long before they are told, in ms: a keyboard that slides in passes through many. */
const SETTLE_MS = 150;
/** A line that is cut for longer takes the size back no more, in ms. */
const KEEP_MS = 30_000;
/** A screen that must be drawn smaller than this part of a readable size is shown as text unless somebody chose. */
const LEGIBLE = 0.45;

/** One terminal on this device: attaches when it is drawn, holds or leaves the size, and turns touches into bytes. */
export const TerminalSession = createModel((deps: TerminalDeps) => {
  const phase = signal<Phase>('connecting');
  const size = signal({ cols: deps.session.cols, rows: deps.session.rows });
  const lease = signal<'mine' | 'theirs' | 'free'>(deps.session.lease === null ? 'free' : 'theirs');
  const holder = signal(deps.session.lease?.device_name ?? '');
  const chosen = signal(deps.view.read());
  /** Cells that fit on this device at a readable size. */
  const natural = signal<{ cols: number; rows: number } | null>(null);
  /** Without a choice: all of it where that can still be read, else its text. */
  const view = computed<TerminalView>(() => {
    const wide = natural.value !== null && size.value.cols * LEGIBLE > natural.value.cols;
    const wanted = chosen.value ?? (wide ? 'text' : 'fit');
    return wanted === 'fit' && lease.value === 'mine' ? 'actual' : wanted;
  });
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
  let settling = () => {};
  /** Who decides the size is known. */
  let fresh = deps.session.fresh;
  let giveUp = () => {};

  const feed = createFeed({ consumed: (offset) => stream?.consumed(offset), older: deps.older, later: deps.later });

  const handlers: TerminalHandlers = {
    onAttached(attached) {
      viewer = attached.viewer;
      giveUp();
      size.value = { cols: attached.cols, rows: attached.rows };
      if (attached.lease === 'held') lease.value = 'mine';
      else if (lease.value === 'mine') lease.value = 'theirs';
    },
    onSnapshot(bytes, offset, drawnFor) {
      if (phase.value !== 'ended') phase.value = 'live';
      lastSeen.value = deps.now();
      if (drawnFor !== null) size.value = drawnFor;
      feed.snapshot(bytes, offset, drawnFor);
    },
    onOutput(bytes, offset) {
      lastSeen.value = deps.now();
      feed.output(bytes, offset);
    },
    onInterrupted({ uncertainInputBytes }) {
      if (phase.value === 'live') phase.value = 'lost';
      uncertain.value = uncertainInputBytes > 0;
      outgoing.fail();
      // a short cut takes the size along, a long one leaves it to whoever looks
      giveUp();
      giveUp = deps.later(() => phase.value === 'lost' && stream?.look(), KEEP_MS);
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
        drawn?.toNewest();
      }
      return sent;
    },
    onUnsent(unsent) {
      typing.unsent(unsent.texts);
      if (unsent.uncertain) uncertain.value = true;
    },
  });

  const typing = createTyping({
    kept: deps.kept,
    held,
    modes: () => drawn?.modes() ?? null,
    keys: outgoing.keys,
    line: outgoing.line,
  });

  /** What waits goes out first. */
  function detach() {
    outgoing.flush();
    stream?.detach();
    stream = null;
  }

  function attach(want: 'take' | 'look') {
    detach();
    const wanted = want === 'take' ? (natural.value ?? size.value) : size.value;
    stream = deps.attach({ session_id: deps.session.id, ...wanted, lease: want }, handlers);
  }

  /** Attaches once there is something to draw on, its size is known, and who holds it. Takes it only where nobody does. */
  function begin() {
    if (drawn === null || natural.value === null || !fresh || stream !== null) return;
    attach(lease.value === 'free' && !deps.session.ended ? 'take' : 'look');
  }

  function giveBack() {
    lease.value = 'free';
    attach('look');
  }

  const isLive = () => phase.value === 'live' && drawn !== null;
  const unwatch = watchSizeAway({
    watchVisible: deps.watchVisible,
    later: deps.later,
    holds: () => lease.value === 'mine' && drawn !== null,
    free: () => lease.value === 'free' && isLive(),
    // without a line there is nobody to tell: it is not taken again
    giveBack: () => (isLive() ? giveBack() : stream?.look()),
    take: () => attach('take'),
  });

  effect(() => () => {
    unwatch();
    giveUp();
    feed.drawOn(null);
    detach();
    drawn = null;
    settling();
    // whatever could not be sent any more went back to the composer
    typing.keep();
  });

  return {
    phase,
    size,
    lease,
    holder,
    view,
    lastSeen,
    uncertain,
    fault,
    held,
    waiting: feed.waiting,
    older: feed.older,
    read: feed.read,
    wantOlder: feed.wantOlder,
    ctrl: typing.ctrl,
    alt: typing.alt,
    composed: typing.composed,
    question: typing.question,
    latch: typing.latch,
    press: typing.press,
    typed: typing.typed,
    compose: typing.compose,
    sendComposed: typing.sendComposed,
    paste: typing.paste,
    answer: typing.answer,

    drawnOn(screen: Drawn | null) {
      if (screen === null) {
        detach();
        settling();
      }
      drawn = screen;
      feed.drawOn(screen);
      begin();
    },
    /** Told to the session only while this device holds the size. */
    naturalSize(next: { cols: number; rows: number }) {
      natural.value = next;
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
      fresh = true;
      if (lease.value === 'theirs') stream?.look();
      begin();
    },
    takeOver() {
      // who takes the size wants to see the terminal in it
      if (chosen.value === 'text') chosen.value = 'actual';
      attach('take');
    },
    giveBack,
    show(next: TerminalView) {
      chosen.value = next;
      deps.view.write(next);
    },
  };
});
export type TerminalModel = InstanceType<typeof TerminalSession>;

function leaseOf(lease: Lease | null, viewer: string | null): 'mine' | 'theirs' | 'free' {
  if (lease === null) return 'free';
  return lease.viewer === viewer ? 'mine' : 'theirs';
}
