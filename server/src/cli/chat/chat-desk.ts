/** A chat in a terminal: what happens is printed, what is typed is sent, what the agent asks is answered here. */
import type { Approval } from '@afield/shared/api/approvals.ts';
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { uuidv7 } from '@afield/shared/client/uuid.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { approvalCard, hashOf, outcomeLine, titleOf } from '../print/approval-card.ts';
import { printable, printableLines } from '../print/printable.ts';
import { MARKS } from '../print/status-mark.ts';
import type { Style } from '../print/style.ts';
import { Deciding, type Given } from './decide.ts';
import { queueLines } from './queue-lines.ts';
import { Transcript } from './transcript.ts';

/** A rule answers within this; what is answered by then is not asked here. */
const RULES_MS = 50;

/** Typed while the agent asks, these are no answer. */
const COMMAND = /^\/(cancel|queue|leave|help|say|now)(\s|$)/;

const HELP = [
  '/cancel  interrupts what the agent does now (Ctrl-C does too)',
  '/queue   messages that wait; /now <text> sends one into the turn that goes on, where the agent can',
  '/model, /mode <name>  another one, where the agent can',
  '/leave   the session goes on (Ctrl-D and Ctrl-\\ do too)',
  'Anything else is sent as you type it, the commands of the agent too. //x sends /x. While it asks, /say <text> sends a message.',
];

export interface ChatDeskOptions {
  client: AfieldClient;
  session: Session;
  style: Style;
  columns(): number;
  /** Above the line that is typed in. */
  print(lines: string[]): void;
  prompt(text: string): void;
  /** Something is typed that was not sent. */
  typing(): boolean;
  leave(): void;
  /** The session is over, or deleted (null). */
  ended(session: Session | null): void;
}

export class ChatDesk {
  readonly #options: ChatDeskOptions;
  readonly #transcript: Transcript;
  readonly #own = new Set<string>();
  /** Approvals that wait, in the order in which they were asked. */
  readonly #waiting = new Map<string, Approval>();
  #session: Session;
  #deciding: Deciding | null = null;
  #cost: number | null = null;
  #toldCost: number | null = null;
  /** False: what is being typed was begun before the approval was seen, so it is no answer to it. */
  #armed = true;

