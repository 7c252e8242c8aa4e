/** Line icons on a 20 × 20 grid, drawn with the colour of the text beside them. */
const PATHS = {
  home: 'M3.5 9 10 3.5 16.5 9v7.5h-13zM8 16.5v-4.5h4v4.5',
  plus: 'M10 4v12M4 10h12',
  menu: 'M4 6h12M4 10h12M4 14h12',
  back: 'M12.5 4.5 7 10l5.5 5.5',
  forward: 'M7.5 4.5 13 10l-5.5 5.5',
  more: 'M4.5 10v.1M10 10v.1M15.5 10v.1',
  linked: 'M4 10h12M6.5 7 3.5 10l3 3M13.5 7l3 3-3 3',
  cut: 'M3 10h4M13 10h4M8.5 7.5l3 5M11.5 7.5l-3 5',
  clock: 'M10 3.2a6.8 6.8 0 1 1 0 13.6 6.8 6.8 0 0 1 0-13.6zM10 6.5V10l2.5 2',
  qr: 'M3.5 3.5h5v5h-5zM11.5 3.5h5v5h-5zM3.5 11.5h5v5h-5zM11.5 11.5h2v2h-2zM16.5 11.5v2M14 16.5h2.5',
  shield: 'M10 3l6 2.2v4.3c0 3.7-2.5 6.2-6 7.5-3.5-1.3-6-3.8-6-7.5V5.2z',
  key: 'M7 8.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM9.5 9.5 16 3M13 6l2.5 2.5',
  folder: 'M3 5.5h5l1.5 2H17v8H3z',
  machine: 'M3.5 4h13v5h-13zM3.5 11h13v5h-13zM6.5 6.5v.1M6.5 13.5v.1',
  phone: 'M6 2.5h8v15H6zM9 15h2',
  bell: 'M5 13.5V9a5 5 0 0 1 10 0v4.5l1 1.5H4zM8.5 17h3',
  search: 'M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM13 13l4 4',
  left: 'M15 10H5M9 6l-4 4 4 4',
  right: 'M5 10h10M11 6l4 4-4 4',
  down: 'M10 5v10M6 11l4 4 4-4',
  up: 'M10 16V4M5 9l5-5 5 5',
  share: 'M10 12V3.5M6.5 6.5 10 3l3.5 3.5M4.5 10v6.5h11V10',
  fit: 'M3 8V4h4M17 8V4h-4M3 12v4h4M17 12v4h-4',
  actual: 'M3.5 3.5h13v13h-13zM7 7h6.5v6.5H7z',
  lines: 'M3.5 5h13M3.5 10h13M3.5 15h8',
  close: 'M5 5l10 10M15 5 5 15',
  check: 'M4 10.5l4 4 8-9',
  pen: 'M4 16l.8-3.2L13 4.5l2.5 2.5-8.3 8.2zM11.5 6l2.5 2.5',
  stop: 'M5.5 5.5h9v9h-9z',
  pin: 'M7 3.5h6l-1 5 3 3H5l3-3zM10 11.5V17',
  archive: 'M3.5 4.5h13v3.5h-13zM4.5 8v8h11V8M8 11h4',
  bin: 'M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6M8.5 9v5M11.5 9v5',
  alert: 'M10 3.5 17.5 16.5h-15zM10 8.5v3.5M10 14.3v.1',
  branch: 'M6 3.500v13M6 12.500c0-4.500 8-2 8-6.500V3.500',
  pulse: 'M2.5 10.5h3l2-5 4 9 2-4h4',
  eye: 'M2.5 10s2.5-5 7.5-5 7.5 5 7.5 5-2.5 5-7.5 5-7.5-5-7.5-5zM10 8a2 2 0 1 1 0 4 2 2 0 0 1 0-4z',
  screen: 'M3 4.5h14v11H3zM6 8l2.2 2L6 12M10.5 12.5h3',
  message: 'M3.5 4.5h13v9H9l-3.5 3v-3h-2z',
  install: 'M10 3.5v8.5M6.5 9l3.5 3.5L13.5 9M4 13.5v3h12v-3',
  copy: 'M7 7.5h9.500v9H7zM4 12.500V3.500h9',
  chevron: 'M5.5 8 10 12.5 14.5 8',
  disk: 'M4 3.5h9.5l3 3v10H4zM7 3.5v4h5v-4M7 16.5v-5h6v5',
  box: 'M3.5 6.500 10 3l6.500 3.500v7L10 17l-6.500-3.500zM3.5 6.500 10 10l6.500-3.500M10 10v7',
  release: 'M8 6.5 10.500 4a2.800 2.800 0 0 1 4 4l-2.500 2.500M12 13.500 9.500 16a2.800 2.800 0 0 1-4-4L8 9.500M4 4l12 12',
  clip: 'M15.5 9.5 10 15a3.5 3.5 0 0 1-5-5l6-6a2.3 2.3 0 0 1 3.3 3.3l-6 6a1.1 1.1 0 0 1-1.6-1.6L12 6.5',
  ticks: 'm1.5 10.5 4 4 7-9M9 14l.5.5 8-9.5',
  tune: 'M3.5 6.5h7M14.500 6.500h2M3.500 13.500h2M9.500 13.500h7M12.500 4.500a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM7.500 11.500a2 2 0 1 1 0 4 2 2 0 0 1 0-4z',
  thought: 'M10 3a5 5 0 0 1 3 9v2H7v-2a5 5 0 0 1 3-9zM8 17h4',
  undo: 'M7 5 3.500 8.500 7 12M3.500 8.500h8a4.500 4.500 0 0 1 0 9H9',
  globe: 'M10 3.2a6.8 6.8 0 1 1 0 13.6 6.8 6.8 0 0 1 0-13.6zM3.5 10h13M10 3.200c2.5 2 2.5 11.6 0 13.600M10 3.200c-2.5 2-2.5 11.6 0 13.6',
  sun: 'M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM10 2.5v1M10 16.5v1M2.5 10h1M16.5 10h1M4.7 4.7l.7.7M14.6 14.6l.7.7M15.3 4.7l-.7.7M5.4 14.6l-.7.7',
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration only: the word beside it carries the meaning. `small`: 16 instead of 20 px. */
export function Icon({ name, small = false }: { name: IconName; small?: boolean }) {
  return (
    <svg class={small ? 'i i-s' : 'i'} viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The product's mark: a hill, its shadow, and the sun above. */
export function Brand() {
  return (
    <span class="brand">
      <svg class="i" viewBox="0 0 20 20" aria-hidden="true">
        <path d="M2.5 14.5C6 9.5 9 9.5 11.5 12s4.5 2 6-.5M2.5 18c4-4.5 7-4 9-2.5s4.500 1.500 6-.5" />
        <circle cx="13" cy="5.5" r="2.3" />
      </svg>{' '}
      Afield
    </span>
  );
}
