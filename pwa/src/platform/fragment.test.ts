import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { onPairingLink, takePairingLink } from './fragment.ts';

/** As much of a window as an address bar needs. */
function addressBar(href: string) {
  const url = new URL(href);
  const events = new EventTarget();
  const replaced: string[] = [];
  const window = {
    location: url,
    history: {
      state: null,
      replaceState(_state: unknown, _title: string, next: string) {
        replaced.push(next);
        url.href = new URL(next, url).href;
      },
    },
    addEventListener: events.addEventListener.bind(events),
    removeEventListener: events.removeEventListener.bind(events),
  };
  vi.stubGlobal('window', window);
  return { url, replaced, change: () => events.dispatchEvent(new Event('hashchange')) };
}

beforeEach(() => void vi.unstubAllGlobals());
afterEach(() => void vi.unstubAllGlobals());

it('takes the link out of the address bar at once', () => {
  const { url, replaced } = addressBar('https://app.example/?a=1#pair=v1.SECRET');
  expect(takePairingLink()).toBe('https://app.example/#pair=v1.SECRET');
  expect(replaced).toEqual(['/?a=1']);
  expect(url.href).not.toContain('SECRET');
  expect(takePairingLink()).toBeNull();
});

it('leaves other fragments alone', () => {
  const { replaced } = addressBar('https://app.example/settings#connection');
  expect(takePairingLink()).toBeNull();
  expect(replaced).toEqual([]);
});

it('hears of a link that is opened while the app runs', () => {
  const { url, change } = addressBar('https://app.example/');
  const heard: string[] = [];
  const stop = onPairingLink((link) => heard.push(link));
  url.hash = '#pair=v1.NEW';
  change();
  expect(heard).toEqual(['https://app.example/#pair=v1.NEW']);
  expect(url.hash).toBe('');
  stop();
  url.hash = '#pair=v1.LATER';
  change();
  expect(heard).toHaveLength(1);
});
