import type { Choice } from '@afield/shared/api/chat.ts';
import type { ComponentChildren, RefObject } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { bytes } from '../facts.tsx';
import { FaultLine } from '../fault-line.tsx';
import { Icon } from '../icons.tsx';
import { printable } from '../printable.ts';
import { Thumb } from './given.tsx';
import { onDevice } from './given-context.ts';
import { Offered } from './offered.tsx';

export interface ComposerFile {
  name: string;
  media_type: string;
  base64: string;
  size_bytes: number;
  shrunk: boolean;
}

export interface ComposerProps<F extends ComposerFile> {
  text: string;
  placeholder: string;
  files: readonly F[];
  /** What may be attached, as `accept` of a file field says it; null: nothing. */
  accept: string | null;
  /** Slash commands that fit what is being written. */
  offered: readonly Choice[];
  problem: string | null;
  /** Files are being read. */
  reading: boolean;
  /** Above the field: when it shall be given, and what waits. */
  above?: ComponentChildren;
  /** Model and mode; null: there is nothing to choose. */
  onTune: (() => void) | null;
  onText(text: string): void;
  onFiles(files: File[]): void;
  onDetach(file: F): void;
  onTake(choice: Choice): void;
  onDismiss(): void;
  onSend(): void;
}

/** The tallest that the field grows, in px; then it scrolls. */
const MAX_HEIGHT_PX = 168;

/** With a mouse there is a keyboard: Enter sends. On a phone it makes a new line, and the button sends. */
const hasKeyboard = (): boolean => matchMedia('(hover: hover) and (pointer: fine)').matches;

/** A field of the phone's own: its keyboard, its dictation, its corrections. */
export function Composer<F extends ComposerFile>(props: ComposerProps<F>) {
  const field = useRef<HTMLTextAreaElement>(null);
  const listId = useId();
  const [active, setActive] = useState(0);
  const { text, offered } = props;
  const at = Math.min(active, offered.length - 1);
  useGrowing(field, text);
  const take = (choice: Choice) => {
    props.onTake(choice);
    setActive(0);
    field.current?.focus();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    props.onSend();
    field.current?.focus();
  };
  /** True when the list of commands took the key. */
  const choosing = (event: KeyboardEvent): boolean => {
    if (offered.length === 0) return false;
    if (event.key === 'ArrowDown') setActive((at + 1) % offered.length);
    else if (event.key === 'ArrowUp') setActive((at + offered.length - 1) % offered.length);
    else if (event.key === 'Escape') props.onDismiss();
    else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey) take(offered[at]!);
    else return false;
    event.preventDefault();
    return true;
  };
  const list = offered.length > 0 ? { 'aria-controls': listId, 'aria-activedescendant': `${listId}-${at}` } : {};
  return (
    <form class="comp chat-comp" aria-label="Message" onSubmit={submit}>
      <Offered id={listId} choices={offered} active={at} onTake={take} />
      {props.above}
      <Files {...props} />
      <FaultLine text={props.problem} class="comp-problem" />
      <div class="box">
        {props.accept !== null && <Attach accept={props.accept} onFiles={props.onFiles} />}
        <textarea
          ref={field}
          rows={1}
          value={text}
          aria-label="Message to the agent"
          aria-autocomplete="list"
          {...list}
          placeholder={props.placeholder}
          onInput={(event) => props.onText(event.currentTarget.value)}
          onPaste={(event) => {
            const pasted = [...(event.clipboardData?.files ?? [])];
            if (pasted.length === 0 || props.accept === null) return;
            event.preventDefault();
            props.onFiles(pasted);
          }}
          onKeyDown={(event) => {
            // a key that finishes a composition belongs to the input method
            if (event.isComposing || event.keyCode === 229) return;
            if (choosing(event)) return;
            if (event.key === 'Enter' && !event.shiftKey && (event.ctrlKey || event.metaKey || hasKeyboard())) submit(event);
          }}
        />
        {props.onTune !== null && (
          <button type="button" class="btn btn-icon" aria-label="Model and mode" aria-haspopup="dialog" onClick={props.onTune}>
            <Icon name="tune" />
          </button>
        )}
        <button
          type="submit"
          class="send"
          aria-label="Send"
          disabled={text.trim() === '' || props.reading}
          onPointerDown={(event) => event.preventDefault()}
        >
          <Icon name="up" />
        </button>
      </div>
    </form>
  );
}

/** As tall as what stands in it. */
function useGrowing(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(MAX_HEIGHT_PX, element.scrollHeight)}px`;
  }, [text]);
}

function Attach({ accept, onFiles }: { accept: string; onFiles(files: File[]): void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="btn btn-icon" aria-label="Attach" onClick={() => input.current?.click()}>
        <Icon name="clip" />
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept={accept}
        aria-label="Files for the agent"
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
    </>
  );
}

function Files<F extends ComposerFile>({ files, reading, onDetach }: ComposerProps<F>) {
  if (files.length === 0 && !reading) return null;
  return (
    <ul class="comp-files" aria-label="Files that go with it">
      {files.map((file, index) => (
        <li key={`${index} ${file.name}`}>
          <Thumb file={onDevice(file)} />
          <span class="cut">{printable(file.name)}</span>
          <span class="num meta">
            {bytes(file.size_bytes)}
            {file.shrunk && ', made smaller'}
          </span>
          <button type="button" class="btn btn-icon" aria-label={`Leave out ${printable(file.name)}`} onClick={() => onDetach(file)}>
            <Icon name="close" small />
          </button>
        </li>
      ))}
      {reading && (
        <li class="meta" role="status">
          Reading the file …
        </li>
      )}
    </ul>
  );
}
