import type { LogType } from '@afield/shared/api/logs.ts';
import type { IconName } from './icons.tsx';

/** Each kind of entry has a shape and a word of its own: never a colour alone. */
export const LOG_ICONS: Record<LogType, IconName> = {
  state: 'pulse',
  probe: 'eye',
  output: 'screen',
  input: 'pen',
  tool: 'machine',
  message: 'message',
  approval: 'shield',
  system: 'alert',
};

/** Bytes of a program, as opposed to words of ours. */
export const RAW_KINDS: ReadonlySet<LogType> = new Set(['output', 'input', 'tool']);
