import { lazy, useRoute } from 'preact-iso';
import { findSession } from '../models/home.ts';
import { useHome } from './app-context.ts';
import { SessionInfoScreen } from './session-info.tsx';

const SessionTerminalScreen = lazy(() => import('./session-terminal.tsx').then((module) => module.SessionTerminalScreen));

/** A session without a named face: where a notification and a row lead. Its terminal, or what is known of it when it has none. */
export function SessionDefaultScreen() {
  const { params } = useRoute();
  const { home } = useHome();
  const session = findSession(home, params.id ?? '');
  return session?.faces.includes('terminal') ? <SessionTerminalScreen /> : <SessionInfoScreen />;
}
