/** A stranger's socket becomes a device's link, or is closed: what the relay door and the channel door have in common. */
import type { Connection } from '@afield/shared/api/system.ts';
import { acceptChannel } from '@afield/shared/channel/accept-channel.ts';
import { ChannelError } from '@afield/shared/channel/channel-error.ts';
import type { Attempt, Device, HandshakeFault } from '@afield/shared/channel/opening.ts';
import type { DhKeyPair, Primitives } from '@afield/shared/channel/primitives.ts';
import type { MessageSocket } from '@afield/shared/link/pipe.ts';
import type { Identity } from '../core/identity.ts';
import type { Clock } from '../core/ports.ts';
import type { DoorLog, ServeLink } from './ports.ts';

/** From the first message to the third: two round trips through a relay on a bad mobile line fit in. */
export const HANDSHAKE_MS = 5_000;

export interface AdmissionDeps {
  primitives: Primitives;
  staticKey: DhKeyPair;
  room: Uint8Array;
  clock: Clock;
  devices: {
    lookup(publicKey: Uint8Array): { secret: Uint8Array; identity: Identity } | null;
    seen(device_id: string, appVersion: string): void;
  };
  pairings: {
    lookup(attempt: Attempt): { secret: Uint8Array } | null;
    failed(attempt: Attempt): void;
    commit(device: Device<Identity | null>): Identity;
  };
  serveLink: ServeLink;
  log: DoorLog;
  /** For counters. */
  onFault?: (fault: HandshakeFault) => void;
}

/** Resolves with true when the device is in, false when it was refused; never rejects. `onTaken`: the first message came. */
export type Admit = (socket: MessageSocket, door: Connection['door'], onTaken: () => void) => Promise<boolean>;

export function createAdmission(deps: AdmissionDeps): Admit {
  const { primitives, staticKey, room, clock, devices, pairings, serveLink, log } = deps;

  const commit = (device: Device<Identity | null>): Identity => {
    if (device.mode === 'pair') return pairings.commit(device);
    const { identity } = device;
    // Between the lookup and now the device may have been revoked.
    if (identity === null || !identity.valid() || identity.device_id === null) throw new Error('No longer a device of ours.');
    devices.seen(identity.device_id, device.appVersion);
    return identity;
  };

  return async (socket, door, onTaken) => {
    try {
      const { channel, committed } = await acceptChannel<Identity | null, Identity>({
        socket,
        primitives,
        staticKey,
        room,
        clock: () => clock.monotonic(),
        now: () => Math.floor(clock.now() / 1000),
        timeoutMs: HANDSHAKE_MS,
        onTaken,
        lookupSecret: (attempt) => {
          if (attempt.mode === 'session') return devices.lookup(attempt.devicePublicKey);
          const found = pairings.lookup(attempt);
          return found === null ? null : { ...found, identity: null };
        },
        commit,
      });
      serveLink({ pipe: channel, door, who: committed });
      return true;
    } catch (error) {
      const fault = error instanceof ChannelError ? error.fault : 'malformed';
      const attempt = error instanceof ChannelError ? error.attempt : null;
      if (fault === 'secret' && attempt?.mode === 'pair') pairings.failed(attempt);
      deps.onFault?.(fault);
      // An idle spare that closes is no attempt of anybody.
      if (fault !== 'closed') log.info('A device was not let in', { fault, mode: attempt?.mode ?? null });
      return false;
    }
  };
}
