/** Bars of a session's track and their geometry: 26 bars of 4 px in 104 × 18. */
const BARS = 26;
const STEP = 4;
const MIDDLE = 9;
/** Value of a bar in which the session waited for its person (`Session.track`). */
const WAITED = 9;
const HIGHEST = 8;

export type TrackEnd = 'done' | 'fail' | 'lost' | 'stopped' | null;
const END_CLASS: Record<NonNullable<TrackEnd>, string> = { done: 'd', fail: 'x', lost: 'l', stopped: 'q' };

/** Height of a bar in px for an activity from 1 to 8. */
export function barHeight(value: number): number {
  return 4 + (Math.min(HIGHEST, Math.max(1, value)) / HIGHEST) * 13;
}

function Bar({ x, value }: { x: number; value: number }) {
  if (value <= 0) return <rect class="q" x={x} y={MIDDLE - 1} width="2" height="2" rx="1" />;
  if (value >= WAITED) return <rect class="w" x={x} y="0.5" width="3" height="17" rx="1.2" />;
  const height = barHeight(value);
  return <rect x={x} y={MIDDLE - height / 2} width="3" height={height} rx="1.2" />;
}

/**
 * The last hour in 26 bars, oldest first: dot = quiet, height = activity, tall amber = waited for its person, block = end.
 * `label` says the same in words.
 */
export function Track({ values, end, label }: { values: readonly number[]; end: TrackEnd; label: string }) {
  // Before its first bar the session was quiet, or was not there.
  const bars = [...Array<number>(BARS).fill(0), ...values].slice(-BARS);
  return (
    <svg class="track" viewBox="0 0 104 18" preserveAspectRatio="xMinYMid" role="img" aria-label={label}>
      {bars.map((value, index) => {
        const x = index * STEP;
        if (end !== null && index === bars.length - 1)
          return <rect key={x} class={END_CLASS[end]} x={x - 2} y={MIDDLE - 4} width="6" height="8" rx="1" />;
        return <Bar key={x} x={x} value={value} />;
      })}
    </svg>
  );
}
