import type { devices as routes } from '@afield/shared/api/devices.ts';
import type { HandlersOf } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';

export const deviceHandlers = ({ devices, pairings }: Pick<HandlerContext, 'devices' | 'pairings'>): HandlersOf<typeof routes> => ({
  listDevices: ({ identity }) => ({ items: devices.list(identity.device_id), next_cursor: null }),
  updateDevice: ({ params, body, identity }) => devices.rename(params.id, body.name, identity.device_id),
  revokeDevice: ({ params }) => {
    devices.revoke(params.id);
  },
  createPairing: ({ body, identity }) => pairings.create(identity, body.scopes),
  getPairing: ({ params, identity }) => pairings.get(identity, params.id),
});
