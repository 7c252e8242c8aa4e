export interface Bar {
  key: string;
  /** Below the bar; empty: none. */
  label: string;
  /** In full, for those who listen: `Friday 20 November`. */
  name: string;
  /** USD; null: nobody knows it, though something was used. */
  value: number | null;
  /** Above the bar; empty: none. */
  amount: string;
}

/** Cost by day. What nobody knows has a shape of its own: it is not nothing. */
export function CostBars({ bars, label }: { bars: readonly Bar[]; label: string }) {
  const most = Math.max(...bars.map(({ value }) => value ?? 0), 0);
  const said = bars.filter(({ value }) => value !== 0).map(({ name, value, amount }) => `${name} ${value === null ? 'unknown' : amount}`);
  return (
    <div class={bars.length > 10 ? 'bars bars-many' : 'bars'} role="img" aria-label={`${label}: ${said.join(', ')}`}>
      {bars.map(({ key, label: below, value, amount }) => (
        <div key={key} class="bar">
          <span class="bar-room">
            <span class="bar-amount">{value === null ? '?' : amount}</span>
            <i class={value === null ? 'bar-unknown' : ''} style={{ height: heightOf(value, most) }} />
          </span>
          <span class="bar-label">{below}</span>
        </div>
      ))}
    </div>
  );
}

/** A day with any cost at all can be seen. */
function heightOf(value: number | null, most: number): string {
  if (value === null) return '1.5rem';
  return value === 0 || most === 0 ? '0' : `max(3px, ${Math.round((1000 * value) / most) / 10}%)`;
}
