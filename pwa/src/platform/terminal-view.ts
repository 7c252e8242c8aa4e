/**
 * How this device shows the terminal of each session, kept between visits. `fit`: all of it, as small as it must be. `actual`: at a
 * readable size, a part of it. `text`: its lines, wrapped to the width of this device.
 */
export type TerminalView = 'fit' | 'actual' | 'text';

const VIEWS: readonly unknown[] = ['fit', 'actual', 'text'];
const KEY = 'afield.terminal-views';
/** As many sessions are remembered; the one not touched for longest goes first. */
export const MAX_VIEWS = 100;

/** Session ids with their views, the newest last. */
type Views = [id: string, view: TerminalView][];

/** Read with distrust: an older version may have written it. */
function readAll(): Views {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    if (!Array.isArray(stored)) return [];
    return stored.filter((one): one is Views[number] => Array.isArray(one) && typeof one[0] === 'string' && VIEWS.includes(one[1]));
  } catch {
    return [];
  }
}

/** What was chosen for one session; null: nothing yet. */
export function terminalViewStore(id: string): { read(): TerminalView | null; write(view: TerminalView): void } {
  return {
    read: () => readAll().find(([other]) => other === id)?.[1] ?? null,
    write(view) {
      const others = readAll().filter(([other]) => other !== id);
      try {
        localStorage.setItem(KEY, JSON.stringify([...others, [id, view]].slice(-MAX_VIEWS)));
      } catch {
        // storage is shut off: the choice lasts as long as the page
      }
    },
  };
}
