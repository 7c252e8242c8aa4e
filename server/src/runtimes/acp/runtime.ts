/** Starts agents that speak the Agent Client Protocol, version 1, on their pipes. */
import type { ChatAbilities } from '@afield/shared/api/chat.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ChatRuntime, ChatSink } from '../../core/chat-ports.ts';
import type { ProcessExit } from '../../core/machine-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { startChatProcess } from '../chat-process.ts';
import { AcpAgent } from './agent.ts';
import { open } from './opening.ts';
import { refusalText } from './refusal.ts';

/** A cold start of a large program on a busy machine. */
const START_MS = 60_000;
/** Before it has told. Links to files are taken by every agent. */
const BEFORE: ChatAbilities = { steer: false, images: false, files: true, fork: false, resume: true, model: false, mode: false };

export function createAcpRuntime({ clock }: { clock: Clock }): ChatRuntime {
  return {
    name: 'acp',
    can: BEFORE,
    async start(start, sink) {
      const process = await startChatProcess(start.machine, start.command, clock);
      const gate = gateOf(sink);
      const agent = new AcpAgent(process, gate, clock, start);
      const late = Promise.withResolvers<never>();
      const timer = clock.setTimeout(
        () => late.reject(new AfieldError('start_failed', 'The agent did not answer for a minute.')),
        START_MS,
      );
      try {
        await Promise.race([open(agent, start, gate), late.promise]);
        gate.open();
        return agent;
      } catch (error) {
        await agent.stop().catch(() => {});
        throw startFault(error, gate.ended);
      } finally {
        timer.cancel();
      }
    },
  };
}

type End = ProcessExit & { detail: string };
interface Gate extends ChatSink {
  readonly ended: End | null;
  /** It has started. Errors: unavailable when it has ended already. */
  open(): void;
}

/** An end before it has started is the start's failure; one after it is told. */
function gateOf(sink: ChatSink): Gate {
  let ended: End | null = null;
  let started = false;
  return {
    update: (update) => sink.update(update),
    exit(exit) {
      ended = exit;
      if (started) sink.exit(exit);
    },
    get ended() {
      return ended;
    },
    open() {
      if (ended !== null) throw new AfieldError('unavailable', 'The agent has ended.');
      started = true;
    },
  };
}

const MAX_DETAIL = 2_000;
function startFault(error: unknown, ended: End | null): AfieldError {
  if (error instanceof AfieldError && error.code !== 'unavailable') return error;
  const said = ended?.detail.trim().slice(-MAX_DETAIL) ?? '';
  const why = ended === null ? refusalText(error) : `The agent ended at once${ended.code === null ? '' : ` with code ${ended.code}`}.`;
  return new AfieldError('start_failed', said === '' ? why : `${why} It said: ${said}`, { cause: error });
}
