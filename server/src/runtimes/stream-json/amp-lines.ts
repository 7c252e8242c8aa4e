/** `--execute --stream-json`: the message format of Claude Code, one process a prompt (Amp). */
import type { Loose } from '../loose.ts';
import { brief, count, record, records, shown, text } from '../loose.ts';
import type { Dialect, Run } from './dialect.ts';
import { kindOf, titleOf } from './dialect.ts';

export const ampLines: Dialect = {
  args: (args, { resume }) => [...(resume === null ? [] : ['threads', 'continue', resume]), ...args],
  input: (content) => JSON.stringify({ type: 'user', message: { role: 'user', content: [{ type: 'text', text: content }] } }),
  models: false,
  modes: [],
  read(message, run) {
    const id = text(message.session_id);
    if (id !== null) run.session(id);
    const reads = READS[String(message.type)];
    if (reads === undefined) return false;
    reads(message, run);
    return true;
  },
};

const READS: Record<string, (message: Loose, run: Run) => void> = {
  system(message, run) {
    if (message.subtype !== 'init') run.tell({ type: 'unknown', kind: `system ${String(message.subtype)}`, text: brief(message) });
  },
  user(message, run) {
    for (const block of records(record(message.message).content)) {
      if (block.type === 'tool_result') readResult(block, run);
    }
  },
  assistant(message, run) {
    const said = record(message.message);
    const parent = text(message.parent_tool_use_id);
    for (const block of records(said.content)) readBlock(block, parent, run);
    run.quiet();
    readUsage(text(said.id) ?? String(run.next()), record(said.usage), text(said.model), run);
  },
  result(message, run) {
    const failed = message.is_error === true || message.subtype !== 'success';
    if (failed) run.tell({ type: 'notice', level: 'error', text: text(message.error) ?? text(message.result) ?? brief(message) });
    run.end(failed ? 'error' : 'done');
  },
};

/** What an agent of the agent says belongs to the call that started it. */
function readBlock(block: Loose, parent: string | null, run: Run): void {
  if (block.type === 'tool_use') {
    const name = text(block.name) ?? 'tool';
    const input = record(block.input);
    run.quiet();
    const patch = { name, kind: kindOf(name), title: titleOf(name, input), input: shown(block.input), state: 'running' } as const;
    run.tell({ type: 'tool', key: text(block.id) ?? name, patch });
    return;
  }
  const words = text(block.text) ?? text(block.thinking);
  if (words === null) {
    if (block.type !== 'text' && block.type !== 'thinking') run.tell({ type: 'unknown', kind: String(block.type), text: brief(block) });
  } else if (parent !== null) run.tell({ type: 'tool_output', key: parent, text: `${words}\n` });
  else run.say(block.type === 'thinking' ? 'thought' : 'agent', words);
}

function readResult(block: Loose, run: Run): void {
  const content = Array.isArray(block.content)
    ? records(block.content)
        .map((one) => text(one.text) ?? brief(one))
        .join('\n')
    : shown(block.content ?? '');
  const state = block.is_error === true ? 'failed' : 'done';
  run.tell({ type: 'tool', key: text(block.tool_use_id) ?? '', patch: { state, output: content } });
}

function readUsage(id: string, usage: Loose, model: string | null, run: Run): void {
  const [input, output] = [count(usage.input_tokens), count(usage.output_tokens)];
  if (input === null || output === null) return;
  const cached = count(usage.cache_read_input_tokens) ?? 0;
  const kept = cached + (count(usage.cache_creation_input_tokens) ?? 0);
  // it counts cached tokens in the input; who does not shows it by a smaller one
  const all = input >= kept ? input : input + kept;
  const report = {
    turn_id: `${run.prompt_id}:${id}`,
    model,
    input_tokens: all,
    cached_tokens: cached,
    output_tokens: output,
    cost_usd: null,
  };
  run.tell({ type: 'usage', usage: report });
  const size = count(usage.max_tokens);
  if (size !== null && size > 0) run.tell({ type: 'context', used_tokens: all + output, size_tokens: size });
}
