/** opencode over its own server: one `opencode serve` a session, on the loopback interface, with a password of its own. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { ChatAgent, ChatRuntime, ChatSink, ChatStart } from '../../core/chat-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { record, text } from '../loose.ts';
import { OpencodeAgent, type Tuning } from './agent.ts';
import { type Api, told } from './api.ts';
import { readCatalogue, saysPermissions } from './catalogue.ts';
import { launch } from './launch.ts';

/** Where nobody configured anything, opencode asks nothing: edits, commands and what leaves the machine are asked then. */
const ASKS = ['edit', 'bash', 'webfetch', 'websearch'].map((permission) => ({ permission, pattern: '*', action: 'ask' }));

/** `tuning`: for tests, how long a silence is believed. */
export function createOpencodeServer({ clock }: { clock: Clock }, tuning: Tuning = {}): ChatRuntime {
  return {
    name: 'opencode-server',
    can: { steer: true, images: true, files: true, fork: true, resume: true, model: true, mode: true },
    async start(start, sink) {
      if (start.machine.kind !== 'local') {
        throw new AfieldError(
          'not_supported',
          "opencode's server listens on its own machine only, so this way to it works on the home server alone. Choose the way acp, or its terminal.",
        );
      }
      const started = await launch(start.machine, start.command, clock);
      try {
        return await open(started, start, sink, { clock, tuning });
      } catch (error) {
        await started.process.stop();
        throw error;
      }
    },
  };
}

async function open(
  started: Awaited<ReturnType<typeof launch>>,
  { model, mode, resume, fork }: ChatStart,
  sink: ChatSink,
  { clock, tuning }: { clock: Clock; tuning: Tuning },
): Promise<ChatAgent> {
  const { api, version } = started;
  const session = await sessionOf(api, resume, fork);
  if (!(await saysPermissions(api))) await api.ask('PATCH', `/session/${encodeURIComponent(session)}`, { permission: ASKS });
  const catalogue = await readCatalogue(api);
  const agent = new OpencodeAgent(started, session, catalogue, { model, mode }, { clock, sink, tuning });
  sink.update({ type: 'agent_session', id: session });
  if (version !== null) sink.update({ type: 'version', version, note: null });
  const { models, modes, commands, defaultModel, defaultMode } = catalogue;
  sink.update({ type: 'model', model: model ?? defaultModel, models });
  sink.update({ type: 'mode', mode: mode ?? defaultMode ?? modes[0]?.id ?? null, modes });
  sink.update({ type: 'commands', commands });
  await agent.begin(tuning.silentMs);
  return agent;
}

/** Errors: not_found when there is nothing to go on with. */
async function sessionOf(api: Api, resume: string | null, fork: boolean): Promise<string> {
  const at = resume === null ? '/session' : `/session/${encodeURIComponent(resume)}`;
  const answer =
    resume === null ? await api.call('POST', at, {}) : fork ? await api.call('POST', `${at}/fork`, {}) : await api.call('GET', at);
  if (resume !== null && (answer.status === 404 || answer.status === 400)) {
    throw new AfieldError('not_found', 'opencode does not know this conversation any more.');
  }
  const id = text(record(answer.body).id);
  if (answer.status >= 300 || id === null) throw new AfieldError('start_failed', `opencode began no conversation: ${told(answer)}`);
  return id;
}
