/** Chooses another model or mode for a chat: in the agent that runs, and for each that is started for it later. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { SessionRecord } from '../sessions/record.ts';
import type { AgentRun } from './agent-run.ts';
import { short } from './bounds.ts';
import type { ChatKnown } from './chat-known.ts';

export interface ChooseParts {
  known: ChatKnown;
  run: AgentRun;
  record: SessionRecord;
}

/** Errors: not_supported, unavailable, and those of the agent. */
export async function choose({ known, run, record }: ChooseParts, what: 'model' | 'mode', value: string): Promise<void> {
  const { can, models, modes } = known.state;
  const choices = what === 'model' ? models : modes;
  if (choices.length > 0 && !choices.some(({ id }) => id === value)) {
    const ids = choices.map(({ id }) => id).join(', ');
    throw new AfieldError('not_supported', `The agent knows no ${what} "${value}". Known: ${short(ids, 300)}.`);
  }
  if (run.up || run.starting) {
    if (!can[what])
      throw new AfieldError('not_supported', `This agent cannot change its ${what} while it runs. Start another session with it.`);
    const agent = run.agent();
    await (what === 'model' ? agent.setModel(value) : agent.setMode(value));
  }
  record.save({ [what]: value });
  known.set({ [what]: value });
}
