import type { Choice } from '@afield/shared/api/chat.ts';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import { useState } from 'preact/hooks';
import { Dialog } from '../dialog.tsx';
import { FaultLine } from '../fault-line.tsx';
import { Icon } from '../icons.tsx';
import { printable, printableLines } from '../printable.ts';
import { GivenFiles } from './given.tsx';
import { atHome } from './given-context.ts';

function Choices({
  legend,
  name,
  value,
  choices,
  disabled,
  onChoose,
}: {
  legend: string;
  name: string;
  value: string | null;
  choices: readonly Choice[];
  disabled: boolean;
  onChoose(id: string): void;
}) {
  if (choices.length === 0) return null;
  return (
    <fieldset class="choices" disabled={disabled}>
      <legend class="lab">{legend}</legend>
      <div class="rows">
        {choices.map((choice) => (
          <label key={choice.id} class="setrow">
            <input type="radio" name={name} checked={choice.id === value} onChange={() => onChoose(choice.id)} />
            <span class="main">
              <b>{printable(choice.name === '' ? choice.id : choice.name)}</b>
              {choice.description !== null && <span class="meta">{printable(choice.description)}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export interface TuneSheetProps {
  models: readonly Choice[];
  model: string | null;
  modes: readonly Choice[];
  mode: string | null;
  canFork: boolean;
  /** What is said of the agent's version; null: nothing. */
  note: string | null;
  busy: boolean;
  fault: string | null;
  onModel(id: string): void;
  onMode(id: string): void;
  onFork(): void;
  onClose(): void;
}

/** Model and mode of a running session, and a second one that begins with all that this one knows. */
export function TuneSheet(props: TuneSheetProps) {
  return (
    <Dialog title="Model and mode" onClose={props.onClose}>
      <FaultLine text={props.fault} />
      <Choices legend="Mode" name="mode" value={props.mode} choices={props.modes} disabled={props.busy} onChoose={props.onMode} />
      <Choices legend="Model" name="model" value={props.model} choices={props.models} disabled={props.busy} onChoose={props.onModel} />
      {props.canFork && (
        <button type="button" class="btn btn-line btn-wide" disabled={props.busy} onClick={props.onFork}>
          <Icon name="branch" />
          Fork: go on in a second session
        </button>
      )}
      {props.note !== null && <p class="meta">{printable(props.note)}</p>}
      <button type="button" class="btn btn-line btn-wide sheet-close" onClick={props.onClose}>
        Close
      </button>
    </Dialog>
  );
}

export interface QueueSheetProps {
  prompts: readonly Prompt[];
  canSteer: boolean;
  busy: boolean;
  fault: string | null;
  /** True when it was done. */
  onEdit(id: string, content: string): Promise<boolean>;
  onMove(id: string, by: -1 | 1): void;
  onNow(id: string): void;
  onWithdraw(id: string): void;
  onClose(): void;
}

/** The messages that wait at home until the agent is free. */
export function QueueSheet({ prompts, canSteer, busy, fault, onEdit, onMove, onNow, onWithdraw, onClose }: QueueSheetProps) {
  const [edited, setEdited] = useState<{ id: string; text: string } | null>(null);
  const save = () => {
    if (edited === null || edited.text.trim() === '') return;
    void onEdit(edited.id, edited.text.trim()).then((done) => done && setEdited(null));
  };
  return (
    <Dialog title={prompts.length === 1 ? '1 message waits' : `${prompts.length} messages wait`} onClose={onClose}>
      <FaultLine text={fault} />
      {prompts.length === 0 && <p class="dim">Nothing waits: the agent has everything.</p>}
      <ol class="queue">
        {prompts.map((prompt, index) => (
          <li key={prompt.id}>
            {edited?.id === prompt.id ? (
              <>
                <textarea
                  class="inp"
                  rows={4}
                  aria-label={`Text of message ${index + 1}`}
                  value={edited.text}
                  onInput={(event) => setEdited({ id: prompt.id, text: event.currentTarget.value })}
                />
                <div class="acts">
                  <button type="button" class="btn btn-line grow" onClick={() => setEdited(null)}>
                    Leave it
                  </button>
                  <button type="button" class="btn btn-main grow" disabled={busy || edited.text.trim() === ''} onClick={save}>
                    Save
                  </button>
                </div>
              </>
            ) : (
              <>
                <p class="queue-text">{printableLines(prompt.content)}</p>
                <GivenFiles files={prompt.attachments.map(atHome)} />
                {prompt.reason !== null && <p class="meta">{printable(prompt.reason)}</p>}
                <div class="queue-acts">
                  <button
                    type="button"
                    class="btn btn-icon"
                    aria-label={`Move message ${index + 1} earlier`}
                    disabled={busy || index === 0}
                    onClick={() => onMove(prompt.id, -1)}
                  >
                    <Icon name="up" />
                  </button>
                  <button
                    type="button"
                    class="btn btn-icon"
                    aria-label={`Move message ${index + 1} later`}
                    disabled={busy || index === prompts.length - 1}
                    onClick={() => onMove(prompt.id, 1)}
                  >
                    <Icon name="down" />
                  </button>
                  <button
                    type="button"
                    class="btn btn-icon"
                    aria-label={`Edit message ${index + 1}`}
                    disabled={busy}
                    onClick={() => setEdited({ id: prompt.id, text: prompt.content })}
                  >
                    <Icon name="pen" />
                  </button>
                  <button
                    type="button"
                    class="btn btn-icon"
                    aria-label={`Withdraw message ${index + 1}`}
                    disabled={busy}
                    onClick={() => onWithdraw(prompt.id)}
                  >
                    <Icon name="bin" />
                  </button>
                  {canSteer && (
                    <button type="button" class="btn btn-line push" disabled={busy} onClick={() => onNow(prompt.id)}>
                      Steer now
                    </button>
                  )}
                </div>
              </>
            )}
          </li>
        ))}
      </ol>
      <button type="button" class="btn btn-line btn-wide sheet-close" onClick={onClose}>
        Close
      </button>
    </Dialog>
  );
}

export interface KeptSheetProps {
  text: string;
  /** Why home did not take it; null: it goes as soon as there is a line. */
  refused: string | null;
  onRetry(): void;
  onEdit(): void;
  onDrop(): void;
  onClose(): void;
}

/** A message that did not leave this device. */
export function KeptSheet({ text, refused, onRetry, onEdit, onDrop, onClose }: KeptSheetProps) {
  return (
    <Dialog title={refused === null ? 'Kept on this device' : 'Home did not take this'} onClose={onClose}>
      <p class="queue-text">{printableLines(text)}</p>
      <p class="dim">{refused === null ? 'It goes by itself as soon as home is reached.' : printable(refused)}</p>
      <div class="acts sheet-acts acts-wrap">
        <button type="button" class="btn btn-deny" onClick={onDrop}>
          Discard
        </button>
        <button type="button" class="btn btn-line grow" onClick={onEdit}>
          Back into the field
        </button>
        {refused !== null && (
          <button type="button" class="btn btn-main grow" onClick={onRetry}>
            Send again
          </button>
        )}
      </div>
    </Dialog>
  );
}

export interface StuckSheetProps {
  prompt: Prompt;
  onDone(how: 'edit' | 'drop'): void;
  onClose(): void;
}

/** A message that home has, and the agent did not get. */
export function StuckSheet({ prompt, onDone, onClose }: StuckSheetProps) {
  const then = (how: 'edit' | 'drop') => () => {
    onDone(how);
    onClose();
  };
  return (
    <Dialog title="The agent did not get this" onClose={onClose}>
      <p class="queue-text">{printableLines(prompt.content)}</p>
      {prompt.reason !== null && <p class="dim">{printable(prompt.reason)}</p>}
      {prompt.attachments.length > 0 && <p class="meta">Its files do not come back with the text: choose them again.</p>}
      <div class="acts sheet-acts acts-wrap">
        <button type="button" class="btn btn-deny" onClick={then('drop')}>
          Discard
        </button>
        <button type="button" class="btn btn-main grow" onClick={then('edit')}>
          Back into the field
        </button>
      </div>
    </Dialog>
  );
}
