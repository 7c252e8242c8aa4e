import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/** An invisible line that tells whether the start of a list is in sight, whatever scrolls around it. */
export function TopSentinel({ at, onChange }: { at: RefObject<HTMLDivElement | null>; onChange(inSight: boolean): void }) {
  useEffect(() => {
    const line = at.current;
    if (line === null) return;
    const observer = new IntersectionObserver(([entry]) => onChange(entry?.isIntersecting ?? true), { rootMargin: '40px 0px 0px 0px' });
    observer.observe(line);
    return () => observer.disconnect();
  }, [at, onChange]);
  return <div ref={at} class="sentinel" aria-hidden="true" />;
}
