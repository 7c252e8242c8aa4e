/** How much of something is used. The words beside it say the same. */
export function Meter({ part, label, over = false }: { part: number; label: string; over?: boolean }) {
  const percent = Math.round(100 * Math.min(1, Math.max(0, part)));
  return (
    <div class="meter" role="img" aria-label={label} {...(over ? { 'data-tone': 'over' } : {})}>
      <i style={{ width: `${percent}%` }} />
    </div>
  );
}
