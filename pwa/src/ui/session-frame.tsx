import type { SessionStatus } from '@afield/shared/api/sessions.ts';
import type { ComponentChildren } from 'preact';
import { Icon } from './icons.tsx';
import { StatusWord } from './mark.tsx';
import { useTitle } from './page.tsx';
import { Dock, type DockItem } from './tabs.tsx';

export interface SessionFrameProps {
  /** Already printable. */
  name: string;
  status: SessionStatus;
  /** Stands instead of the status' own word: "was busy". */
  statusWord?: string;
  /** Agent, machine, age. */
  facts: readonly string[];
  /** Behind them: how much it may do by itself, what it costs. */
  more?: ComponentChildren;
  back: string;
  dock: readonly DockItem[];
  onMore(): void;
  children: ComponentChildren;
  /** Below the facts: what is not as usual. */
  below?: ComponentChildren;
  /** Above the dock: composer, keys. */
  foot?: ComponentChildren;
  /** The content fills the screen's height and scrolls by itself (terminal). */
  full?: boolean;
  mainClass?: string;
}

/** Header, content and dock of a session. */
export function SessionFrame(props: SessionFrameProps) {
  useTitle(props.name);
  return (
    <div class={props.full ? 'session session-full' : 'session'}>
      <header class="top">
        <div class="line">
          <a class="btn btn-icon back" href={props.back} aria-label="Back to Home">
            <Icon name="back" />
          </a>
          <h1 tabindex={-1}>{props.name}</h1>
          <button type="button" class="btn btn-icon" aria-label="More for this session" aria-haspopup="dialog" onClick={props.onMore}>
            <Icon name="more" />
          </button>
        </div>
        <p class="facts">
          <StatusWord status={props.status} {...(props.statusWord === undefined ? {} : { word: props.statusWord })} />
          {props.facts.map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
          {props.more}
        </p>
        {props.below}
      </header>
      <main id="main" class={props.mainClass ?? ''}>
        {props.children}
      </main>
      <div class="foot">
        {props.foot}
        <Dock items={props.dock} />
      </div>
    </div>
  );
}
