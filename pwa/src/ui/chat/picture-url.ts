import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type GivenFault, type GivenFile, useGivenWays } from './given-context.ts';

/** `far`: not in sight, and nothing of it is held. `broken`: its bytes are no picture. */
export type PictureState = { kind: 'far' | 'loading' | 'broken' | GivenFault } | { kind: 'shown'; url: string };

/** Loaded before it comes into sight. */
const MARGIN = '400px 0px';

/** True while the element is in sight of its list, or nearly. */
export function useNear(place: RefObject<Element | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const root = element.closest('.chat');
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)?.isIntersecting === true), { root, rootMargin: MARGIN });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return near;
}

/** An address of the picture for as long as it is near; after that the browser may forget its bytes. */
export function usePicture({ source, media_type }: GivenFile, near: boolean) {
  const { get, live } = useGivenWays();
  const [state, setState] = useState<PictureState>({ kind: 'far' });
  const [tries, setTries] = useState(0);
  const offline = state.kind === 'offline';
  const key = 'id' in source ? source.id : source.base64;
  useEffect(() => {
    if (!near) return;
    let left = false;
    let url: string | null = null;
    setState({ kind: 'loading' });
    void get(source, () => !left).then((answer) => {
      if (left) return;
      if ('fault' in answer) return setState({ kind: answer.fault });
      url = URL.createObjectURL(new Blob([answer.bytes], { type: media_type }));
      setState({ kind: 'shown', url });
    });
    return () => {
      left = true;
      if (url !== null) URL.revokeObjectURL(url);
      setState({ kind: 'far' });
    };
  }, [key, near, tries]);
  const again = () => setTries((count) => count + 1);
  useEffect(() => {
    if (live && offline) again();
  }, [live, offline]);
  return { state, again, broken: () => setState({ kind: 'broken' }) };
}
