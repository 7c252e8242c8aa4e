import { type HomeLink, isOpen } from './home-link.ts';

/** Runs with every connection anew: at once when there is one, and after each return. Gives back the end of it. */
export function whileOpen(link: Pick<HomeLink, 'connection'>, run: () => void): () => void {
  let up = false;
  return link.connection.subscribe(() => {
    const now = isOpen(link);
    if (now && !up) run();
    up = now;
  });
}
