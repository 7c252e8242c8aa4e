/** Colours from the design tokens, resolved for the theme of the moment. */
export function themeOf(style: CSSStyleDeclaration) {
  const token = (name: string) => style.getPropertyValue(name).trim();
  const probe = document.createElement('span');
  document.body.append(probe);
  const colour = (name: string) => {
    probe.style.color = token(name);
    return getComputedStyle(probe).color;
  };
  const theme = {
    background: colour('--slab'),
    foreground: colour('--slab-ink'),
    cursor: colour('--slab-ink'),
    cursorAccent: colour('--slab'),
    selectionBackground: '#4a5a80aa',
    selectionInactiveBackground: '#4a5a80aa',
    black: '#1d2420',
    red: colour('--slab-red'),
    green: colour('--slab-green'),
    yellow: colour('--slab-yellow'),
    blue: colour('--slab-blue'),
    magenta: colour('--slab-violet'),
    cyan: '#7fd6e0',
    white: colour('--slab-ink'),
    brightBlack: colour('--slab-dim'),
    brightRed: colour('--slab-red'),
    brightGreen: colour('--slab-green'),
    brightYellow: colour('--slab-yellow'),
    brightBlue: colour('--slab-blue'),
    brightMagenta: colour('--slab-violet'),
    brightCyan: '#7fd6e0',
    brightWhite: '#ffffff',
  };
  probe.remove();
  return theme;
}
