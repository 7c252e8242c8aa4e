import { lazy, useRoute } from 'preact-iso';
import { findSession } from '../models/home.ts';
import { useHome } from './app-context.ts';
import { SessionInfoScreen } from './session-info.tsx';

const SessionTerminalScreen = lazy(() => import('./session-terminal.tsx').then((module) => module.SessionTerminalScreen));
const SessionChatScreen = lazy(() => import('./session-chat.tsx').then((module) => module.SessionChatScreen));

/** A session without a named face: where a notification and a row lead. Its chat, else its terminal, else what is known of it. */
export function SessionDefaultScreen() {
  const { params } = useRoute();
  const { home } = useHome();
  const faces = findSession(home, params.id ?? '')?.faces ?? [];
  if (faces.includes('chat')) return <SessionChatScreen />;
  return faces.includes('terminal') ? <SessionTerminalScreen /> : <SessionInfoScreen />;
}
