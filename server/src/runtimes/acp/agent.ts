/** A running agent that speaks ACP 1: one connection, one session, one turn at a time. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { AgentAnswer, ChatAgent, ChatSink, ChatStart, GivenFile, TurnStop } from '../../core/chat-ports.ts';
import { inTime } from '../../core/in-time.ts';
import type { Clock } from '../../core/ports.ts';
import type { ChatProcess } from '../chat-process.ts';
import type { RpcId, RpcPeer } from '../json-rpc.ts';
import { createRpcPeer, METHOD_NOT_FOUND, RpcError } from '../json-rpc.ts';
import type { Loose } from '../loose.ts';
import { brief, record, text } from '../loose.ts';
import { permissionAsk, permissionResult, questionAsk, questionResult } from './asks.ts';
import type { Offer } from './choices.ts';
import { modelIn } from './choices.ts';
import type { Takes } from './content.ts';
import { promptBlocks } from './content.ts';
import { OpenAsks } from './open-asks.ts';
import { LOGIN, refusalText, wantsLogin } from './refusal.ts';
import { Updates } from './updates.ts';
import { tokensOf } from './usage.ts';

/** A turn that has not ended so long after its cancel is asked in another way too. */
const CANCEL_MS = 5_000;
const CLOSE_MS = 1_000;
/** Known, and nothing to read: told in another way as well, or a guess at what its person might say next. */
const NOTHING_NEW = new Set(['elicitation/complete', 'qwen/notify/session/mode-update', 'qwen/notify/session/prompt-suggestion']);
/** Known, and said at the start not to be offered; agents ask all the same and go on without. */
const DECLINED = /^(?:fs|terminal|mcp|craft)\//;
const STOPS: Record<string, TurnStop> = {
  end_turn: 'done',
  cancelled: 'cancelled',
  refusal: 'refused',
  max_tokens: 'limit',
  max_turn_requests: 'limit',
};

interface Turn {
  prompt_id: string;
  rpcId: RpcId | null;
  cancelled: boolean;
  /** It shows that it took the prompt. */
  taken: PromiseWithResolvers<void>;
}

export class AcpAgent implements ChatAgent {
  readonly peer: RpcPeer;
  readonly updates: Updates;
  /** Its own id of the session; empty until there is one. */
  sessionId = '';
  takes: Takes;
  /** It takes `session/close`. */
  closes = false;
  readonly #process: ChatProcess;
  readonly #sink: ChatSink;
  readonly #clock: Clock;
  readonly #cwd: string;
  readonly #asks: OpenAsks;
  #turn: Turn | null = null;
  #exited = false;

