import type { ManifestOptions } from 'vite-plugin-pwa';

/** What a phone needs to put Afield on its home screen. */
export const manifest: Partial<ManifestOptions> = {
  id: '/',
  name: 'Afield',
  short_name: 'Afield',
  description: 'Your coding agents work at home, you don’t have to.',
  lang: 'en',
  start_url: '/',
  scope: '/',
  display: 'standalone',
  background_color: '#f2f0e9',
  theme_color: '#f2f0e9',
  categories: ['developer', 'productivity'],
  icons: [
    { src: 'icons/192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
    { src: 'icons/512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
    { src: 'icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    { src: 'icons/mark.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
  ],
  shortcuts: [{ name: 'New session', url: '/new', icons: [{ src: 'icons/192.png', sizes: '192x192' }] }],
};
