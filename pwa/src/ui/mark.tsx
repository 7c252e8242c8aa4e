import type { SessionStatus } from '@afield/shared/api/sessions.ts';
import type { ComponentChildren } from 'preact';

/** Each status has a shape of its own: it survives greyscale and 16 px. */
const SHAPES: Record<SessionStatus, ComponentChildren> = {
  waiting: (
    <>
      <path d="M10 1.5 18.5 10 10 18.5 1.5 10z" fill="var(--signal)" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" />
      <path d="M10 6v4.5M10 13.5v.1" stroke="var(--on-signal)" stroke-width="2.2" stroke-linecap="round" fill="none" />
    </>
  ),
  busy: (
    <>
      <circle cx="10" cy="10" r="7.5" fill="none" stroke="currentColor" stroke-width="2" opacity=".28" />
      <path class="turn" d="M10 2.5a7.5 7.5 0 0 1 7.5 7.5" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" />
      <circle cx="10" cy="10" r="2.6" fill="currentColor" />
    </>
  ),
  starting: (
    <circle cx="10" cy="10" r="7.5" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-dasharray=".1 4.6" />
  ),
  idle: (
    <>
      <circle cx="10" cy="10" r="7.5" fill="none" stroke="currentColor" stroke-width="2" />
      <path d="M6.5 10h7" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
    </>
  ),
  finished: (
    <>
      <circle cx="10" cy="10" r="8.5" fill="currentColor" />
      <path d="m6 10.3 2.8 2.7L14 7.5" fill="none" stroke="var(--raised)" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" />
    </>
  ),
  failed: (
    <>
      <path d="M2.5 2.5h15v15h-15z" fill="currentColor" stroke="currentColor" stroke-width="2" stroke-linejoin="round" />
      <path d="m6.8 6.8 6.4 6.4M13.2 6.8l-6.4 6.4" stroke="var(--raised)" stroke-width="2" stroke-linecap="round" />
    </>
  ),
  lost: (
    <>
      <path d="M10 2 18 17.5H2z" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" stroke-dasharray="4 2.6" />
      <path d="M10 8v4M10 14.8v.1" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
    </>
  ),
  cancelled: (
    <>
      <circle cx="10" cy="10" r="7.5" fill="none" stroke="currentColor" stroke-width="2" />
      <path d="m4.8 15.2 10.4-10.4" stroke="currentColor" stroke-width="2" />
    </>
  ),
};

/** The shape alone; its word must stand beside it, visible or in `.vh`. */
export function Mark({ status }: { status: SessionStatus }) {
  return (
    <svg class={`mark is-${status}`} viewBox="0 0 20 20" aria-hidden="true">
      {SHAPES[status]}
    </svg>
  );
}

/** Shape and word together. `word` replaces the status' own name ("claude waits for you"). */
export function StatusWord({ status, word }: { status: SessionStatus; word?: string }) {
  return (
    <span class={`st is-${status}`}>
      <Mark status={status} />
      {word ?? status}
    </span>
  );
}
