/**
 * Agents that have only a JSON mode of one prompt: a process each, which goes on with the agent's session of before. Nobody can be
 * asked anything while it runs.
 */
import { AfieldError } from '@afield/shared/errors.ts';
import type { ChatRuntime } from '../../core/chat-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { StreamAgent } from './agent.ts';
import { ampLines } from './amp-lines.ts';
import type { Dialect } from './dialect.ts';
import { geminiLines } from './gemini-lines.ts';

export function createStreamJson({ clock }: { clock: Clock }): ChatRuntime {
  return {
    name: 'stream-json',
    can: { steer: false, images: false, files: false, fork: false, resume: true, model: true, mode: true },
    async start(start, sink) {
      if (start.fork) throw new AfieldError('not_supported', 'This agent cannot fork a session.');
      return new StreamAgent(start, sink, clock, dialectOf(start.command.args));
    },
  };
}

/** The option that turns it on says which it is. */
function dialectOf(args: readonly string[]): Dialect {
  return args.includes('--stream-json') ? ampLines : geminiLines;
}
