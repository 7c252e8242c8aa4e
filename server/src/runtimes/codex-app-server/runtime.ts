/** Codex with its own protocol: `codex app-server`, a process a session, over its pipes. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { ChatAgent, ChatRuntime, ChatSink, ChatStart } from '../../core/chat-ports.ts';
import { pause } from '../../core/clock.ts';
import { inTime } from '../../core/in-time.ts';
import type { Clock } from '../../core/ports.ts';
import { type ChatExit, startChatProcess, tellExit } from '../chat-process.ts';
import { RpcError } from '../json-rpc.ts';
import { record, text } from '../loose.ts';
import { CodexAgent, modelChoices } from './agent.ts';
import { modeChoices, modeOf, threadMode } from './modes.ts';

/** A first start makes its database. */
const START_MS = 60_000;
const MODELS_MS = 10_000;
const NOTHING_TO_RESUME = /no rollout found|not found|no such thread|invalid thread id/i;
const COMMANDS = [{ id: 'compact', name: 'compact', description: 'Summarise the conversation, so that more of it fits the model' }];

export function createCodexAppServer({ clock }: { clock: Clock }): ChatRuntime {
  return {
    name: 'codex-app-server',
    can: { steer: true, images: true, files: true, fork: true, resume: true, model: true, mode: true },
    async start(start, sink) {
      const process = await startChatProcess(start.machine, start.command, clock);
      let exited: ChatExit | null = null;
      const heard: ChatSink = {
        update: (update) => sink.update(update),
        exit(exit) {
          exited = exit;
          sink.exit(exit);
        },
      };
      const agent = new CodexAgent(process, heard, clock, start);
      try {
        const late = new AfieldError('start_failed', `Codex did not answer in ${START_MS / 1_000} s.`);
        await Promise.race([open(agent, start, sink, clock), pause(clock, START_MS).then(() => Promise.reject(late))]);
        return agent;
      } catch (error) {
        await agent.stop();
        throw refusal(error, exited, start.resume);
      }
    },
  };
}

async function open(
  agent: CodexAgent,
  { command, model, mode, resume, fork }: ChatStart,
  sink: ChatSink,
  clock: Clock,
): Promise<ChatAgent> {
  const { peer, thread } = agent;
  const clientInfo = { name: 'afield', title: 'Afield', version: '1' };
  const { userAgent } = record(await peer.request('initialize', { clientInfo, capabilities: { experimentalApi: true } }));
  peer.notify('initialized');
  const version = /\/(\d+\.\d+\.\d+\S*)/.exec(text(userAgent) ?? '')?.[1];
  if (version !== undefined) sink.update({ type: 'version', version, note: null });
  const chosen = { cwd: command.cwd, ...(model === null ? {} : { model }), ...threadMode(mode) };
  const [method, which] =
    resume === null ? ['thread/start', {}] : [fork ? 'thread/fork' : 'thread/resume', { threadId: resume, excludeTurns: true }];
  const begun = record(await peer.request(method, { ...which, ...chosen }));
  const id = text(record(begun.thread).id);
  if (id === null) throw new AfieldError('start_failed', 'Codex began no conversation.');
  thread.id = id;
  sink.update({ type: 'agent_session', id });
  sink.update({ type: 'mode', mode: null, modes: modeChoices() });
  sink.update({ type: 'commands', commands: COMMANDS });
  // It may ask its provider for them.
  const models = await inTime(clock, MODELS_MS, () => peer.request('model/list', {}).then(modelChoices));
  if (models !== null) sink.update({ type: 'model', model: text(begun.model), models });
  thread.chosen(begun.model, modeOf(begun.approvalPolicy, begun.sandbox));
  return agent;
}

function refusal(error: unknown, exit: ChatExit | null, resume: string | null): unknown {
  if (error instanceof RpcError) {
    if (resume !== null && NOTHING_TO_RESUME.test(error.message)) {
      return new AfieldError('not_found', 'Codex does not have this conversation any more.', { cause: error });
    }
    return new AfieldError('start_failed', `Codex refused: ${error.message}`, { cause: error });
  }
  if (exit !== null) return new AfieldError('start_failed', tellExit('Codex', exit), { cause: error });
  return error;
}
