/** For tests: what a chat shows after a stream of updates, a line each. */
import type { ChatUpdate } from '../../core/chat-ports.ts';

export function story(updates: readonly ChatUpdate[]): string[] {
  const shown = new Shown();
  for (const update of updates) shown.take(update);
  return [...shown.lines.values()];
}

class Shown {
  readonly lines = new Map<string, string>();
  readonly #texts = new Map<string, string>();
  readonly #tools = new Map<string, { name: string; state: string; title: string; output: string; diffs: number }>();

  take(update: ChatUpdate): void {
    if (update.type === 'text' || update.type === 'text_done') this.#text(update);
    else if (update.type === 'tool' || update.type === 'tool_output') this.#tool(update);
    else this.#other(update);
  }

  #text(update: ChatUpdate & { type: 'text' | 'text_done' }): void {
    const key = `${update.role} ${update.key}`;
    const before = this.#texts.get(key) ?? '';
    const whole = update.type === 'text' ? before + update.text : (update.text ?? before);
    this.#texts.set(key, whole);
    this.lines.set(key, `${update.role}: ${whole}`);
  }

  #tool(update: ChatUpdate & { type: 'tool' | 'tool_output' }): void {
    const before = this.#tools.get(update.key) ?? { name: '?', state: '?', title: '?', output: '', diffs: 0 };
    const { diffs, ...patch } = update.type === 'tool' ? update.patch : { output: before.output + update.text };
    const tool = { ...before, ...patch, diffs: diffs?.length ?? before.diffs };
    this.#tools.set(update.key, tool);
    const changed = tool.diffs > 0 ? ' +-' : '';
    this.lines.set(update.key, `${tool.name} ${tool.state}: ${tool.title}${changed} -> ${tool.output.slice(0, 60).replaceAll('\n', ' ')}`);
  }

  #other(update: ChatUpdate): void {
    const next = `${this.lines.size}`;
    if (update.type === 'plan') this.lines.set('plan', `plan: ${update.steps.map(({ text, state }) => `${text} (${state})`).join(', ')}`);
    if (update.type === 'notice') this.lines.set(next, `${update.level}: ${update.text}`);
    if (update.type === 'ask_gone') this.lines.set(next, `gone: by ${update.by}`);
    if (update.type === 'unknown') this.lines.set(next, `unknown ${update.kind}: ${update.text}`);
    if (update.type === 'ask')
      this.lines.set(`ask ${update.key}`, `asks: ${update.ask.subject} [${update.ask.options.map(({ id }) => id).join(' ')}]`);
    if (update.type === 'usage') {
      const { turn_id, input_tokens, cached_tokens, output_tokens, cost_usd } = update.usage;
      this.lines.set(turn_id, `usage: ${input_tokens} (${cached_tokens}) + ${output_tokens}, ${cost_usd?.toFixed(5) ?? '?'} USD`);
    }
  }
}
