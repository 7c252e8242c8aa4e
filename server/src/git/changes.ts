/** What changed in a session's directory, as git tells. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { ChangesService } from '../core/chat-service.ts';
import type { Snapshots } from '../core/chat-stores.ts';
import type { MachineBook } from '../core/machine-ports.ts';
import type { PromptStore, SessionStore } from '../core/ports.ts';

export interface ChangesDeps {
  machines: MachineBook;
  store: { sessions: SessionStore; prompts: PromptStore };
}

export function createChanges(_deps: ChangesDeps): ChangesService & Snapshots {
  return {
    diff: async () => {
      throw new AfieldError('unavailable', 'Not there yet.');
    },
    take: async () => null,
  };
}
