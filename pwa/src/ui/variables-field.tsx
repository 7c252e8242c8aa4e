import { FaultLine } from './fault-line.tsx';
import { Icon } from './icons.tsx';

interface Row {
  name: string;
  value: string;
}

export interface VariablesFieldProps {
  rows: readonly Row[];
  onChange(rows: readonly Row[]): void;
  /** Why a row will not do; null when it will. */
  faultOf(row: Row): string | null;
  max: number;
}

/** Environment variables: names in the open, values masked while they are typed. */
export function VariablesField({ rows, onChange, faultOf, max }: VariablesFieldProps) {
  const change = (at: number, fields: Partial<Row>) => onChange(rows.map((row, index) => (index === at ? { ...row, ...fields } : row)));
  return (
    <div class="stack">
      {rows.map((row, index) => {
        const fault = faultOf(row);
        const number = index + 1;
        return (
          <div key={index} class="variable">
            <input
              class="inp inp-exact"
              aria-label={`Name of variable ${number}`}
              placeholder="NAME"
              value={row.name}
              maxLength={128}
              autocapitalize="off"
              autocorrect="off"
              autocomplete="off"
              spellcheck={false}
              aria-invalid={fault !== null}
              onInput={(event) => change(index, { name: event.currentTarget.value.trim() })}
            />
            <input
              class="inp inp-exact"
              type="password"
              aria-label={`Value of variable ${number}`}
              placeholder="value"
              value={row.value}
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => change(index, { value: event.currentTarget.value })}
            />
            <button
              type="button"
              class="btn btn-icon"
              aria-label={`Remove variable ${row.name || number}`}
              onClick={() => onChange(rows.filter((_, at) => at !== index))}
            >
              <Icon name="close" small />
            </button>
            <FaultLine text={fault} />
          </div>
        );
      })}
      {rows.length < max && (
        <button type="button" class="act" onClick={() => onChange([...rows, { name: '', value: '' }])}>
          <Icon name="plus" small />
          Add a variable
        </button>
      )}
    </div>
  );
}
