export type Phase = 'connecting' | 'live' | 'lost' | 'ended' | 'forbidden' | 'failed';

/** Why nothing can be typed in a phase; null: it can. */
export const HELD: Record<Phase, string | null> = {
  live: null,
  connecting: 'Kept on this device until the terminal is here.',
  lost: 'Kept on this device until the line is back.',
  ended: 'The session has ended. What you typed stays here.',
  forbidden: 'This device may not type here.',
  failed: 'Kept on this device: the terminal is not there.',
};
