/** A prompt as opencode takes it: text and files as parts, or one of its slash commands. */
import { AfieldError } from '@afield/shared/errors.ts';
import type { GivenFile } from '../../core/chat-ports.ts';
import { COMPACT } from './catalogue.ts';

/** What a model sees as it is. */
const SEEN = /^(?:image\/|application\/pdf$)/;
const TEXT = /^(?:text\/|application\/(?:json|xml|yaml|toml|x-sh|javascript|typescript)$)/;
const COMMAND = /^\/([^\s/]+)(?:\s+([\s\S]*))?$/;

interface FilePart {
  type: 'file';
  mime: string;
  filename: string;
  url: string;
}

/** What is chosen for this prompt and those that follow. */
export interface Chosen {
  model: string | null;
  mode: string | null;
}

/** A call that begins a turn. `waits`: it is answered when the turn is over. */
export interface PromptCall {
  path: string;
  body: object;
  waits: boolean;
}

/** Errors: not_supported for a file that is neither image, PDF nor text. */
export function promptCall(
  session: string,
  message: string,
  prompt: { content: string; files: readonly GivenFile[] },
  chosen: Chosen,
  commands: ReadonlySet<string>,
): PromptCall {
  const path = `/session/${encodeURIComponent(session)}`;
  const files = prompt.files.map(filePart);
  const agent = chosen.mode === null ? {} : { agent: chosen.mode };
  const [, command, rest = ''] = COMMAND.exec(prompt.content) ?? [];
  if (command === COMPACT && chosen.model !== null && files.length === 0) {
    return { path: `${path}/summarize`, body: model(chosen.model), waits: true };
  }
  if (command !== undefined && command !== COMPACT && commands.has(command)) {
    const named = chosen.model === null ? {} : { model: chosen.model };
    return {
      path: `${path}/command`,
      body: { messageID: message, command, arguments: rest, ...agent, ...named, parts: files },
      waits: true,
    };
  }
  const parts = [{ type: 'text', text: prompt.content }, ...files];
  const which = chosen.model === null ? {} : { model: model(chosen.model) };
  return { path: `${path}/prompt_async`, body: { messageID: message, ...which, ...agent, parts }, waits: false };
}

/** `provider/model`; a model's own name may have slashes. */
function model(id: string): { providerID: string; modelID: string } {
  const at = id.indexOf('/');
  return { providerID: id.slice(0, at), modelID: id.slice(at + 1) };
}

function filePart({ name, media_type, bytes }: GivenFile): FilePart {
  const mime = SEEN.test(media_type) ? media_type : TEXT.test(media_type) ? 'text/plain' : null;
  if (mime === null) throw new AfieldError('not_supported', `opencode takes images, PDF and text, and not ${media_type}.`);
  return { type: 'file', mime, filename: name, url: `data:${mime};base64,${bytes.toString('base64')}` };
}
