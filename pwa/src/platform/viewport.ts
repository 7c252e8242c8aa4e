/** From this width on, list and session stand side by side. */
const WIDE = '(min-width: 700px)';

/** True when there is room for two panes; `listener` hears changes. */
export function watchWide(listener: (wide: boolean) => void): () => void {
  const query = matchMedia(WIDE);
  const tell = () => listener(query.matches);
  tell();
  query.addEventListener('change', tell);
  return () => query.removeEventListener('change', tell);
}
