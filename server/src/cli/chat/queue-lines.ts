import type { Prompt } from '@afield/shared/api/prompts.ts';
import { printable } from '../print/printable.ts';
import type { Style } from '../print/style.ts';
import { shortIds } from '../reach/resolve.ts';

const MAX_CHARACTERS = 200;

/** Prompts that wait, in order, by number. */
export function queueLines(prompts: readonly Prompt[], style: Style): string[] {
  if (prompts.length === 0) return ['Nothing waits.'];
  const short = shortIds(prompts.map(({ id }) => id));
  return prompts.map(({ id, content, reason, attachments }, i) => {
    const text = printable(content.length > MAX_CHARACTERS ? `${content.slice(0, MAX_CHARACTERS)}…` : content);
    const files = attachments.length === 0 ? '' : ` + ${attachments.map(({ name }) => printable(name)).join(', ')}`;
    return `${i + 1}. ${text}${files}  ${style('quiet', `${short.get(id)}${reason === null ? '' : ` ${printable(reason)}`}`)}`;
  });
}
