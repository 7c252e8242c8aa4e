import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { dollars } from '@afield/shared/cost-words.ts';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { failureOf } from '../models/action.ts';
import type { Chat } from '../models/chat.ts';
import { openChat } from '../models/chat-open.ts';
import type { KeptPrompt } from '../models/chat-outbox.ts';
import { findSession } from '../models/home.ts';
import { ChatContext } from '../ui/chat/context.ts';
import { GivenContext, type GivenFile } from '../ui/chat/given-context.ts';
import { PastApproval } from '../ui/chat/past-approval.tsx';
import { PictureView } from '../ui/chat/picture-view.tsx';
import { KeptSheet, QueueSheet, StuckSheet } from '../ui/chat/sheets.tsx';
import { type RowsHandle, VirtualRows } from '../ui/chat/virtual-rows.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { Icon } from '../ui/icons.tsx';
import { LinkSheet } from '../ui/link-sheet.tsx';
import { printable } from '../ui/printable.ts';
import { useApp, useHome } from './app-context.ts';
import { ApprovalSlot } from './approval-cards.tsx';
import { approvalPath, sessionPath } from './paths.ts';
import { ChatFoot } from './session-chat-foot.tsx';
import { guessHeight, Row } from './session-chat-rows.tsx';
import { SessionScreen } from './session-screen.tsx';

/** The chat face: what was said and done, and everything a thumb needs to go on. */
export function SessionChatScreen() {
  const id = useRoute().params.id ?? '';
  return <ChatOf key={id} id={id} />;
}

function ChatOf({ id }: { id: string }) {
  const chat = useChat(id);
  const rows = useRef<RowsHandle | null>(null);
  const [queueOpen, setQueueOpen] = useState(false);
  const [picture, setPicture] = useState<GivenFile | null>(null);
  const { home } = useHome();
  const online = home.live.value;
  const given = useMemo(
    () => (chat === null ? null : { live: online, get: chat.getFile, save: chat.saveFile, open: setPicture }),
    [chat, online],
  );
  if (chat === null) return null;
  return (
    <GivenContext.Provider value={given}>
      <SessionScreen
        id={id}
        face="chat"
        full
        mainClass="chat-main"
        more={<Facts chat={chat} id={id} />}
        foot={(session, live) => (
          <ChatFoot chat={chat} session={session} live={live} onQueue={() => setQueueOpen(true)} onSent={() => rows.current?.toEnd()} />
        )}
      >
        {(session, live) => (
          <>
            <Messages chat={chat} session={session} live={live} handle={rows} onQueue={() => setQueueOpen(true)} />
            {queueOpen && <Queue chat={chat} session={session} onClose={() => setQueueOpen(false)} />}
          </>
        )}
      </SessionScreen>
      {picture !== null && <PictureView file={picture} onClose={() => setPicture(null)} />}
    </GivenContext.Provider>
  );
}

/** How much it may do by itself, by the agent's own name for it; and what it has cost so far, which leads to the account of it. */
function Facts({ chat, id }: { chat: Chat; id: string }) {
  const { home } = useHome();
  const session = findSession(home, id);
  if (session === undefined) return null;
  const { cost_usd, budget_usd } = session;
  const mode = session.mode ?? chat.state.value?.mode ?? null;
  const name = chat.state.value?.modes.find((one) => one.id === mode)?.name ?? mode;
  return (
    <>
      {name !== null && name !== '' && <span class="tag cut">{printable(name)}</span>}
      {cost_usd !== null && (
        <a class="num fact-cost" href={sessionPath(id, 'info')}>
          <span class="vh">cost </span>
          {dollars(cost_usd)}
          {budget_usd !== null && ` of ${dollars(budget_usd)}`}
        </a>
      )}
    </>
  );
}

/** One model for as long as the screen shows this session. */
function useChat(id: string): Chat | null {
  const app = useApp();
  const { home, link } = useHome();
  const outbox = app.outbox.value;
  const chat = useMemo(() => (outbox === null ? null : openChat({ link, session_id: id, outbox, take: home.take })), [link, outbox, id]);
  useEffect(() => () => chat?.[Symbol.dispose](), [chat]);
  return chat;
}

interface MessagesProps {
  chat: Chat;
  session: Session;
  live: boolean;
  handle: { current: RowsHandle | null };
  onQueue(): void;
}

