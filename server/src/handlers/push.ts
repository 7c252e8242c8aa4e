import type { push as routes } from '@afield/shared/api/push.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Identity } from '../core/identity.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';

/** Notifications go to paired devices: the command line's token has no browser that could be called. */
function deviceOf(identity: Identity): string {
  if (identity.device_id !== null) return identity.device_id;
  throw new AfieldError('forbidden', 'Only a paired device has notifications. Open Afield on the phone and turn them on there.');
}

export const pushHandlers = ({ push }: Pick<HandlerContext, 'push'>): HandlersOf<typeof routes> => ({
  getPush: ({ identity }) => push.state(deviceOf(identity)),
  subscribePush: ({ identity, body }) => push.subscribe(deviceOf(identity), body),
  unsubscribePush: ({ identity }) => {
    push.unsubscribe(deviceOf(identity));
  },
  testPush: ({ identity }) => push.test(deviceOf(identity)),
  confirmPush: ({ identity, body }) => push.confirm(deviceOf(identity), body.seq),
});
