/** Which companions there are, by name. */
import type { CompanionBook, CompanionRuntime } from '../core/chat-ports.ts';
import type { Clock } from '../core/ports.ts';

/** `clock`: for patience that ends. */
export function createCompanions(_deps: { clock: Clock }): CompanionBook {
  const all: CompanionRuntime[] = [];
  const byName = new Map(all.map((companion) => [companion.name, companion]));
  return { get: (name) => byName.get(name) ?? null };
}
