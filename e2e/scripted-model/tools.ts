import path from 'node:path';
import type { Call, Reply, Tool } from './turn.ts';

/** Names under which agents offer an operation, likeliest first. */
const TOOL_NAMES: Record<Call['op'], string[]> = {
  write: ['Write', 'write_file', 'write', 'create', 'apply_patch'],
  edit: ['Edit', 'replace', 'edit', 'str_replace', 'apply_patch'],
  read: ['Read', 'read_file', 'read', 'view', 'exec_command'],
  bash: ['Bash', 'run_shell_command', 'bash', 'shell', 'exec_command'],
  todo: ['TodoWrite', 'todowrite', 'write_todos', 'todo_write', 'update_plan'],
  task: ['TaskCreate'],
  taskstate: ['TaskUpdate'],
  ask: ['AskUserQuestion', 'question', 'ask_user', 'ask_user_question', 'request_user_input'],
  plan: ['ExitPlanMode', 'exit_plan_mode'],
  agent: ['Task', 'Agent', 'task'],
  form: ['mcp__forms__form'],
  yes: ['mcp__forms__yes'],
  page: ['mcp__forms__page'],
};

/** Names under which tools take an argument. */
const ARGUMENT_NAMES: Record<string, string[]> = {
  path: ['file_path', 'filePath', 'path', 'absolute_path'],
  content: ['content', 'contents', 'file_text'],
  command: ['command', 'cmd'],
  why: ['description', 'justification'],
  from: ['old_string', 'oldString', 'old_str'],
  to: ['new_string', 'newString', 'new_str'],
  prompt: ['prompt'],
  plan: ['plan'],
  steps: ['plan'],
  permissions: ['sandbox_permissions'],
  todos: ['todos'],
  questions: ['questions'],
  subject: ['subject'],
  description: ['description'],
  taskId: ['taskId'],
  status: ['status'],
};

/** Arguments that are made of several. */
function spread(call: Call): Record<string, unknown> {
  if (call.op === 'todo') {
    const steps = call.items.map(({ text, state }) => ({ step: text, status: state }));
    return { todos: call.items.map(({ text, state }) => ({ content: text, activeForm: text, status: state, priority: 'medium' })), steps };
  }
  if (call.op !== 'ask') return call;
  const options = call.choices.map((label) => ({ label, description: `Choose ${label}` }));
  return { questions: [{ id: 'one', question: call.question, header: call.header, options, multiSelect: call.multiple === true }] };
}

/** Turns a neutral call into one of a tool that the agent offered; null when none fits. Paths become absolute, as agents want them. */
export function bind(call: Call, tools: Tool[], cwd: string): Reply['calls'][number] | null {
  const tool = TOOL_NAMES[call.op].map((name) => tools.find((offered) => offered.name === name)).find((found) => found !== undefined);
  // one that has no tool for it writes by its shell
  if (tool === undefined && call.op === 'write') return bind({ op: 'bash', command: byShell(call), why: `Write ${call.path}` }, tools, cwd);
  if (tool === undefined) return null;
  if (tool.freeform) return { name: tool.name, args: patchOf(call) };
  const args: Record<string, unknown> = {};
  for (const [neutral, value] of Object.entries({ ...spread(call), ...escaping(call, tool) })) {
    const name = ARGUMENT_NAMES[neutral]?.find((known) => known in tool.properties);
    if (name !== undefined) args[name] = neutral === 'path' ? path.resolve(cwd, String(value)) : value;
  }
  for (const name of tool.required) if (!(name in args)) args[name] = filler(tool.properties[name] ?? {}, call);
  return { name: tool.name, args };
}

const byShell = ({ path: file, content }: Call & { op: 'write' }): string => `cat > ${file} <<'EOF'\n${content}EOF`;

/** A patch as apply_patch takes it. */
function patchOf(call: Call): string {
  const added = call.op === 'write' ? call.content.replace(/\n$/, '').split('\n') : [];
  const lines = call.op === 'edit' ? ['@@', `-${call.from}`, `+${call.to}`] : added.map((line) => `+${line}`);
  const head = 'path' in call ? `*** ${call.op === 'edit' ? 'Update' : 'Add'} File: ${call.path}` : '';
  return ['*** Begin Patch', head, ...lines, '*** End Patch'].join('\n');
}

/** Codex asks for a permission only when the model itself wants to leave the sandbox; it reads by a command. */
function escaping(call: Call, tool: Tool): Record<string, unknown> {
  if (!('sandbox_permissions' in tool.properties)) return {};
  if (call.op === 'read') return { command: `cat ${call.path}` };
  return call.op === 'bash' ? { permissions: 'require_escalated' } : {};
}

function filler(property: Tool['properties'][string], call: Call): unknown {
  if (property.enum) return property.enum[0];
  if (property.default !== undefined) return property.default;
  return { boolean: false, number: 30_000, integer: 30_000, array: [], object: {} }[property.type ?? ''] ?? `scripted ${call.op}`;
}
