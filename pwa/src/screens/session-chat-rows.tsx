import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { ENDED } from '@afield/shared/api/sessions.ts';
import type { ComponentChildren } from 'preact';
import { type Chat, type ChatRow, deliveryOf, isAnswered } from '../models/chat.ts';
import type { KeptPrompt } from '../models/chat-outbox.ts';
import { atHome, isPicture, onDevice } from '../ui/chat/given-context.ts';
import { Mine, Notice, Theirs, Thought, type TicksProps } from '../ui/chat/message.tsx';
import { Plan } from '../ui/chat/plan.tsx';
import { ToolCall } from '../ui/chat/tool.tsx';
import { printable } from '../ui/printable.ts';
import { clock, lastSeen } from '../ui/time.ts';

/** A pause between two messages that is worth its time of day, in ms. */
const PAUSE_MS = 30 * 60_000;
/** Wrapped lines of a phone, for the guess at a height. */
const PER_LINE = 40;
const LINE_PX = 24;

const linesIn = (text: string): number => text.split('\n').reduce((sum, line) => sum + 1 + Math.floor(line.length / PER_LINE), 0);

/** Previews stand two in a row; every other file has its line. In px. */
function filesHigh(files: readonly { media_type: string }[]): number {
  const pictures = files.filter(isPicture).length;
  return Math.ceil(pictures / 2) * 134 + (files.length - pictures) * 44;
}

/** About how high a row will be, in px; what is drawn is measured. */
export function guessHeight(chat: Chat, row: ChatRow | undefined): number {
  if (row === undefined) return 60;
  if (row.kind !== 'item') return 70 + linesIn(row.prompt.content.slice(0, 1200)) * LINE_PX + filesHigh(row.prompt.attachments);
  const item = chat.item(row.id)?.peek();
  switch (item?.kind) {
    case 'message':
      if (item.role === 'agent') return 12 + linesIn(item.text) * LINE_PX;
      return 70 + linesIn(item.text.slice(0, 1200)) * LINE_PX + filesHigh(item.attachments);
    case 'plan':
      return 60 + item.steps.length * 26;
    case 'approval':
      return 260;
    case 'notice':
      return 40 + linesIn(item.text) * 20;
    default:
      return 46;
  }
}

/** What stands folded in one line keeps close to its like. */
const isLine = (item: ChatItem | undefined): boolean => item?.kind === 'tool' || item?.kind === 'thought';

export interface RowsContext {
  chat: Chat;
  session: Session;
  live: boolean;
  /** The card of an approval. */
  approval(id: string, place: string): ComponentChildren;
  /** Changes whenever rows come or go. */
  place: string;
  onQueue(): void;
  onKept(prompt: KeptPrompt): void;
  /** One that the agent did not get. */
  onStuck(prompt: Prompt): void;
}

/** One row, with what stands before it. */
export function Row({ row, before, context }: { row: ChatRow; before: ChatRow | undefined; context: RowsContext }) {
  switch (row.kind) {
    case 'kept':
      return (
        <Mine
          text={row.prompt.content}
          files={row.prompt.attachments.map(onDevice)}
          ticks={keptTicks(row.prompt)}
          faded
          onOpen={() => context.onKept(row.prompt)}
        />
      );
    case 'prompt':
      return (
        <Mine
          text={row.prompt.content}
          files={row.prompt.attachments.map(atHome)}
          ticks={promptTicks(row.prompt, row.place, context.session)}
          faded={row.prompt.state !== 'accepted'}
          onOpen={row.place !== null ? context.onQueue : row.prompt.state === 'stuck' ? () => context.onStuck(row.prompt) : undefined}
        />
      );
    default:
      return <Item id={row.id} before={before?.kind === 'item' ? before.id : null} context={context} />;
  }
}

function Item({ id, before, context }: { id: string; before: string | null; context: RowsContext }) {
  const item = context.chat.item(id)?.value;
  const last = before === null ? undefined : context.chat.item(before)?.peek();
  if (item === undefined) return null;
  const close = isLine(item) && isLine(last);
  const apart = last !== undefined && Date.parse(item.created_at) - Date.parse(last.created_at) > PAUSE_MS;
  return (
    <div class={close ? 'row-close' : 'row-apart'}>
      {(apart || before === null) && <p class="chat-time">{lastSeen(Date.parse(item.created_at), Date.now())}</p>}
      <Content item={item} context={context} />
    </div>
  );
}

function Content({ item, context }: { item: ChatItem; context: RowsContext }) {
  const working = context.live && !ENDED.has(context.session.status);
  switch (item.kind) {
    case 'message':
      if (item.role === 'agent') return <Theirs text={item.text} state={item.state} />;
      return <Mine text={item.text} files={item.attachments.map(atHome)} ticks={itemTicks(item, context)} />;
    case 'thought':
      return <Thought text={item.text} open={item.state === 'open' && working} />;
    case 'tool':
      return <ToolCall tool={item} cwd={context.session.cwd} />;
    case 'plan':
      return <Plan steps={item.steps} live={working} />;
    case 'notice':
      return <Notice level={item.level} text={item.text} />;
    case 'approval':
      return <>{context.approval(item.approval_id, context.place)}</>;
    default:
      return <Notice level="info" text="Something that this version of the app cannot show. Reload the app to get a newer one." />;
  }
}

const ordinal = (n: number): string => {
  const tail = n % 100 > 10 && n % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${tail}`;
};

function keptTicks({ refused }: KeptPrompt): TicksProps {
  return refused === null ? { state: 'device', text: 'on this device' } : { state: 'refused', text: `not taken: ${printable(refused)}` };
}

function promptTicks({ state, reason }: Prompt, place: number | null, session: Session): TicksProps {
  const why = reason === null ? '' : printable(reason);
  switch (state) {
    case 'home':
      return { state, text: ['at home', place === null ? '' : `${ordinal(place)} in queue`, why].filter(Boolean).join(' · ') };
    case 'accepted':
      return { state, text: `accepted by ${printable(session.agent)}` };
    case 'stuck':
      return { state, text: `at home, not accepted${why === '' ? '' : `: ${why}`}` };
    case 'withdrawn':
      return { state, text: why === '' ? 'withdrawn' : why };
    default:
      return { state, text: 'consumed' };
  }
}

/**
 * Of a message in the history: the agent was given it. That it took it is known from home, or from what it did then. One that was typed
 * at the agent came by another way.
 */
function itemTicks(item: Extract<ChatItem, { kind: 'message' }>, { chat, session }: RowsContext): TicksProps | null {
  if (item.prompt_id === null) return null;
  const known = deliveryOf(chat, item.prompt_id);
  if (known?.state === 'stuck')
    return { state: 'stuck', text: `given, not taken${known.reason === null ? '' : `: ${printable(known.reason)}`}` };
  const consumed = known?.state === 'consumed' || isAnswered(chat, item.id);
  return consumed
    ? { state: 'consumed', text: `consumed ${clock(item.created_at)}` }
    : { state: 'accepted', text: `accepted by ${printable(session.agent)} ${clock(item.created_at)}` };
}
