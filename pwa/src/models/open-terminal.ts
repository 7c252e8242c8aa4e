import { composedTextStore } from '../platform/composed-text.ts';
import { terminalViewStore } from '../platform/terminal-view.ts';
import { watchVisible } from '../platform/visibility.ts';
import { type TerminalDeps, type TerminalModel, TerminalSession } from './terminal.ts';

/** Brings the browser's clock and what this device keeps. */
export function openTerminal(deps: Pick<TerminalDeps, 'session' | 'attach' | 'older'>): TerminalModel {
  return new TerminalSession({
    ...deps,
    now: Date.now,
    later(run, ms) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    view: terminalViewStore(deps.session.id),
    watchVisible,
    kept: composedTextStore(deps.session.id),
  });
}
