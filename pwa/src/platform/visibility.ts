/** Hears when the page is put away (another app, a locked phone) and when it is back; returns how to stop. */
export function watchVisible(listener: (visible: boolean) => void): () => void {
  const tell = () => listener(document.visibilityState === 'visible');
  document.addEventListener('visibilitychange', tell);
  return () => document.removeEventListener('visibilitychange', tell);
}
