/** What stands in the composer of each session, kept on this device until it is sent. Lost with the page when storage is shut off. */
const KEY = 'afield.composed';

/** As many sessions keep a text; the one not touched for longest goes first. */
export const MAX_TEXTS = 20;
/** Of a longer text the beginning is kept, in UTF-16 units. */
export const MAX_TEXT_CHARS = 10_000;

/** Session ids with their texts, the newest last. */
type Texts = [id: string, text: string][];

/** Read with distrust: an older version may have written it. */
function readAll(): Texts {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    if (!Array.isArray(stored)) return [];
    return stored.filter((one): one is Texts[number] => Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'string');
  } catch {
    return [];
  }
}

function write(id: string, text: string): void {
  const others = readAll().filter(([other]) => other !== id);
  const texts = text === '' ? others : [...others, [id, text.slice(0, MAX_TEXT_CHARS)]];
  try {
    if (texts.length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(texts.slice(-MAX_TEXTS)));
  } catch {
    // storage is shut off or full: the text lives as long as the page
  }
}

/** The composer's text of one session; empty when there is none. */
export function composedTextStore(id: string): { read(): string; write(text: string): void } {
  return {
    read: () => readAll().find(([other]) => other === id)?.[1] ?? '',
    write: (text) => write(id, text),
  };
}

/** With the home, what was written to it goes. */
export function forgetComposedTexts(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // storage is shut off: nothing was kept
  }
}
