import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

/** What anything in a chat can ask for. */
export interface ChatWays {
  /** What the session's agent is called, printable. */
  agent: string;
  /** False: this browser does not allow it. */
  copy(text: string): Promise<boolean>;
  /** Shows where a link leads, before it is opened. */
  openLink(url: string): void;
}

export const ChatContext = createContext<ChatWays | null>(null);

export function useChatWays(): ChatWays {
  const ways = useContext(ChatContext);
  if (ways === null) throw new Error('A part of a chat is drawn outside of one.');
  return ways;
}
