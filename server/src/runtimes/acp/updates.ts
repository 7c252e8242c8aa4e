/** `session/update` in our vocabulary. Total: what is not known is told as it is. */
import type { PlanStep } from '@afield/shared/api/chat.ts';
import type { ChatUpdate } from '../../core/chat-ports.ts';
import type { Loose } from '../loose.ts';
import { brief, count, record, records, text } from '../loose.ts';
import type { Offers } from './choices.ts';
import { commandsOf, offersOf } from './choices.ts';
import { blockText } from './content.ts';
import { isFault, isRetry } from './spoken-faults.ts';
import type { ToolCall } from './tools.ts';
import { ToolCalls } from './tools.ts';
import type { Tokens } from './usage.ts';
import { added, CostMeter, counted, TokenMeter } from './usage.ts';

type Role = 'agent' | 'thought' | 'user';
const ROLES: Record<string, Role> = { agent_message_chunk: 'agent', agent_thought_chunk: 'thought', user_message_chunk: 'user' };
const STEPS: Record<string, PlanStep['state']> = { pending: 'next', in_progress: 'now', completed: 'done' };

export class Updates {
  readonly tools = new ToolCalls();
  readonly cost: CostMeter;
  readonly tokens = new TokenMeter();
  offers: Offers = { model: null, mode: null };
  /** Told beside the result of a turn. */
  turnTokens: Tokens | null = null;
  /** A turn that ends well all the same has failed, and why. */
  fault: string | null = null;
  /** While an old session is read back: what was said is known already. */
  replaying = false;
  readonly #tell: (update: ChatUpdate) => void;
  #open: { key: string; role: Role; message: unknown } | null = null;
  /** What was said last, while it is of one piece. */
  #lastPiece = '';
  #lastError: string | null = null;
  #pieces = 0;
  /** What the person has just said, as far as it may still be echoed. */
  #echo = '';

  constructor(tell: (update: ChatUpdate) => void, fresh: boolean) {
    this.#tell = tell;
    this.cost = new CostMeter(fresh);
  }

  begin(content: string): void {
    this.#echo = content;
    this.turnTokens = null;
    this.fault = null;
    this.#lastPiece = '';
    this.#lastError = null;
    this.cost.begin();
  }

  /** The turn is over: nothing of it stays open. */
  end(): void {
    this.closeText();
    for (const update of this.tools.settle()) this.#tell(update);
  }

  /** The text that a turn that used nothing ended with, if it is why it failed. */
  spokenFault(): string | null {
    return isFault(this.#lastPiece) ? this.#lastPiece : null;
  }

  closeText(): void {
    if (this.#open !== null) this.#tell({ type: 'text_done', key: this.#open.key, role: this.#open.role });
    this.#open = null;
  }

  /** What a new session, or an option that was changed, offers. `news`: tell the choices, not only what is chosen. */
  readOffers(result: Loose): void {
    this.offers = offersOf(result, this.offers);
    const { model, mode } = this.offers;
    if (model !== null) this.#tell({ type: 'model', model: model.current, models: model.choices });
    if (mode !== null) this.#tell({ type: 'mode', mode: mode.current, modes: mode.choices });
  }

  /** A call of a tool in an update or in a request for permission. */
  tool(id: string, update: Loose): ToolCall {
    const { updates, call, fresh } = this.tools.read(id, update);
    if (fresh) this.closeText();
    for (const one of updates) this.#tell(one);
    return call;
  }

  /** True when it shows that the agent is at work on what it was given. */
  read(update: Loose): boolean {
    const kind = text(update.sessionUpdate) ?? '';
    const role = ROLES[kind];
    if (role !== undefined) return this.#chunk(role, update);
    if (kind === 'tool_call' || kind === 'tool_call_update') return this.#toolCall(update);
    if (kind === 'plan') return this.#plan(records(update.entries));
    const info = this.#info(kind, update);
    if (info !== null) return info;
    this.#tell({ type: 'unknown', kind: kind || 'update', text: brief(update) });
    return false;
  }

  #chunk(role: Role, update: Loose): boolean {
    // some tell what each call of the model used with a piece of text that is empty
    const used = record(update._meta).usage;
    const tokens = used === undefined ? null : counted(record(used), text(record(used).model));
    if (tokens !== null) this.turnTokens = added(this.turnTokens, tokens);
    const said = blockText(update.content);
    if (this.replaying || said === '') return false;
    if (said === null) this.#tell({ type: 'unknown', kind: `${role} content`, text: brief(update.content) });
    else if (role === 'user' && this.#echo.startsWith(said)) this.#echo = this.#echo.slice(said.length);
    else this.#say(role, update.messageId ?? null, said);
    return true;
  }

  #say(role: Role, message: unknown, said: string): void {
    if (role !== 'user') this.#echo = '';
    if (role === 'agent' && isRetry(said)) {
      this.closeText();
      this.#tell({ type: 'notice', level: 'warning', text: said });
      return;
    }
    const open = this.#open;
    this.#lastPiece = open === null ? said : '';
    if (open === null || open.role !== role || open.message !== message) {
      this.closeText();
      this.#pieces += 1;
      this.#open = { key: `${role}-${this.#pieces}`, role, message };
    }
    const { key } = this.#open as { key: string };
    this.#tell({ type: 'text', key, role, text: said });
  }

  #toolCall(update: Loose): boolean {
    if (this.replaying) return false;
    const id = text(update.toolCallId);
    if (id === null) this.#tell({ type: 'unknown', kind: 'tool_call', text: brief(update) });
    else this.tool(id, update);
    return true;
  }

