/**
 * Tells systemd how the server is (sd_notify(3)). Node has no datagram sockets of the unix kind, so `systemd-notify` sends them: it comes
 * with systemd itself, and a unit is written with Type=notify only where it is found.
 */
import { spawn } from 'node:child_process';
import type { Supervision } from '../../config.ts';

/** Heard of this often within the time that the watchdog waits. */
const BEATS = 3;

export interface Notifier {
  ready(status: string): void;
  stopping(): void;
}

export function notifierFor({ notifySocket, watchdogMs }: Pick<Supervision, 'notifySocket' | 'watchdogMs'>): Notifier {
  if (notifySocket === null) return { ready: () => {}, stopping: () => {} };
  const send = (...states: string[]) => {
    const child = spawn('systemd-notify', states, {
      stdio: 'ignore',
      env: { PATH: process.env.PATH, NOTIFY_SOCKET: notifySocket },
    });
    // Not installed, or no process to be had: then systemd waits in vain, and says so.
    child.on('error', () => {});
  };
  let beat: NodeJS.Timeout | undefined;
  return {
    ready(status) {
      send('READY=1', `STATUS=${status}`);
      if (watchdogMs === null) return;
      // By the loop that serves everybody: a server that is stuck is not heard of.
      beat = setInterval(() => send('WATCHDOG=1'), watchdogMs / BEATS);
      beat.unref();
    },
    stopping() {
      clearInterval(beat);
      send('STOPPING=1', 'STATUS=Saying goodbye');
    },
  };
}
