import { describe, expect, it } from 'vitest';
import { generateVAPIDKeys } from 'web-push';
import { loadVapidKeys, type SecretFiles, vapidSubject } from './vapid.ts';

function memoryFiles(start: Record<string, string> = {}): SecretFiles & { texts: Map<string, string> } {
  const texts = new Map(Object.entries(start));
  return {
    texts,
    read: (path) => texts.get(path) ?? null,
    create: (path, text) => {
      if (!texts.has(path)) texts.set(path, text);
      return texts.get(path) ?? '';
    },
  };
}

describe('the VAPID key', () => {
  it('is made once and then stays', () => {
    const files = memoryFiles();
    const first = loadVapidKeys('/keys/vapid.json', files);
    expect(first.made).toBe(true);
    expect(Buffer.from(first.keys.publicKey, 'base64url')).toHaveLength(65);
    expect(loadVapidKeys('/keys/vapid.json', files)).toEqual({ keys: first.keys, made: false });
  });

  it('G5: is never replaced when the file is broken; the error says what to do', () => {
    const other = generateVAPIDKeys().publicKey;
    const { privateKey } = generateVAPIDKeys();
    for (const text of ['', '{}', 'null', '{"public_key":1}', JSON.stringify({ public_key: other, private_key: privateKey })]) {
      const files = memoryFiles({ '/keys/vapid.json': text });
      expect(() => loadVapidKeys('/keys/vapid.json', files)).toThrow(/\/keys\/vapid\.json does not hold a key pair\. Put it back/);
      expect(files.texts.get('/keys/vapid.json')).toBe(text);
    }
  });
});

describe('the VAPID subject', () => {
  it.each(['mailto:sam@field.example.org', 'https://afield.example.org', 'https://example.org/contact'])('takes %s', (subject) => {
    expect(vapidSubject(subject, null)).toEqual({ subject, source: 'config' });
  });

  it.each([
    'sam@example.org',
    'mailto:sam',
    'mailto:sam@localhost',
    'mailto: sam@example.org',
    'mailto:<sam@example.org>',
    'mailto:sam@printer.local',
    'mailto:sam@example.org,eve@example.org',
    'https://localhost:4096',
    'https://192.168.1.4',
    'https://[::1]',
    'https://nas.lan',
    'https://nas',
    'http://example.org',
    'tel:123',
    '',
  ])('users 2: refuses %s at the start, since Apple would answer 403 to every message', (subject) => {
    expect(() => vapidSubject(subject, null)).toThrow(/push_subject/);
  });

  it('is the origin of the page when the public can resolve it, else a fallback', () => {
    expect(vapidSubject(null, 'https://afield.example.org/app/')).toEqual({ subject: 'https://afield.example.org', source: 'pwa' });
    for (const url of [null, 'http://127.0.0.1:4096', 'http://afield.example.org', 'https://nas.lan:8443', 'https://10.0.0.2']) {
      const fallback = vapidSubject(null, url);
      expect(fallback.source).toBe('fallback');
      expect(vapidSubject(fallback.subject, null).subject).toBe(fallback.subject);
    }
  });
});