  #plan(entries: readonly Loose[]): boolean {
    const steps = entries.map(({ content, status }) => ({ text: text(content) ?? '', state: STEPS[String(status)] ?? 'next' }));
    this.#tell({ type: 'plan', steps });
    return !this.replaying;
  }

  /** What is no part of the conversation. Null: not known. */
  #info(kind: string, update: Loose): boolean | null {
    switch (kind) {
      case 'available_commands_update':
        this.#tell({ type: 'commands', commands: commandsOf(update) });
        return false;
      case 'current_mode_update':
        if (this.offers.mode !== null) this.offers.mode.current = text(update.currentModeId);
        this.#tell({ type: 'mode', mode: text(update.currentModeId) });
        return false;
      case 'config_option_update':
        this.readOffers(update);
        return false;
      case 'usage_update':
        this.#usage(update);
        return false;
      case 'session_info_update':
        return this.#session(update);
      case 'notice':
        this.#notice(update);
        return false;
      case 'compaction_update':
        this.#tell({ type: 'notice', level: 'info', text: `The conversation is made shorter: ${text(update.status) ?? 'begun'}.` });
        return false;
      default:
        return null;
    }
  }

  #usage(update: Loose): void {
    const [used, size] = [count(update.used), count(update.size)];
    if (used !== null && size !== null && size > 0) this.#tell({ type: 'context', used_tokens: used, size_tokens: size });
    this.cost.read(record(update.cost));
  }

  #session(update: Loose): boolean {
    const title = text(update.title);
    if (title !== null) this.#tell({ type: 'title', title });
    const codex = record(record(update._meta).codex);
    const status = text(record(codex.threadStatus).type);
    const error = record(codex.error);
    const said = text(error.message);
    if (said !== null) {
      const words = [said, text(error.additionalDetails)].filter((part) => part !== null).join(': ');
      this.#lastError = words;
      this.#tell({ type: 'notice', level: error.willRetry === true ? 'warning' : 'error', text: words });
    }
    if (status === 'systemError') this.fault = this.#lastError ?? 'The agent failed.';
    return status === 'active';
  }

  #notice(update: Loose): void {
    const level = update.severity === 'error' || update.severity === 'warning' ? update.severity : 'info';
    const words = [text(update.title), text(update.message) ?? text(update.description)].filter((part) => part !== null);
    this.#tell({ type: 'notice', level, text: words.join(': ') || brief(update) });
  }
}
