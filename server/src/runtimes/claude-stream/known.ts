/** What Claude tells of itself: models, modes, commands, version. */
import type { Choice } from '@afield/shared/api/chat.ts';
import type { ChatUpdate } from '../../core/chat-ports.ts';
import { type Loose, list, records, text } from '../loose.ts';

/** Modes that may be chosen. The one that approves everything is none of them: it must be asked for when Claude starts, and we never do. */
const MODES: readonly Choice[] = [
  { id: 'default', name: 'Ask', description: 'Asks before it changes a file or runs a command' },
  { id: 'acceptEdits', name: 'Accept edits', description: 'Changes files of the project without asking; asks before it runs a command' },
  { id: 'plan', name: 'Plan', description: 'Reads and plans; changes nothing before its plan is agreed to' },
  { id: 'dontAsk', name: 'Do not ask', description: 'What its rules do not allow is denied without a question' },
  { id: 'auto', name: 'Auto', description: 'A model decides instead of a person' },
];
const NO_STATES = 'This Claude Code does not tell its state; Afield concludes it from its messages.';

/** From the answer to `initialize`. */
export function* knownAtStart(answer: Loose): Generator<ChatUpdate> {
  const version = text(answer.claude_code_version);
  if (version !== null) yield { type: 'version', version, note: answer.session_state === undefined ? NO_STATES : null };
  const models = records(answer.models).flatMap((model) => {
    const id = text(model.value);
    return id === null ? [] : [{ id, name: text(model.displayName) ?? id, description: text(model.description) }];
  });
  if (models.length > 0) yield { type: 'model', model: null, models };
  yield { type: 'mode', mode: modeOf(answer.current_permission_mode) ?? null, modes: [...MODES] };
  const commands = records(answer.commands).flatMap((command) => {
    const id = text(command.name);
    if (id === null) return [];
    const hint = text(command.argumentHint);
    return [{ id, name: `/${id}${hint === null ? '' : ` ${hint}`}`, description: text(command.description) }];
  });
  if (commands.length > 0) yield { type: 'commands', commands };
}

/** From `system/init`, at the start of every turn. */
export function* knownAtTurn(line: Loose): Generator<ChatUpdate> {
  const model = text(line.model);
  if (model !== null) yield { type: 'model', model };
  const mode = modeOf(line.permissionMode);
  if (mode !== undefined) yield { type: 'mode', mode };
}

/** Its commands, where it did not tell them with their descriptions. */
export const commandsOf = (line: Loose): Choice[] =>
  list(line.slash_commands).flatMap((name) => (typeof name === 'string' ? [{ id: name, name: `/${name}`, description: null }] : []));

/** `manual` is what the command line calls `default`. */
export function modeOf(mode: unknown): string | undefined {
  return mode === 'manual' ? 'default' : (text(mode) ?? undefined);
}