  constructor(options: ChatDeskOptions) {
    this.#options = options;
    this.#session = options.session;
    const { client, session, style, print, columns } = options;
    this.#transcript = new Transcript({
      style,
      columns,
      print,
      fetch: (item_id) => client.call('getMessage', { params: { id: session.id, item_id } }),
      isOwn: (prompt_id) => this.#own.has(prompt_id),
    });
  }

  begin(session: Session, items: ChatItem[], approvals: ReadonlyMap<string, Approval>, waiting: readonly Approval[]): void {
    this.#session = session;
    this.#toldCost = session.cost_usd;
    for (const item of items) {
      const approval = item.kind === 'approval' ? approvals.get(item.approval_id) : undefined;
      if (approval === undefined) this.#transcript.show(item);
      else if (approval.outcome !== null) this.#transcript.aside([this.#answered(approval)]);
    }
    this.#waiting.clear();
    for (const approval of waiting) this.#waiting.set(approval.id, approval);
    if (ENDED.has(session.status)) this.#options.ended(session);
    else this.#next();
  }

  event(event: AfieldEvent): void {
    switch (event.type) {
      case 'session.deleted':
        this.#options.ended(null);
        break;
      case 'session.status_changed':
        this.#changed(event.payload.session);
        break;
      case 'approval.requested':
        this.#asked(event.payload.approval);
        break;
      case 'approval.resolved':
        this.#resolved(event.payload.approval);
        break;
      case 'message.state_changed':
        this.#delivered(event.payload);
        break;
      case 'usage.updated':
        this.#cost = event.payload.usage.sum.cost_usd;
        if (this.#session.status === 'idle') this.#sayCost();
        break;
      default:
        this.#transcript.hear(event);
    }
  }

  /** What was typed. */
  async line(text: string): Promise<void> {
    const armed = this.#armed;
    this.#armed = true;
    if (this.#deciding !== null && armed && !COMMAND.test(text)) return this.#decide(text);
    if (text.trim() !== '') await this.#guarded(() => this.#command(text));
    this.#prompt();
  }

  /** Ctrl-C. */
  async interrupt(): Promise<void> {
    if (this.#session.status === 'busy' || this.#session.status === 'waiting') return this.#guarded(() => this.#cancel());
    this.#say('Nothing is to be interrupted. Ctrl-D leaves; the session goes on.');
  }

  async #command(text: string): Promise<void> {
    const { client, session } = this.#options;
    const [, name = '', rest = ''] = /^\/([a-z]+)(?:\s+(.*))?$/s.exec(text.trim()) ?? [];
    switch (name) {
      case 'cancel':
        return this.#cancel();
      case 'leave':
        return this.#options.leave();
      case 'help':
        return this.#say(...HELP);
      case 'queue':
        return this.#say(...queueLines((await client.call('getQueue', { params: { id: session.id } })).items, this.#options.style));
      case 'now':
      case 'say':
        return rest === '' ? this.#say(`Type /${name} and the message.`) : this.#send(rest, name === 'now' ? 'now' : 'normal');
      case 'model':
      case 'mode':
        if (rest !== '') await client.call('updateSession', { params: { id: session.id }, body: { [name]: rest } });
        return this.#sayChoices(name);
      default:
        return this.#send(text.startsWith('//') ? text.slice(1) : text, 'normal');
    }
  }

  async #sayChoices(name: 'model' | 'mode'): Promise<void> {
    const chat = await this.#options.client.call('getChat', { params: { id: this.#session.id } });
    const choices = name === 'model' ? chat.models : chat.modes;
    const now = chat[name];
    this.#say(
      `${name}: ${printable(now ?? "the agent's own")}`,
      ...choices.map(({ id, name: label }) => `  ${printable(id)}  ${printable(label)}`),
    );
  }

  async #send(content: string, priority: 'normal' | 'now'): Promise<void> {
    const id = uuidv7();
    this.#own.add(id);
    const prompt: Prompt = await this.#options.client.call('promptSession', {
      params: { id: this.#session.id },
      body: { id, content, priority },
    });
    if (prompt.state === 'home' && this.#session.status !== 'idle')
      this.#say('◷ It waits at home until the agent is ready. /queue shows what waits.');
  }

  async #cancel(): Promise<void> {
    await this.#options.client.call('cancelSession', { params: { id: this.#session.id } });
  }

  #asked(approval: Approval): void {
    if (approval.state !== 'pending' || this.#waiting.has(approval.id)) return;
    this.#waiting.set(approval.id, approval);
    setTimeout(() => this.#next(), RULES_MS);
  }

  #resolved(approval: Approval): void {
    if (!this.#waiting.delete(approval.id)) {
      // Answered before; only trouble with its delivery is news.
      if (approval.state === 'gone') this.#transcript.aside([this.#answered(approval)]);
      return;
    }
    this.#transcript.aside([this.#answered(approval)]);
    if (this.#deciding?.approval.id === approval.id) this.#deciding = null;
    this.#next();
  }

  /** The oldest that waits is asked, if none is being asked. */
  #next(): void {
    const [first] = this.#waiting.values();
    if (this.#deciding === null && first !== undefined) {
      this.#deciding = new Deciding(first);
      this.#armed = !this.#options.typing();
      const later = this.#armed ? [] : ['What you type now is sent as a message; then you are asked.'];
      const more = this.#waiting.size > 1 ? [`${this.#waiting.size} wait; this is the first.`] : [];
      this.#transcript.aside([...approvalCard(first, this.#options.style), ...more, ...later]);
    }
    this.#prompt();
  }

  async #decide(text: string): Promise<void> {
    const deciding = this.#deciding as Deciding;
    const read = deciding.read(text);
    if ('unclear' in read) this.#say(`${read.unclear} /say sends a message instead.`);
    if ('given' in read) await this.#guarded(() => this.#answer(deciding, read.given));
    this.#prompt();
  }

  async #answer(deciding: Deciding, given: Given): Promise<void> {
    const { id } = deciding.approval;
    try {
      await this.#options.client.call('answerApproval', { params: { id }, body: { ...given, hash: hashOf(deciding.approval) } });
    } catch (error) {
      // Asked again from the start, unless it is answered: then the event says how.
      if (this.#deciding === deciding) this.#deciding = new Deciding(deciding.approval);
      throw error;
    }
  }

  #answered(approval: Approval): string {
    const { style } = this.#options;
    const how = approval.outcome === null ? '' : outcomeLine(approval.outcome);
    return `${style(approval.state === 'gone' ? 'quiet' : 'done', approval.state === 'gone' ? '⊘' : '✓')} ${titleOf(approval)}: ${how}`;
  }

  /** Only what keeps a message from its agent is worth a line. */
  #delivered({ state, reason }: { state: Prompt['state']; reason: string | null }): void {
    if (state === 'stuck') this.#say(`△ It could not be given to the agent. ${printable(reason ?? '')}`);
    else if (state === 'home' && reason !== null) this.#say(`◷ It waits at home. ${printable(reason)}`);
  }

  /** What it has cost so far, after each turn that cost something. */
  #sayCost(): void {
    if (this.#cost === null || this.#cost === this.#toldCost) return;
    this.#toldCost = this.#cost;
    this.#transcript.aside([this.#options.style('quiet', `  ${this.#cost.toFixed(2)} USD so far`)]);
  }

  #changed(session: Session): void {
    const wasIdle = this.#session.status === 'idle';
    this.#session = session;
    if (session.status === 'idle' && !wasIdle) this.#sayCost();
    if (ENDED.has(session.status)) this.#options.ended(session);
    else this.#prompt();
  }

  #prompt(): void {
    const asking = this.#deciding !== null && this.#armed;
    this.#options.prompt(asking ? (this.#deciding as Deciding).prompt : `${MARKS[this.#session.status].shape} > `);
  }

  #say(...lines: string[]): void {
    this.#transcript.aside(lines);
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof AfieldError)) throw error;
      this.#say(
        ...printableLines(error.message)
          .split('\n')
          .map((line, i) => this.#options.style('fail', `${i === 0 ? '■' : ' '} ${line}`)),
      );
    }
  }
}
