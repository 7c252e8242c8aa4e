export type Theme = 'system' | 'light' | 'dark';

/** localStorage, because the theme must be known before the first picture; a wrong value there counts as `system`. */
const KEY = 'afield.theme';

export function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    return 'system'; // storage is blocked: follow the device
  }
}

/** Sets it on the page and keeps it. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // storage is blocked: the choice holds until the page is closed
  }
}
