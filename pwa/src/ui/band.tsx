import type { ComponentChildren } from 'preact';
import { Brand } from './icons.tsx';

const HILLS =
  'M-5 58C40 30 86 26 138 46s98 26 150-4 80-26 110-18M-5 68C44 42 90 38 140 57s100 24 150-5 78-24 108-17M-5 78C46 54 92 50 142 68s102 21 150-6 78-21 108-16M-5 88C50 66 96 62 146 79s104 18 150-7 76-19 106-15M222 92c26-4 50-12 72-23s70-20 104-14';

export type BandState = 'needs' | 'calm' | 'offline';

export interface BandProps {
  state: BandState;
  /** The answer to "does anything need me?", readable at arm's length. */
  headline: string;
  /** The line below it. */
  children?: ComponentChildren;
  /** At the right of the brand: the connection pill. */
  corner?: ComponentChildren;
  /** What comes below reaches into the band: a card or a banner does, a heading does not. */
  overlapped?: boolean;
  /** False beside a session, whose name is the page's heading. */
  heading?: boolean;
}

/** The horizon at the top of Home. */
export function Band({ state, headline, children, corner, heading = true, overlapped = false }: BandProps) {
  return (
    <header class={overlapped ? 'band band-over' : 'band'} data-state={state}>
      <svg class="hills" viewBox="0 0 390 88" preserveAspectRatio="none" aria-hidden="true">
        <path d={HILLS} />
      </svg>
      <div class="line">
        <Brand />
        {corner !== undefined && <span class="push">{corner}</span>}
      </div>
      {heading ? <h1 tabindex={-1}>{headline}</h1> : <p class="headline">{headline}</p>}
      {children ? <p>{children}</p> : null}
    </header>
  );
}

export interface StepBandProps {
  step: number;
  of: number;
  title: string;
  children: ComponentChildren;
}

/** The band of a way in several steps. */
export function StepBand({ step, of, title, children }: StepBandProps) {
  return (
    <header class="band band-steps" data-state="calm">
      <div class="line">
        <Brand />
        <span class="meta push">
          {step} of {of}
        </span>
      </div>
      <ol class="steps" aria-label={`Step ${step} of ${of}`}>
        {Array.from({ length: of }, (_, index) => (
          <li key={index} class={index < step ? 'on' : ''} />
        ))}
      </ol>
      <h1 tabindex={-1}>{title}</h1>
      <p>{children}</p>
    </header>
  );
}
