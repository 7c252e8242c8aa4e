import type { Attachment, ChatItem } from '@afield/shared/api/chat.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ConnectionState } from '@afield/shared/link/link.ts';
import { chatItems, chatState, prompt } from './chat-items.ts';
import type { Answers } from './fake-link.ts';
import type { Scene } from './scenes.ts';
import { session } from './sessions.ts';

const online: ConnectionState = { state: 'online', rtt_ms: 41, via: 'relay' };
const idle = session({ name: 'Fix the cart on small screens', faces: ['chat'], status: 'idle', minutes: 25, runtime: 'claude-stream' });
const busy = session({ name: 'Look at the checkout', faces: ['chat'], status: 'busy', minutes: 12, runtime: 'claude-stream' });
const sessions = [idle, busy];
const i = chatItems(idle.id);
const at = ({ id }: { id: string }) => `/sessions/${id}/chat`;
const page = (items: readonly unknown[]) => ({ items, next_cursor: null });
const home = (items: readonly ChatItem[], more: Answers = {}): Answers => ({
  getMessages: page(items),
  getChat: chatState(),
  getQueue: page([]),
  ...more,
});
/** A screenshot of 240 × 160, more or less. */
const SHOT =
  'iVBORw0KGgoAAAANSUhEUgAAAPAAAACgCAMAAAAFBRFXAAAADFBMVEX6+vYKV5Z4gnqPEjOuIKBMAAABJ0lEQVR42u3bgRHDMAgEQSfpv+f0YGkk4Pc6uBfYgrGfTxgPYcKECRMmTJgwYcKECRMmTJgwYcKEiwsDAADc4luKOOEDqbQ4lYYnrIcH1AoAAABgATByDl4XdsI9Uombg8M6+L2wp3SXVOI2WWEd/FbYTatPKnbRAAAAACbMw7eFnXC/VOLm4LAObvlx6VoqcTubuE1WWAf37+Hbwq6WdtEAAADAEGLm4O7z8G1hJV02lbAOriP828Ex4Q3B9xLekMpA4UklHSa85eE57oTLCFeBMGHChAkTJkyYMOFuwlU2WebhgsJKeiWVrJK2xKso7LW0lkpSSVvEVxR2tVxNxfBAmDBhwoQJEwZQnMFfVdaeh4+lEvcnbNz/wWEdXL2HvVQAAAAK8weN+2mS9iPnNAAAAABJRU5ErkJggg==';
const shotBytes = Uint8Array.from(atob(SHOT), (character) => character.charCodeAt(0));
const file = (n: number, name: string, media_type: string, size_bytes = 182_000): Attachment => ({
  id: `01934b1e-7300-7000-8000-${String(n).padStart(12, '0')}`,
  name,
  media_type,
  size_bytes,
});
const given: ChatItem[] = [
  i.user(1, 'The cart looks broken on my phone, see the picture.', { attachments: [file(1, 'IMG_2044.jpg', 'image/jpeg')] }),
  i.agent(2, 'The total is drawn over the button. I make the row wrap.'),
  i.user(3, 'And these three, with the trace of the run.', {
    attachments: [
      file(2, 'before.png', 'image/png'),
      file(3, 'after \u202Egnp.exe.png', 'image/png'),
      file(4, 'a-rather-long-name-of-a-picture-from-somebody.webp', 'image/webp'),
      file(5, 'trace-of-the-last-failing-run-on-webkit.zip', 'application/zip', 2_400_000),
      file(6, 'logo.svg', 'image/svg+xml', 1_200),
    ],
  }),
];
const picture = { getAttachment: shotBytes };
const gone = new AfieldError('not_found', 'There is no such attachment. It may have been deleted.');
const brokenLine = new AfieldError('unavailable', 'The line broke.');
const some: Answers = {
  getAttachment: ({ params }: { params?: { attachment_id?: string } }) =>
    params?.attachment_id?.endsWith('1')
      ? brokenLine
      : params?.attachment_id?.endsWith('2')
        ? gone
        : params?.attachment_id?.endsWith('3')
          ? new Uint8Array(9)
          : shotBytes,
};

/** What was given with messages, on its way and after. */
export const givenScenes: Record<string, Scene> = {
  'chat-given': { path: at(idle), sessions, link: online, home: home(given, picture) },
  'chat-given-loading': { path: at(idle), sessions, link: online, home: home(given, { getAttachment: () => new Promise(() => {}) }) },
  'chat-given-faults': { path: at(idle), sessions, link: online, home: home(given, some) },
  'chat-picture': { path: at(idle), sessions, link: online, home: home(given, picture), press: ['before'] },
  'chat-stuck': {
    path: at(idle),
    sessions,
    link: online,
    home: home(given.slice(1, 2), {
      getQueue: page([prompt(30, 'Look at the cart, please.', { state: 'stuck', reason: 'The text did not appear on its screen.' })]),
    }),
    press: ['Change'],
  },
  'chat-queue-given': {
    path: at(busy),
    sessions,
    link: online,
    home: home(given, {
      ...picture,
      getQueue: page([
        prompt(20, 'Then also this one.', {
          attachments: [file(1, 'IMG_2044.jpg', 'image/jpeg'), file(5, 'trace.zip', 'application/zip')],
        }),
      ]),
    }),
    press: ['1 queued'],
  },
};
