import type { Session } from '@afield/shared/api/sessions.ts';
import { readChatFile } from '../platform/chat-file.ts';
import { composedTextStore } from '../platform/composed-text.ts';
import { saveFile } from '../platform/share.ts';
import { type Chat, ChatModel } from './chat.ts';
import type { ChatFile } from './chat-composer.ts';
import { createGivenFiles, type GivenFiles } from './chat-given.ts';
import type { Outbox } from './chat-outbox.ts';
import type { HomeLink } from './home-link.ts';

/** Chosen and not sent, by session: kept while one looks at another face. */
const files = new Map<string, readonly ChatFile[]>();

/** What was given with prompts, of all chats with one home. */
const given = new WeakMap<HomeLink, GivenFiles>();

function givenOver(link: HomeLink): GivenFiles {
  const known = given.get(link) ?? createGivenFiles(link);
  given.set(link, known);
  return known;
}

/** Brings the browser's clock and what this device keeps. */
export function openChat(deps: { link: HomeLink; session_id: string; outbox: Outbox; take(session: Session): void }): Chat {
  return new ChatModel({
    ...deps,
    kept: composedTextStore(`chat ${deps.session_id}`),
    files,
    given: givenOver(deps.link),
    saveFile,
    readFile: readChatFile,
    later(run, ms) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });
}
