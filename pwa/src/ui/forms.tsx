import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { FaultLine } from './fault-line.tsx';

export interface TextFieldProps {
  label: string;
  value: string;
  onInput(value: string): void;
  /** Below the field: what is expected. */
  hint?: ComponentChildren;
  error?: string | null;
  placeholder?: string;
  /** More than one: a text area. */
  rows?: number;
  /** The value is a path, link or command: monospace, no corrections. */
  exact?: boolean;
  maxLength?: number;
  required?: boolean;
  inputMode?: 'numeric' | 'decimal';
}

/** A labelled line or area of text. */
export function TextField(props: TextFieldProps) {
  const id = useId();
  const described = [props.hint === undefined ? '' : `${id}-hint`, props.error ? `${id}-error` : ''].filter(Boolean).join(' ');
  const shared = {
    id,
    class: props.exact ? 'inp inp-exact' : 'inp',
    value: props.value,
    placeholder: props.placeholder ?? '',
    required: props.required ?? false,
    onInput: (event: { currentTarget: { value: string } }) => props.onInput(event.currentTarget.value),
    'aria-invalid': props.error ? ('true' as const) : ('false' as const),
    ...(described === '' ? {} : { 'aria-describedby': described }),
    ...(props.inputMode === undefined ? {} : { inputMode: props.inputMode }),
    ...(props.maxLength === undefined ? {} : { maxLength: props.maxLength }),
    ...(props.exact ? ({ autocapitalize: 'off', autocorrect: 'off', autocomplete: 'off', spellcheck: false } as const) : {}),
  };
  return (
    <div class="field">
      <label class="lab" for={id}>
        {props.label}
      </label>
      {props.rows === undefined ? <input type="text" {...shared} /> : <textarea rows={props.rows} {...shared} />}
      {props.hint !== undefined && (
        <p class="meta field-hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
      <FaultLine id={`${id}-error`} text={props.error || null} />
    </div>
  );
}

export interface SelectFieldProps {
  label: string;
  value: string;
  options: readonly { value: string; label: string }[];
  onChange(value: string): void;
  hint?: ComponentChildren;
}

/** One of many. */
export function SelectField({ label, value, options, onChange, hint }: SelectFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label class="lab" for={id}>
        {label}
      </label>
      <select
        id={id}
        class="inp"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <p class="meta field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export interface SegmentsProps<V extends string> {
  legend: string;
  name: string;
  value: V;
  options: readonly { value: V; label: string }[];
  onChange(value: V): void;
}

/** One of a few, side by side. */
export function Segments<V extends string>({ legend, name, value, options, onChange }: SegmentsProps<V>) {
  return (
    <fieldset>
      <legend class="lab">{legend}</legend>
      <div class="seg seg-wide">
        {options.map((option) => (
          <label key={option.value}>
            <input type="radio" name={name} value={option.value} checked={option.value === value} onChange={() => onChange(option.value)} />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** A row with a switch. */
export function SwitchRow({
  label,
  note,
  checked,
  onChange,
}: {
  label: string;
  note?: string;
  checked: boolean;
  onChange(on: boolean): void;
}) {
  return (
    <label class="setrow">
      <span class="main">
        <b>{label}</b>
        {note !== undefined && <span class="meta">{note}</span>}
      </span>
      <input
        class="switch"
        type="checkbox"
        role="switch"
        aria-checked={checked}
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </label>
  );
}
