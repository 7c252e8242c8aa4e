/** Claude's list of things to do: written whole by TodoWrite, or one by one by TaskCreate and TaskUpdate. */
import type { PlanStep } from '@afield/shared/api/chat.ts';
import { type Loose, record, records, text } from '../loose.ts';

const STATES: Readonly<Record<string, PlanStep['state']>> = { pending: 'next', in_progress: 'now', completed: 'done' };
const MAX_STEPS = 200;

export class Plan {
  readonly #steps = new Map<string, PlanStep>();

  /** A tool was called and gave this back. Null: it changed no plan. */
  after(tool: string, input: Loose, result: unknown): PlanStep[] | null {
    if (tool === 'TodoWrite') return this.#write(input);
    if (tool === 'TaskCreate') return this.#create(input, record(result));
    if (tool === 'TaskUpdate') return this.#update(input);
    return null;
  }

  #write(input: Loose): PlanStep[] | null {
    if (!Array.isArray(input.todos)) return null;
    this.#steps.clear();
    for (const [at, todo] of records(input.todos).slice(0, MAX_STEPS).entries()) {
      this.#steps.set(String(at), { text: text(todo.content) ?? text(todo.activeForm) ?? '?', state: stateOf(todo.status) });
    }
    return this.#all();
  }

  #create(input: Loose, result: Loose): PlanStep[] | null {
    const id = text(record(result.task).id) ?? /#(\d+)/.exec(text(result.said) ?? '')?.[1] ?? String(this.#steps.size + 1);
    const subject = text(input.subject);
    if (subject === null || this.#steps.size >= MAX_STEPS) return null;
    this.#steps.set(id, { text: subject, state: 'next' });
    return this.#all();
  }

  #update(input: Loose): PlanStep[] | null {
    const id = text(input.taskId);
    const step = id === null ? undefined : this.#steps.get(id);
    if (id === null || step === undefined) return null;
    if (input.status === 'deleted') this.#steps.delete(id);
    else {
      const state = input.status === undefined ? step.state : stateOf(input.status);
      this.#steps.set(id, { text: text(input.subject) ?? step.text, state });
    }
    return this.#all();
  }

  #all(): PlanStep[] {
    return [...this.#steps.values()];
  }
}

const stateOf = (status: unknown): PlanStep['state'] => STATES[text(status) ?? ''] ?? 'next';