function Messages({ chat, session, live, handle, onQueue }: MessagesProps) {
  const app = useApp();
  const [link, setLink] = useState<string | null>(null);
  const [kept, setKept] = useState<KeptPrompt | null>(null);
  const [stuck, setStuck] = useState<Prompt | null>(null);
  const [atEnd, setAtEnd] = useState(true);
  const rows = chat.rows.value;
  const agent = printable(session.agent);
  const ways = useMemo(() => ({ agent, copy: app.copy, openLink: setLink }), [agent]);
  const keys = useMemo(() => rows.map((row) => row.key), [rows]);
  const onEnd = useCallback(
    (now: boolean) => {
      setAtEnd(now);
      if (now) chat.seen();
    },
    [chat],
  );
  const onNearStart = useCallback(() => {
    if (chat.error.peek() === null) void chat.loadOlder();
  }, [chat]);
  const context = {
    place: `${rows.length} ${keys.at(-1)}`,
    chat,
    session,
    live,
    approval: (one: string, place: string) => <ChatApproval id={one} live={live} place={place} />,
    onQueue,
    onKept: setKept,
    onStuck: setStuck,
  };
  return (
    <ChatContext.Provider value={ways}>
      {rows.length === 0 ? (
        <Nothing chat={chat} session={session} live={live} />
      ) : (
        <VirtualRows
          keys={keys}
          estimate={(index) => guessHeight(chat, rows[index])}
          draw={(index) => rows[index] !== undefined && <Row row={rows[index]} before={rows[index - 1]} context={context} />}
          label={`Chat with ${agent}`}
          head={<Head chat={chat} />}
          onNearStart={onNearStart}
          onEnd={onEnd}
          handle={handle}
        />
      )}
      {rows.length > 0 && (!atEnd || chat.behind.value) && <ToNewest chat={chat} onPress={() => handle.current?.toEnd()} />}
      {link !== null && <LinkSheet url={link} note={`${agent} wrote this link.`} onCopy={app.copy} onClose={() => setLink(null)} />}
      {kept !== null && <Kept chat={chat} prompt={kept} onClose={() => setKept(null)} />}
      {stuck !== null && <StuckSheet prompt={stuck} onDone={(how) => chat.dismiss(stuck, how)} onClose={() => setStuck(null)} />}
    </ChatContext.Provider>
  );
}

/** Above the first message. */
function Head({ chat }: { chat: Chat }) {
  if (chat.error.value !== null) {
    return <FaultLine text={chat.error.value} onAgain={() => chat.reload()} />;
  }
  if (!chat.more.value) return <p class="meta">The beginning of this session.</p>;
  return (
    <button type="button" class="act" disabled={chat.loading.value !== null} onClick={() => void chat.loadOlder()}>
      {chat.loading.value === 'older' ? 'Fetching older messages …' : 'Older messages'}
    </button>
  );
}

function ToNewest({ chat, onPress }: { chat: Chat; onPress(): void }) {
  const count = chat.arrived.value;
  const press = () => {
    if (chat.behind.peek()) void chat.reload().then(onPress);
    else onPress();
  };
  return (
    <button type="button" class="to-newest" onClick={press}>
      <Icon name="down" small />
      {count > 0 ? `${count} new below` : 'To the newest'}
    </button>
  );
}

/** Before the first message: being fetched, not to be had, or nothing was said yet. */
function Nothing({ chat, session, live }: Pick<MessagesProps, 'chat' | 'session' | 'live'>) {
  const error = chat.error.value;
  const fetching = live && !chat.loaded.value && error === null;
  return (
    <div class="chat chat-empty">
      {error !== null && live ? (
        <FaultLine text={error} onAgain={() => chat.reload()} />
      ) : (
        <p class="dim" role="status">
          {fetching && 'Fetching the messages …'}
          {!fetching && !live && 'There is no connection: the messages come when it is back. What you write is kept on this device.'}
          {!fetching &&
            live &&
            (session.status === 'starting' ? `${printable(session.agent)} is starting.` : 'Nothing was said yet. Say what you want.')}
        </p>
      )}
    </div>
  );
}

/** Where an approval stood: its card while it is known, and where to read it. `place`: changes whenever it stands elsewhere. */
function ChatApproval({ id, live, place }: { id: string; live: boolean; place: string }) {
  const { home } = useHome();
  // a method is not followed: what it looks into is
  const open = home.approvals.shown.value;
  const shown = home.approvals.find(id);
  const [looked, setLooked] = useState(0);
  const [gone, setGone] = useState(false);
  const unknown = shown === null;
  useEffect(() => {
    if (!unknown || !live) return;
    home.approvals.look(id).then(
      () => setLooked(looked + 1),
      (cause: unknown) => setGone(failureOf(cause).code === 'approval_not_found'),
    );
  }, [id, unknown, live]);
  if (shown !== null && open.includes(shown)) return <ApprovalSlot shown={shown} place={place} titled={false} />;
  if (shown !== null) return <PastApproval approval={shown.approval} href={approvalPath(id)} />;
  if (gone) return <p class="notice">Something was asked here. It was deleted with its session's history.</p>;
  return (
    <a class="btn btn-line btn-wide" href={approvalPath(id)}>
      What it asked here
    </a>
  );
}

function Queue({ chat, session, onClose }: { chat: Chat; session: Session; onClose(): void }) {
  const { queue } = chat;
  const works = session.status === 'busy' || session.status === 'waiting';
  const close = () => {
    queue.clearFailure();
    onClose();
  };
  return (
    <QueueSheet
      prompts={queue.waiting.value}
      canSteer={works && chat.state.value?.can.steer === true}
      busy={queue.busy.value}
      fault={queue.failure.value?.text ?? null}
      onEdit={queue.edit}
      onMove={(id, by) => void queue.move(id, by)}
      onNow={(id) => void queue.now(id)}
      onWithdraw={(id) => void queue.withdraw(id)}
      onClose={close}
    />
  );
}

function Kept({ chat, prompt, onClose }: { chat: Chat; prompt: KeptPrompt; onClose(): void }) {
  const then = (act: () => void) => () => {
    act();
    onClose();
  };
  return (
    <KeptSheet
      text={prompt.content}
      refused={prompt.refused}
      onRetry={then(() => chat.retryKept(prompt.id))}
      onEdit={then(() => chat.takeKept(prompt.id, 'edit'))}
      onDrop={then(() => chat.takeKept(prompt.id, 'drop'))}
      onClose={onClose}
    />
  );
}
