/** What a terminal session is made of, joined. */
import type { Session } from '@afield/shared/api/sessions.ts';
import { CompanionFace } from '../chat/companion-face.ts';
import type { SessionDeps, SessionLimits } from '../deps.ts';
import { SessionLog } from '../history/session-log.ts';
import type { Recipe, SessionRow } from '../ports.ts';
import { promptTarget } from '../prompts/prompt-target.ts';
import { Prompts } from '../prompts/prompts.ts';
import type { Screen } from '../terminal/screen.ts';
import { TerminalSession } from '../terminal/terminal.ts';
import { SessionRecord } from './record.ts';
import { SessionState } from './state.ts';

export interface PartsContext {
  deps: SessionDeps;
  limits: SessionLimits;
  recipe: Recipe;
  row: SessionRow;
  screen: Screen;
}

/** What only the session decides. */
export interface PartsHooks {
  view(): Session;
  printed(bytes: number, recovered: boolean): void;
  /** Interrupts its agent. */
  cancel(): void;
}

export function joinParts(context: PartsContext, { view, printed, cancel }: PartsHooks) {
  const { deps, recipe, row, screen } = context;
  const { clock } = deps;
  const record = new SessionRecord(row, deps);
  const terminal = new TerminalSession(screen, clock, {
    printed,
    drawn: () => {
      state.drawn();
      log.drawn();
    },
    title: (title) => state.retitled(title),
    bell: () => state.rang() && log.rang(),
    typed: (bytes, device_name) => {
      state.typed();
      log.typed(bytes, device_name);
    },
    resizing: () => log.flushOutput(),
    resized: (size, lease, moved) => {
      if (moved) log.rebase();
      record.save(size);
      record.publish('session.resized', { ...size, lease });
    },
    unrecorded: (reason) => record.log('system', reason),
  });
  const log = new SessionLog(clock, screen, record);
  const state: SessionState = new SessionState({ ...context, record, terminal, view, changed: () => prompts.wake() });
  const chat = row.faces.includes('chat')
    ? new CompanionFace({ deps, row, record }, { heard: (reading) => state.heard(reading), sound: () => state.sound(), cancel })
    : null;
  const target = promptTarget(recipe, terminal, row, state);
  const prompts: Prompts = new Prompts(
    row.id,
    { store: deps.store.prompts, clock },
    { ...target, ready: () => target.ready() && (chat?.mayBeGiven() ?? true) },
    {
      changed: (prompt_id, delivery, reason) => {
        const prompt = delivery === 'accepted' && chat !== null ? deps.store.prompts.get(prompt_id) : null;
        if (prompt !== null) chat?.given(prompt);
        record.delivered(prompt_id, delivery, reason);
      },
      fault: (error) => deps.warn(`Prompts of session ${row.id} cannot be delivered.`, error),
    },
  );
  return { record, terminal, log, state, chat, prompts };
}