  constructor(process: ChatProcess, sink: ChatSink, clock: Clock, start: ChatStart) {
    this.#process = process;
    this.#sink = sink;
    this.#clock = clock;
    this.#cwd = start.command.cwd;
    this.takes = { images: false, embedded: false, here: start.machine.host.local };
    this.updates = new Updates((update) => sink.update(update), start.resume === null);
    // some ask between turns, for what goes on behind them
    const otherwise = () => (this.#turn === null ? ({ type: 'idle', stop: 'done' } as const) : ({ type: 'running' } as const));
    this.#asks = new OpenAsks((update) => sink.update(update), otherwise);
    this.peer = createRpcPeer({
      send: (line) => process.send(line),
      handlers: {
        request: (method, params, id) => this.#asked(method, record(params), id),
        notification: (method, params) => this.#notified(method, record(params)),
        unknown: (line) => this.#stray(line),
      },
    });
    process.onLine = (line) => {
      if (line.trim() !== '') this.peer.take(line);
    };
    process.onExit = (exit) => {
      this.#exited = true;
      this.peer.close('The agent has ended.');
      this.#turn?.taken.reject(new AfieldError('unavailable', 'The agent has ended.'));
      this.#asks.drop();
      sink.exit(exit);
    };
  }

  get pid(): number | null {
    return this.#process.pid;
  }

  async prompt({ id, content, files }: { id: string; content: string; files: GivenFile[] }): Promise<void> {
    if (this.#turn !== null) throw new AfieldError('unavailable', 'The agent works on something else now.');
    const blocks = promptBlocks(content, files, this.takes);
    const turn: Turn = { prompt_id: id, rpcId: null, cancelled: false, taken: Promise.withResolvers() };
    const answer = this.peer.request('session/prompt', { sessionId: this.sessionId, prompt: blocks }, (rpcId) => {
      turn.rpcId = rpcId;
    });
    // not even written
    if (turn.rpcId === null) await answer;
    this.#turn = turn;
    this.updates.begin(content);
    this.#sink.update({ type: 'running' });
    answer.then(
      (result) => this.#finish(turn, record(result)),
      (error: Error) => this.#fail(turn, error),
    );
    await turn.taken.promise;
  }

  async cancel(): Promise<void> {
    const turn = this.#turn;
    const first = turn?.cancelled === false;
    if (turn !== null) {
      turn.cancelled = true;
      this.peer.notify('session/cancel', { sessionId: this.sessionId });
    }
    this.#asks.cancelAll();
    if (first) this.#clock.setTimeout(() => this.#insist(turn), CANCEL_MS);
  }

  async answer(key: string, answer: AgentAnswer): Promise<void> {
    this.#asks.answer(key, answer);
    if (answer.text === null || answer.decision === 'answer') return;
    this.#sink.update({ type: 'notice', level: 'info', text: 'This agent takes no words with an answer. Send them as a message.' });
  }

  setModel(model: string): Promise<void> {
    return this.choose('model', model);
  }

  setMode(mode: string): Promise<void> {
    return this.choose('mode', mode);
  }

  /** Errors: not_supported when it is not offered, or refused. */
  async choose(what: 'model' | 'mode', id: string): Promise<void> {
    const offer = this.updates.offers[what];
    if (offer === null || !offer.choices.some((choice) => choice.id === id)) {
      const offered = offer?.choices.map((choice) => choice.id).join(', ') || 'none';
      throw new AfieldError('not_supported', `This agent does not offer the ${what} ${id}. It offers: ${offered}.`);
    }
    if (offer.current === id) return;
    const [method, params] = changeOf(offer, id);
    let result: Loose;
    try {
      result = record(await this.peer.request(method, { sessionId: this.sessionId, ...params }));
    } catch (error) {
      if (error instanceof RpcError) throw new AfieldError('not_supported', `The agent refused: ${refusalText(error)}`);
      throw error;
    }
    offer.current = id;
    if ('configOptions' in result) this.updates.readOffers(result);
    else this.#sink.update(what === 'model' ? { type: 'model', model: id } : { type: 'mode', mode: id });
  }

  async stop(): Promise<void> {
    if (this.closes && this.sessionId !== '' && !this.#exited) {
      await inTime(this.#clock, CLOSE_MS, () => this.peer.request('session/close', { sessionId: this.sessionId }));
    }
    await this.#process.stop();
  }

  /** Whoever has not heard `session/cancel` may hear this. If not, whoever cancelled decides what becomes of it. */
  #insist(turn: Turn): void {
    if (this.#turn === turn && !this.#exited) this.peer.notify('$/cancel_request', { requestId: turn.rpcId });
  }

  #finish(turn: Turn, result: Loose): void {
    this.updates.closeText();
    const stop = STOPS[String(result.stopReason)] ?? 'done';
    if (!(String(result.stopReason) in STOPS)) this.#sink.update({ type: 'unknown', kind: 'stopReason', text: brief(result.stopReason) });
    const tokens = this.updates.tokens.turn(tokensOf(result) ?? this.updates.turnTokens);
    const cost = this.updates.cost.spent();
    if (tokens !== null || (cost !== null && cost > 0)) {
      const { model, ...counts } = tokens ?? { model: null, input_tokens: 0, cached_tokens: 0, output_tokens: 0 };
      const usage = { turn_id: turn.prompt_id, model: model ?? modelIn(this.updates.offers.model), ...counts, cost_usd: cost };
      this.#sink.update({ type: 'usage', usage });
    }
    const fault = this.updates.fault ?? (tokens === null ? this.updates.spokenFault() : null);
    const failed = fault !== null && stop === 'done';
    if (failed) this.#sink.update({ type: 'notice', level: 'error', text: fault });
    this.#over(turn, failed ? 'error' : stop);
  }

  #fail(turn: Turn, error: Error): void {
    if (this.#exited || this.#turn !== turn) return;
    if (turn.cancelled) {
      this.#over(turn, 'cancelled');
      return;
    }
    this.updates.closeText();
    const text = wantsLogin(error) ? `${refusalText(error)}. ${LOGIN}` : refusalText(error);
    this.#sink.update({ type: 'notice', level: 'error', text });
    this.#over(turn, 'error');
  }

  #over(turn: Turn, stop: TurnStop): void {
    turn.taken.resolve();
    if (this.#turn !== turn) return;
    this.#turn = null;
    this.#asks.drop();
    this.updates.end();
    this.#sink.update({ type: 'idle', stop });
  }

  #taken(): void {
    this.#turn?.taken.resolve();
  }

  #notified(method: string, params: Loose): void {
    if (method === 'session/update') {
      if (this.updates.read(record(params.update))) this.#taken();
      return;
    }
    if (method === '$/cancel_request') this.#asks.withdraw(params.requestId);
    else if (method === '_auth/status_update') this.#account(record(params.authStatus));
    else if (!NOTHING_NEW.has(method)) this.#sink.update({ type: 'unknown', kind: method, text: brief(params) });
  }

  #account(status: Loose): void {
    const words = [text(status.label) ?? text(status.kind), text(status.detail)].filter((part) => part !== null);
    if (words.length > 0) this.#sink.update({ type: 'notice', level: 'info', text: `Logged in by: ${words.join(', ')}` });
  }

  #stray(line: string): void {
    this.#sink.update({ type: 'unknown', kind: 'output', text: brief(line) });
  }

  /** What it asks of us. Files and terminals are its own; that we offer none was said at the start. */
  #asked(method: string, params: Loose, id: RpcId): Promise<Loose> {
    this.#taken();
    if (method === 'session/request_permission') return this.#permission(params, id);
    if (method === 'elicitation/create') {
      this.updates.closeText();
      const call = this.updates.tools.get(text(params.toolCallId) ?? '');
      return this.#asks.open(id, questionAsk(params, call), (answer) => questionResult(params, answer), { action: 'cancel' });
    }
    if (!DECLINED.test(method)) this.#sink.update({ type: 'unknown', kind: method, text: brief(params) });
    throw new RpcError(METHOD_NOT_FOUND, `Afield does not offer ${method.slice(0, 100)}.`);
  }

  #permission(params: Loose, id: RpcId): Promise<Loose> {
    const call = record(params.toolCall);
    const toolId = text(call.toolCallId);
    const known = this.updates.tool(toolId ?? `asked-${id}`, call);
    this.updates.closeText();
    const ask = permissionAsk(params, toolId, known, this.#cwd);
    return this.#asks.open(id, ask, (answer) => permissionResult(params, answer), { outcome: { outcome: 'cancelled' } });
  }
}

function changeOf(offer: Offer, id: string): [string, Loose] {
  return 'option' in offer.by
    ? ['session/set_config_option', { configId: offer.by.option, value: id }]
    : [offer.by.method, { [offer.by.field]: id }];
}
