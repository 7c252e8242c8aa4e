/** Claude Code with its own protocol: JSON, a line a message, both ways (`--input-format stream-json`). */
import { AfieldError } from '@afield/shared/errors.ts';
import type { ChatRuntime, ChatSink, ChatStart } from '../../core/chat-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { type ChatExit, startChatProcess, tellExit } from '../chat-process.ts';
import { ClaudeAgent } from './agent.ts';

const SPEAKS = [
  '-p',
  '--input-format',
  'stream-json',
  '--output-format',
  'stream-json',
  '--verbose',
  '--include-partial-messages',
  '--replay-user-messages',
  '--permission-prompt-tool',
  'stdio',
];
/** So it tells exactly whether it works, waits or is idle. */
const ENV = { CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: '1' };
/** Its name for the mode in which it asks. */
const ASKS = 'default';
const NOTHING_TO_RESUME = /No conversation found/i;

export interface ClaudeStreamDeps {
  clock: Clock;
}

export function createClaudeStream({ clock }: ClaudeStreamDeps): ChatRuntime {
  return {
    name: 'claude-stream',
    can: { steer: true, images: true, files: true, fork: true, resume: true, model: true, mode: true },
    async start(start, sink) {
      const { command, machine, resume } = start;
      const given = { ...command, args: [...command.args, ...argsOf(start)], env: { ...command.env, ...ENV } };
      const process = await startChatProcess(machine, given, clock);
      let exited: ChatExit | null = null;
      const heard: ChatSink = {
        update: (update) => sink.update(update),
        exit(exit) {
          exited = exit;
          sink.exit(exit);
        },
      };
      const agent = new ClaudeAgent({ process, machine, sink: heard, clock, resumed: resume !== null });
      try {
        await agent.initialize();
        return agent;
      } catch (error) {
        await agent.stop();
        throw refusal(error, exited, resume);
      }
    },
  };
}

function argsOf({ model, mode, resume, fork }: ChatStart): string[] {
  return [
    ...SPEAKS,
    '--permission-mode',
    mode ?? ASKS,
    ...(model === null ? [] : ['--model', model]),
    ...(resume === null ? [] : ['--resume', resume, ...(fork ? ['--fork-session'] : [])]),
  ];
}

function refusal(error: unknown, exit: ChatExit | null, resume: string | null): unknown {
  if (!(error instanceof AfieldError) || error.code !== 'unavailable') return error;
  if (exit === null) return new AfieldError('start_failed', error.message, { cause: error });
  if (resume !== null && NOTHING_TO_RESUME.test(exit.detail)) {
    return new AfieldError('not_found', 'Claude Code does not have this conversation any more.', { cause: error });
  }
  return new AfieldError('start_failed', tellExit('Claude Code', exit), { cause: error });
}
