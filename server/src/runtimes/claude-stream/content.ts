/** A prompt with its files as Claude takes them. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { GivenFile } from '../../core/chat-ports.ts';

const IMAGES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
const TEXT = /^(?:text\/|application\/(?:json|xml|x-yaml|yaml|toml|x-sh|javascript|typescript|x-ndjson)\b)/;

/** Errors: not_supported for a file that it cannot read. */
export function contentOf(words: string, files: readonly GivenFile[]): object[] {
  return [...files.map(blockOf), ...(words === '' ? [] : [{ type: 'text', text: words }])];
}

function blockOf({ name, media_type, bytes }: GivenFile): object {
  const base64 = () => ({ type: 'base64', media_type, data: bytes.toString('base64') });
  if (IMAGES.has(media_type)) return { type: 'image', source: base64() };
  if (media_type === 'application/pdf') return { type: 'document', source: base64(), title: name };
  if (TEXT.test(media_type)) {
    return { type: 'document', source: { type: 'text', media_type: 'text/plain', data: bytes.toString('utf8') }, title: name };
  }
  throw new AfieldError('not_supported', `Claude takes pictures, PDF and text; ${name} is ${media_type}. Put it into the project instead.`);
}
