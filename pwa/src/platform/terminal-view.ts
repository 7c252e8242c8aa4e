/** How this device shows a terminal whose size somebody else decides: kept between visits, `fit` when storage is shut off. */
export type TerminalView = 'fit' | 'pan';

const KEY = 'afield.terminal-view';

export function readTerminalView(): TerminalView {
  try {
    return localStorage.getItem(KEY) === 'pan' ? 'pan' : 'fit';
  } catch {
    return 'fit'; // storage is shut off: the choice lasts as long as the page
  }
}

export function writeTerminalView(view: TerminalView): void {
  try {
    localStorage.setItem(KEY, view);
  } catch {
    // as above
  }
}
