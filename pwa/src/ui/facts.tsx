import { type ComponentChildren, Fragment } from 'preact';

/** Names and values. A value that is a command or a path comes as `<code>`. */
export function Facts({ items, panel = false }: { items: readonly (readonly [string, ComponentChildren])[]; panel?: boolean }) {
  return (
    <dl class={panel ? 'panel kv' : 'kv'}>
      {items.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

/** Sizes as a person says them: `512 B`, `18 kB`, `2.4 MB`. Powers of 1000, as disks and networks count. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
