/** From this width on, list and session stand side by side. */
const WIDE = '(min-width: 700px)';
/** A phone on its side is as wide, but has no height to give away: one pane. */
const TALL = '(min-height: 600px)';

/** The keyboard on the screen of a tablet takes height; it must not take the panes, and with them the field, away. */
const typing = () => document.activeElement?.matches('input, textarea') === true;

/** True when there is room for two panes; `listener` hears changes. */
export function watchWide(listener: (wide: boolean) => void): () => void {
  const width = matchMedia(WIDE);
  const height = matchMedia(TALL);
  let wide = false;
  const tell = () => {
    wide = width.matches && (height.matches || (wide && typing()));
    listener(wide);
  };
  tell();
  for (const query of [width, height]) query.addEventListener('change', tell);
  return () => {
    for (const query of [width, height]) query.removeEventListener('change', tell);
  };
}
