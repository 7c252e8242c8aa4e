/** A prompt as Codex takes it: text, images, and text files in between. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { GivenFile } from '../../core/chat-ports.ts';

const TEXT = /^(?:text\/|application\/(?:json|xml|yaml|toml|x-sh|javascript|typescript)$)/;

/** Errors: not_supported for a file that is neither an image nor text. */
export function inputOf(content: string, files: readonly GivenFile[]): object[] {
  return [{ type: 'text', text: content, text_elements: [] }, ...files.map(fileInput)];
}

function fileInput({ name, media_type, bytes }: GivenFile): object {
  if (media_type.startsWith('image/')) return { type: 'image', url: `data:${media_type};base64,${bytes.toString('base64')}` };
  if (TEXT.test(media_type)) return { type: 'text', text: `File ${JSON.stringify(name)}:\n${bytes.toString()}`, text_elements: [] };
  throw new AfieldError('not_supported', `Codex takes images and text, and not ${media_type}.`);
}
