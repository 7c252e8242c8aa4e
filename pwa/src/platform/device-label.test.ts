import { expect, it } from 'vitest';
import { guessDeviceLabel } from './device-label.ts';

const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36';

it.each([
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1', 5, 'iPhone'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19.0 Safari/605.1.15', 5, 'iPad'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19.0 Safari/605.1.15', 0, 'Safari on macOS'],
  [`Mozilla/5.0 (Linux; Android 10; K) ${chrome}`, 5, 'Android phone'],
  [`Mozilla/5.0 (Linux; Android 16; Pixel 9) ${chrome}`, 5, 'Pixel 9'],
  ['Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0', 5, 'Android phone'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', 0, 'Firefox on Linux'],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0', 0, 'Edge on Windows'],
  ['', 0, 'Browser on a computer'],
])('%s', (userAgent, touch, label) => {
  expect(guessDeviceLabel(userAgent, touch)).toBe(label);
});
