/** Hands an answer to opencode, which may have another one already. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer } from '../../core/chat-ports.ts';
import { type Api, told } from './api.ts';
import { replyTo } from './asks.ts';
import type { Conversation } from './conversation.ts';

/** Errors: not_found when the ask is gone; unavailable when it did not take the answer. */
export async function giveAnswer(api: Api, conversation: Conversation, key: string, answer: AgentAnswer): Promise<void> {
  const asked = conversation.asked(key);
  if (asked === null) throw new AfieldError('not_found', 'opencode does not ask that any more.');
  const { path, body } = replyTo(key, asked, answer);
  conversation.answering(key, answer);
  const given = await api.call('POST', path, body).catch((error: Error) => error);
  if (given instanceof Error) {
    conversation.answered(key, 'failed', answer);
    throw given;
  }
  const how = given.status === 404 ? 'gone' : given.status < 300 ? 'taken' : 'failed';
  conversation.answered(key, how, answer);
  if (how === 'gone') throw new AfieldError('not_found', 'Somebody else answered opencode before.');
  if (how === 'failed') throw new AfieldError('unavailable', `opencode did not take the answer: ${told(given)}`);
}
