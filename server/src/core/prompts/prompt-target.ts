/** What the delivery of prompts sees of a session, and does with it. */
import type { Recipe, SessionRow } from '../ports.ts';
import type { SessionState } from '../sessions/state.ts';
import type { TerminalSession } from '../terminal/terminal.ts';
import type { PromptTarget } from './prompts.ts';

export function promptTarget(recipe: Recipe, terminal: TerminalSession, row: SessionRow, state: SessionState): PromptTarget {
  const { screen } = terminal;
  const takesText = () => row.status === 'idle' || (recipe.readyWhen === 'started' && row.status === 'busy');
  return {
    recipe,
    ready: () => state.current && terminal.process !== null && takesText(),
    busy: () => row.status === 'busy' || row.status === 'waiting',
    sinceTyped: () => state.sinceTyped,
    write: (bytes) => {
      state.keys();
      return terminal.process?.write(bytes) ?? false;
    },
    bracketedPaste: () => screen.bracketedPaste,
    screen: () => screen.lines().join('\n'),
    cursorRow: () => screen.aroundCursor(0),
    aroundCursor: () => screen.aroundCursor(2),
    printed: () => screen.offset,
  };
}
