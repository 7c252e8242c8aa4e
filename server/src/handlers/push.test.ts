import type { PushState } from '@afield/shared/api/push.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Identity } from '../core/identity.ts';
import type { PushService } from '../core/push.ts';
import { pushHandlers } from './push.ts';

const state: PushState = { vapid_public_key: 'k', subscribed: true, last_confirmed_at: null, last_sent_at: null, last_error: null };
const body = { endpoint: 'https://push.example/1', keys: { p256dh: 'p', auth: 'a' } };
const identity = (device_id: string | null): Identity => ({
  kind: device_id === null ? 'token' : 'device',
  device_id,
  device_name: '',
  user: 'sam',
  scopes: ['*'],
  valid: () => true,
});
const call = (device_id: string | null) => ({
  identity: identity(device_id),
  headers: {},
  signal: undefined,
  params: undefined,
  query: undefined,
});

let push: { [K in keyof PushService]: ReturnType<typeof vi.fn<PushService[K]>> };
beforeEach(() => {
  push = {
    state: vi.fn(() => state),
    subscribe: vi.fn(() => state),
    unsubscribe: vi.fn(),
    test: vi.fn(async () => state),
    confirm: vi.fn(() => state),
  };
});

describe('push routes', () => {
  it('speak of the device that asks', async () => {
    const handlers = pushHandlers({ push });
    expect(handlers.getPush({ ...call('phone'), body: undefined })).toBe(state);
    handlers.subscribePush({ ...call('phone'), body });
    handlers.unsubscribePush({ ...call('phone'), body: undefined });
    await handlers.testPush({ ...call('phone'), body: undefined });
    handlers.confirmPush({ ...call('phone'), body: { seq: 7 } });
    expect(push.state).toHaveBeenCalledWith('phone');
    expect(push.subscribe).toHaveBeenCalledWith('phone', body);
    expect(push.unsubscribe).toHaveBeenCalledWith('phone');
    expect(push.test).toHaveBeenCalledWith('phone');
    expect(push.confirm).toHaveBeenCalledWith('phone', 7);
  });

  it('refuse the token of the command line, saying where to go', () => {
    const handlers = pushHandlers({ push });
    for (const run of [
      () => handlers.getPush({ ...call(null), body: undefined }),
      () => handlers.subscribePush({ ...call(null), body }),
      () => handlers.unsubscribePush({ ...call(null), body: undefined }),
      () => handlers.testPush({ ...call(null), body: undefined }),
      () => handlers.confirmPush({ ...call(null), body: { seq: 1 } }),
    ]) {
      expect(run).toThrow(expect.objectContaining({ code: 'forbidden', message: expect.stringContaining('Open Afield on the phone') }));
    }
    for (const method of Object.values(push)) expect(method).not.toHaveBeenCalled();
  });
});
