/** What ssh says when it does not get through, as errors of ours. */
import { AfieldError, type ErrorCode } from '@afield/shared/errors.ts';
import { printable } from '../../core/printable.ts';

const DETAIL_CHARACTERS = 300;

/** Tried again by themselves these would only fill the logs of that machine, or lock the user out there. */
const FINAL: readonly ErrorCode[] = ['machine_refused', 'host_key_unknown', 'host_key_changed', 'bad_request'];
export const isFinal = (error: AfieldError): boolean => FINAL.includes(error.code);

/** `said`: the standard error of ssh. */
export function faultOf(machine: string, said: string): AfieldError {
  const why = lastLine(said);
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed/.test(said)) {
    return new AfieldError('host_key_changed', `The host key of ${machine} is another one than before.`);
  }
  if (/Host key verification failed|No .* host key is known for/.test(said)) {
    return new AfieldError('host_key_unknown', `The host key of ${machine} has not been confirmed.`);
  }
  if (/Permission denied|Too many authentication failures|No more authentication methods/i.test(said)) {
    return new AfieldError(
      'machine_refused',
      `${machine} refuses the key: ${why} Add your public key to ~/.ssh/authorized_keys there (ssh-copy-id), or name the right one with --identity. ` +
        'A key with a passphrase must be in the ssh agent.',
    );
  }
  return unreachable(machine, why === '' ? 'ssh ended without a word.' : why);
}

export function unreachable(machine: string, why: string): AfieldError {
  return new AfieldError('machine_unreachable', `${machine} cannot be reached: ${why} Is it on, and does ssh get there by itself?`);
}

/** The last thing that was said, as one harmless sentence. */
export function lastLine(said: string): string {
  const lines = said.split(/[\r\n]+/).map((line) => printable(line).trim());
  const line = lines.findLast((text) => text !== '' && !/^(Killed by signal|Warning: Permanently added|debug\d)/.test(text)) ?? '';
  const cut = line.slice(0, DETAIL_CHARACTERS);
  return cut === '' || /[.!?]$/.test(cut) ? cut : `${cut}.`;
}
