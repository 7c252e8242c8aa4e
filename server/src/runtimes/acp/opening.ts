/** From a started program to a session that takes prompts. */

import { AfieldError } from '@afield/shared/errors.ts';
import type { InitializeRequest, NewSessionRequest } from '@agentclientprotocol/sdk';
import type { ChatSink, ChatStart } from '../../core/chat-ports.ts';
import { RpcError } from '../json-rpc.ts';
import type { Loose } from '../loose.ts';
import { record, records, text } from '../loose.ts';
import type { AcpAgent } from './agent.ts';
import { LOGIN, refusalText, wantsLogin } from './refusal.ts';

const PROTOCOL = 1;
const INITIALIZE = {
  protocolVersion: PROTOCOL,
  // its own files and terminals are nearer to it than ours
  clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false, elicitation: { form: {}, url: {} } },
  clientInfo: { name: 'afield', title: 'Afield', version: '1' },
} satisfies InitializeRequest;

/** Whether an ability is told: `{}` and `true` say so. */
const offered = (value: unknown): boolean => value !== undefined && value !== null && value !== false;

/** Errors: start_failed; not_found when there is nothing to go on with; not_supported for a mode or model that it does not have. */
export async function open(agent: AcpAgent, start: ChatStart, sink: ChatSink): Promise<void> {
  const told = record(await agent.peer.request('initialize', INITIALIZE));
  const can = record(told.agentCapabilities);
  const sessions = record(can.sessionCapabilities);
  readVersion(agent, told, sink);
  const prompts = record(can.promptCapabilities);
  agent.takes = { ...agent.takes, images: offered(prompts.image), embedded: offered(prompts.embeddedContext) };
  agent.closes = offered(sessions.close);

  const opened = await begin(agent, start, can).catch((error: unknown) => {
    throw wantsLogin(error) ? loginNeeded(error, told) : error;
  });
  agent.sessionId = text(opened.sessionId) ?? start.resume ?? '';
  if (agent.sessionId === '') throw new AfieldError('start_failed', 'The agent opened no session.');
  sink.update({ type: 'agent_session', id: agent.sessionId });
  agent.updates.readOffers(opened);
  const { model, mode } = agent.updates.offers;
  sink.update({
    type: 'abilities',
    can: {
      steer: false,
      images: agent.takes.images,
      files: agent.takes.embedded || agent.takes.here,
      fork: offered(sessions.fork),
      resume: offered(sessions.resume) || offered(can.loadSession),
      model: model !== null,
      mode: mode !== null,
    },
  });
  // first the mode: what it does from here on may depend on it
  if (start.mode !== null && mode === null) {
    const text = `This agent has no modes, so it does not start in “${start.mode}”. What it asks before it does is its own affair.`;
    sink.update({ type: 'notice', level: 'warning', text });
  } else if (start.mode !== null) await agent.choose('mode', start.mode);
  if (start.model !== null) await agent.choose('model', start.model);
}

function readVersion(agent: AcpAgent, told: Loose, sink: ChatSink): void {
  const { name, version: said } = record(told.agentInfo);
  agent.updates.tokens.agent(text(name) ?? '');
  const version = text(said);
  const note =
    told.protocolVersion === PROTOCOL
      ? null
      : `It speaks version ${String(told.protocolVersion).slice(0, 20)} of ACP; Afield speaks ${PROTOCOL}.`;
  if (version !== null || note !== null) sink.update({ type: 'version', version: version ?? 'unknown', note });
}

async function begin(agent: AcpAgent, { command, resume, fork }: ChatStart, can: Loose): Promise<Loose> {
  const place = { cwd: command.cwd, mcpServers: [] } satisfies NewSessionRequest;
  if (resume === null) return record(await agent.peer.request('session/new', place));
  const sessions = record(can.sessionCapabilities);
  if (fork && !offered(sessions.fork)) throw new AfieldError('not_supported', 'This agent cannot fork a session.');
  const method = fork ? 'session/fork' : offered(sessions.resume) ? 'session/resume' : offered(can.loadSession) ? 'session/load' : null;
  if (method === null) throw new AfieldError('not_found', 'This agent cannot go on with an earlier session.');
  agent.updates.replaying = true;
  try {
    return record(await agent.peer.request(method, { sessionId: resume, ...place }));
  } catch (error) {
    if (!(error instanceof RpcError) || wantsLogin(error)) throw error;
    throw new AfieldError('not_found', `The agent cannot go on with this session: ${refusalText(error)}`, { cause: error });
  } finally {
    agent.updates.replaying = false;
  }
}

function loginNeeded(error: unknown, told: Loose): AfieldError {
  const ways = records(told.authMethods)
    .map((way) => [text(way.name), text(way.description)].filter((part) => part !== null).join(': '))
    .filter((way) => way !== '');
  const what = `The agent wants you to log in (${refusalText(error)}). ${LOGIN}`;
  return new AfieldError('start_failed', ways.length === 0 ? what : `${what} It offers: ${ways.join('; ')}.`, { cause: error });
}
