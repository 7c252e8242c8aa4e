/** What Codex asks of its clients, as asks of a thread; and their answers. */
import type { AgentAnswer } from '../../core/chat-ports.ts';
import type { RpcId } from '../json-rpc.ts';
import { type Loose, text } from '../loose.ts';
import { requestOf } from './asks.ts';
import { inputOf } from './prompts.ts';
import type { Thread } from './thread.ts';

/** A request that a person must see; resolves with what Codex gets. Null: it is none that we know, and is told as such. */
export function openAsk(thread: Thread, cwd: string, { method, params, id }: { method: string; params: Loose; id: RpcId }) {
  const request = requestOf(method, params, thread.items.diffs(text(params.itemId) ?? ''), cwd);
  if (request === null) {
    thread.take(`request ${method}`, { ...params, threadId: thread.id });
    return null;
  }
  if (params.threadId === thread.id) thread.begin(text(params.turnId));
  const answered = thread.asks.open(id, request);
  if (request.ask.kind === 'permission') thread.items.waits(request.ask.tool_id ?? '', true);
  thread.tellState();
  return answered;
}

/** `call`: on the thread. Errors: not_found. */
export async function giveAnswer(
  thread: Thread,
  call: (method: string, params: Loose) => Promise<unknown>,
  key: string,
  answer: AgentAnswer,
): Promise<void> {
  const item = thread.asks.get(key)?.item ?? null;
  const given = thread.asks.answer(key, answer);
  if (item !== null && answer.decision === 'allow') thread.items.waits(item, false);
  thread.tellState();
  await given;
  const words = answer.decision === 'deny' ? answer.text : null;
  const { turn } = thread;
  // It takes no words with an answer; in the turn that goes on it does.
  if (words === null || turn === null) return;
  await call('turn/steer', { expectedTurnId: turn, clientUserMessageId: `words-${key}`, input: inputOf(words, []) }).catch(() => {});
}
