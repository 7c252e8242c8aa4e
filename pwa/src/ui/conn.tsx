import { Icon, type IconName } from './icons.tsx';

export type ConnState = 'ok' | 'catching-up' | 'relay-down' | 'offline';

const ICONS: Record<ConnState, IconName> = { ok: 'linked', 'catching-up': 'clock', 'relay-down': 'cut', offline: 'cut' };

/** The connection pill: the word first, the shape second. Leads to what explains it. */
export function Conn({ state, text, href }: { state: ConnState; text: string; href: string }) {
  return (
    <a class="conn" data-state={state} href={href}>
      <Icon name={ICONS[state]} />
      <span class="vh">Connection: </span>
      {text}
    </a>
  );
}
