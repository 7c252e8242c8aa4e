import type { Prompt } from '@afield/shared/api/prompts.ts';
import { printable, printableLines } from '../print/printable.ts';
import type { Style } from '../print/style.ts';
import { shortIds } from '../reach/resolve.ts';
import { attachmentLine } from './item-lines.ts';

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

const STATES: Readonly<Record<Prompt['state'], string>> = {
  home: '◷ at home: it waits until the agent is ready',
  accepted: '✓ given to the agent',
  consumed: '✓✓ the agent took it',
  stuck: '△ it could not be given',
  withdrawn: '⊘ taken back',
};

/** One prompt, and what became of it. */
export function promptLines({ id, state, reason, content, attachments, created_at }: Prompt, style: Style): string[] {
  return [
    `${STATES[state]}${reason === null ? '' : `. ${printable(reason)}`}`,
    ...printableLines(content.trimEnd())
      .split('\n')
      .map((line, i) => `${i === 0 ? '» ' : '  '}${line}`),
    ...attachments.map((one) => style('quiet', `  + ${attachmentLine(one)}`)),
    style('quiet', `${id}, ${created_at}`),
  ];
}
