/** `-o stream-json`: init, message, tool_use, tool_result, error, result (Gemini CLI). */
import type { Loose } from '../loose.ts';
import { brief, count, record, shown, text } from '../loose.ts';
import type { Dialect, Run } from './dialect.ts';
import { kindOf, titleOf } from './dialect.ts';

export const geminiLines: Dialect = {
  args: (args, { resume, model, mode }) => [
    ...args,
    ...(mode === null ? [] : ['--approval-mode', mode]),
    ...(model === null ? [] : ['--model', model]),
    ...(resume === null ? [] : ['--resume', resume]),
  ],
  // all of its input is the prompt
  input: (content) => content,
  models: true,
  modes: [
    { id: 'default', name: 'Default', description: 'Changes nothing: whatever would have to be asked for is left out' },
    { id: 'plan', name: 'Plan', description: 'Reads only' },
    { id: 'auto_edit', name: 'Auto edit', description: 'Changes files without asking' },
    { id: 'yolo', name: 'YOLO', description: 'Does everything without asking' },
  ],
  read(message, run) {
    const reads = READS[String(message.type)];
    if (reads === undefined) return false;
    reads(message, run);
    return true;
  },
};

const READS: Record<string, (message: Loose, run: Run) => void> = {
  init(message, run) {
    const id = text(message.session_id);
    if (id !== null) run.session(id);
    const model = text(message.model);
    if (model !== null) run.tell({ type: 'model', model });
  },
  message({ role, content, delta }, run) {
    // ours comes back as it was given
    if (role === 'user') return;
    if (typeof content === 'string') run.say('agent', content);
    else run.tell({ type: 'unknown', kind: 'message', text: brief(content) });
    if (delta !== true) run.quiet();
  },
  tool_use(message, run) {
    const name = text(message.tool_name) ?? 'tool';
    const input = record(message.parameters);
    run.quiet();
    run.tell({
      type: 'tool',
      key: text(message.tool_id) ?? name,
      patch: { name, kind: kindOf(name), title: titleOf(name, input), input: shown(message.parameters), state: 'running' },
    });
  },
  tool_result(message, run) {
    const output = text(message.output) ?? text(record(message.error).message);
    const state = message.status === 'success' ? 'done' : 'failed';
    run.tell({ type: 'tool', key: text(message.tool_id) ?? '', patch: { state, ...(output === null ? {} : { output }) } });
  },
  error(message, run) {
    run.tell({
      type: 'notice',
      level: message.severity === 'warning' ? 'warning' : 'error',
      text: text(message.message) ?? brief(message),
    });
  },
  result(message, run) {
    const models = Object.entries(record(record(message.stats).models));
    for (const [model, told] of models) readUsage(model, record(told), run);
    const failed = message.status !== 'success';
    if (failed) run.tell({ type: 'notice', level: 'error', text: faultOf(record(message.error)) });
    run.end(failed ? 'error' : 'done');
  },
};

function readUsage(model: string, told: Loose, run: Run): void {
  const [input, output] = [count(told.input_tokens) ?? 0, count(told.output_tokens) ?? 0];
  if (input + output === 0) return;
  const usage = {
    turn_id: `${run.prompt_id}:${model}`,
    model,
    input_tokens: input,
    cached_tokens: count(told.cached) ?? 0,
    output_tokens: output,
  };
  run.tell({ type: 'usage', usage: { ...usage, cost_usd: null } });
}

/** `[API Error: {…}]` stands around what the provider said. */
function faultOf(error: Loose): string {
  const said = text(error.message) ?? 'The agent failed and did not say why.';
  const inner = /^\[API Error: (\{.*\})\]$/s.exec(said)?.[1];
  try {
    return (inner === undefined ? null : text(record(record(JSON.parse(inner)).error).message)) ?? said;
  } catch {
    return said;
  }
}
