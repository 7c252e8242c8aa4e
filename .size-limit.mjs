/** Weight of the page, gzipped. The first load is what index.html itself asks for; everything else comes when it is used. */
import { readFileSync } from 'node:fs';

const html = readFileSync('pwa/dist/index.html', 'utf8');
const first = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, file]) => `pwa/dist/${file}`);
if (first.length === 0) throw new Error('pwa/dist/index.html names no script. Build the page first: npm run build pwa');

const sizes = [
  { name: 'page: scripts of the first load', path: first, limit: '80 kB', gzip: true },
  { name: 'page: style', path: 'pwa/dist/assets/*.css', limit: '14 kB', gzip: true },
  { name: 'page: terminal, on first use', path: 'pwa/dist/assets/screen-*.js', limit: '95 kB', gzip: true },
  { name: 'page: chat, on first use', path: 'pwa/dist/assets/session-chat-*.js', limit: '28 kB', gzip: true },
  { name: 'page: markdown, with the first message of an agent', path: 'pwa/dist/assets/markdown-*.js', limit: '19 kB', gzip: true },
  { name: 'page: service worker', path: 'pwa/dist/sw.js', limit: '12 kB', gzip: true },
];
// size-limit reads the default export
export default sizes;
