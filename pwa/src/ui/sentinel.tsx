import { useEffect, useRef } from 'preact/hooks';

/** An invisible line at the end of a list: tells when the end comes near, so that the next page is there before it is needed. */
export function EndSentinel({ onNear }: { onNear(): void }) {
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (line.current === null) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onNear(), { rootMargin: '600px 0px' });
    observer.observe(line.current);
    return () => observer.disconnect();
  }, [onNear]);
  return <div ref={line} class="sentinel" aria-hidden="true" />;
}
