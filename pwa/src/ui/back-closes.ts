import { useEffect, useRef } from 'preact/hooks';

/** Marks an entry of the browser's history that stands for something over the screen. */
const OVER = 'over';

/** The Back of a browser or a phone closes what lies over the screen, and does not leave the screen. */
export function useBackCloses(onClose: () => void): void {
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const { history } = window;
    history.pushState({ [OVER]: true }, '');
    const back = () => close.current();
    window.addEventListener('popstate', back);
    return () => {
      window.removeEventListener('popstate', back);
      // Closed in another way: its entry goes. Where the app went on meanwhile, it is not the newest any more, and stays.
      if ((history.state as Record<string, unknown> | null)?.[OVER] === true) history.back();
    };
  }, []);
}
