/** Blocks of content: what an agent says, and what is given to it. */
import { isUtf8 } from 'node:buffer';
import { pathToFileURL } from 'node:url';
import { AfieldError } from '@afield/shared/errors.ts';
import type { ContentBlock } from '@agentclientprotocol/sdk';
import type { GivenFile } from '../../core/chat-ports.ts';
import { brief, count, record, text } from '../loose.ts';

/** A block as text. Null: of a kind that we do not know. */
export function blockText(block: unknown): string | null {
  const one = record(block);
  const resource = record(one.resource);
  switch (one.type) {
    case 'text':
      return typeof one.text === 'string' ? one.text : '';
    case 'image':
    case 'audio':
      return `[${one.type} ${text(one.mimeType) ?? ''}, ${Math.ceil(((text(one.data)?.length ?? 0) * 3) / 4 / 1000)} kB]`;
    case 'resource_link':
      return `[${text(one.title) ?? text(one.name) ?? 'file'}: ${text(one.uri) ?? ''}${count(one.size) === null ? '' : `, ${one.size} bytes`}]`;
    case 'resource':
      return text(resource.text) ?? `[${text(resource.uri) ?? 'file'}]`;
    default:
      return null;
  }
}
/** The same, with what we do not know as its JSON. */
export const anyText = (block: unknown): string => blockText(block) ?? brief(block);

export interface Takes {
  images: boolean;
  /** Files in the message itself; else only a link to them. */
  embedded: boolean;
  /** It runs where our files are. */
  here: boolean;
}

/** A prompt with its files. Errors: not_supported for a file that the agent cannot be given. */
export function promptBlocks(content: string, files: readonly GivenFile[], takes: Takes): ContentBlock[] {
  const blocks = files.map((file) => fileBlock(file, takes));
  return content === '' && blocks.length > 0 ? blocks : [{ type: 'text', text: content }, ...blocks];
}

function fileBlock({ name, media_type, bytes, path }: GivenFile, takes: Takes): ContentBlock {
  const uri = pathToFileURL(path).href;
  if (media_type.startsWith('image/') && takes.images) {
    return { type: 'image', mimeType: media_type, data: bytes.toString('base64'), uri };
  }
  if (takes.embedded && isUtf8(bytes)) {
    return { type: 'resource', resource: { uri, mimeType: media_type, text: bytes.toString('utf8') } };
  }
  // every agent takes links; it reads the file itself
  if (takes.here) return { type: 'resource_link', uri, name, mimeType: media_type, size: bytes.length };
  if (takes.embedded) return { type: 'resource', resource: { uri, mimeType: media_type, blob: bytes.toString('base64') } };
  throw new AfieldError('not_supported', `This agent takes no file like ${name}.`);
}
