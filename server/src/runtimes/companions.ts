/** Which companions there are, by name. */
import type { CompanionBook, CompanionRuntime } from '../core/chat-ports.ts';
import type { Clock } from '../core/ports.ts';
import { createClaudeCompanion } from './claude-companion/runtime.ts';
import { createCodexRemote } from './codex-remote/runtime.ts';
import { createOpencodePort } from './opencode-port/runtime.ts';

/** `clock`: for patience that ends, and to know when a program was started. */
export function createCompanions(deps: { clock: Clock }): CompanionBook {
  const all: CompanionRuntime[] = [createClaudeCompanion(deps), createCodexRemote(deps), createOpencodePort(deps)];
  const byName = new Map(all.map((companion) => [companion.name, companion]));
  return { get: (name) => byName.get(name) ?? null };
}
