import type { Session } from '@afield/shared/api/sessions.ts';
import { useRef } from 'preact/hooks';
import { lazy, useRoute } from 'preact-iso';
import { findSession } from '../models/home.ts';
import { useHome } from './app-context.ts';
import { SessionInfoScreen } from './session-info.tsx';

const SessionTerminalScreen = lazy(() => import('./session-terminal.tsx').then((module) => module.SessionTerminalScreen));
const SessionChatScreen = lazy(() => import('./session-chat.tsx').then((module) => module.SessionChatScreen));

/**
 * A session without a named face: where a notification and a row lead. Its chat, else its terminal, else what is known of it. One that waits
 * for what only its terminal shows opens there; nothing moves afterwards.
 */
export function SessionDefaultScreen() {
  const { params } = useRoute();
  const { home } = useHome();
  const id = params.id ?? '';
  const session = findSession(home, id);
  const opened = useRef<{ id: string; terminal: boolean } | null>(null);
  if (session !== undefined && opened.current?.id !== id) opened.current = { id, terminal: waitsInTerminal(session) };
  const faces = session?.faces ?? [];
  if (faces.includes('chat') && opened.current?.terminal !== true) return <SessionChatScreen />;
  return faces.includes('terminal') ? <SessionTerminalScreen /> : <SessionInfoScreen />;
}

/** Nobody but the terminal knows what it asks. */
function waitsInTerminal({ status, pending_approvals, faces }: Session): boolean {
  return status === 'waiting' && pending_approvals === 0 && faces.includes('terminal');
}
