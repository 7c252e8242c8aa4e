import type { PlanStep } from '@afield/shared/api/chat.ts';
import { Mark } from '../mark.tsx';
import { printable } from '../printable.ts';

const MARKS = { done: 'finished', now: 'busy', next: 'idle' } as const;

/** The step that is worked on, from 1; all of them when none is left. */
export function stepOf(steps: readonly PlanStep[]): number {
  const now = steps.findIndex((step) => step.state === 'now');
  return now >= 0 ? now + 1 : steps.filter((step) => step.state === 'done').length;
}

/** What the agent means to do, in its steps. */
export function Plan({ steps, live }: { steps: readonly PlanStep[]; live: boolean }) {
  if (steps.length === 0) return <p class="notice">The plan is empty now.</p>;
  return (
    <section class="plan" aria-label={`Plan, step ${stepOf(steps)} of ${steps.length}`}>
      <p class="line meta">
        <b>Plan</b>
        <span class="push">
          {stepOf(steps)} of {steps.length}
        </span>
      </p>
      <ol>
        {steps.map((step, index) => (
          <li key={index} class={step.state}>
            {/* a step of a plan that nobody works on does not turn */}
            <Mark status={step.state === 'now' && !live ? 'starting' : MARKS[step.state]} />
            <span>
              <span class="vh">{step.state}: </span>
              {printable(step.text)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
