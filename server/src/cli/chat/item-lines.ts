/** Items of a chat as lines: text of agents is hostile, so all of it is escaped. */
import type { Attachment, ChatItem, PlanStep } from '@afield/shared/api/chat.ts';
import { size } from '../print/age.ts';
import { diffCounts } from '../print/diff-lines.ts';
import { exact } from '../print/exact.ts';
import { printable, printableLines } from '../print/printable.ts';
import type { Style } from '../print/style.ts';

type Of<K extends ChatItem['kind']> = Extract<ChatItem, { kind: K }>;

/** Longest name, title or first line of an output, in characters. */
const MAX_LINE = 300;

const oneLine = (text: string): string => {
  const [first = ''] = text.split('\n', 1);
  return first.length > MAX_LINE ? `${first.slice(0, MAX_LINE)}…` : first;
};

/** Who speaks: goes before the first line of a text; the others are indented by as much. */
export function headOf(item: Pick<ChatItem, 'kind'> & { role?: 'user' | 'agent' }, style: Style): string {
  if (item.kind === 'thought') return style('quiet', '… ');
  return item.role === 'user' ? style('strong', '» ') : style('run', '● ');
}

export function toolLine({ name, title, state }: Of<'tool'>, style: Style): string {
  const said = [exact(name), ...(title === '' || title === name ? [] : [exact(oneLine(title))])].join('  ');
  const more = title.includes('\n') ? ' …' : '';
  const [mark, role] =
    ({ failed: ['■', 'fail'], cut: ['⊘', 'quiet'], done: ['✓', 'done'] } as const)[state as 'failed'] ?? (['▸', 'run'] as const);
  return `${style(role, mark)} ${said}${more}`;
}

/** What came of it, where that says more than that it is done. */
export function toolEnd(item: Of<'tool'>, style: Style): string[] {
  const changes = item.diffs.map((diff) => {
    const { added, removed } = diffCounts(diff);
    return `    ${exact(diff.path)}  ${style('done', `+${added}`)} ${style('fail', `-${removed}`)}`;
  });
  if (item.state !== 'failed') return changes;
  const why = item.output.trim() === '' ? [] : [`    ${printable(oneLine(item.output.trim()))}`];
  return [...why, ...changes];
}

const STEPS: Readonly<Record<PlanStep['state'], string>> = { next: '☐', now: '◉', done: '☑' };
export const planLines = (steps: readonly PlanStep[]): string[] => [
  'Plan',
  ...steps.map(({ state, text }) => `  ${STEPS[state]} ${printable(text)}`),
];

const LEVELS = { info: ['·', 'quiet'], warning: ['△', 'lost'], error: ['■', 'fail'] } as const;
export function noticeLines({ level, text }: Of<'notice'>, style: Style): string[] {
  const [mark, role] = LEVELS[level];
  return printableLines(text)
    .split('\n')
    .map((line, i) => style(role, `${i === 0 ? mark : ' '} ${line}`));
}

/** Its id is what `afield attachment` takes. */
export const attachmentLine = ({ id, name, media_type, size_bytes }: Attachment): string =>
  `${printable(name)}  ${printable(media_type)}, ${size(size_bytes)}  ${id}`;

/** A text with who speaks before it. */
export function textLines(item: Of<'message'> | Of<'thought'>, style: Style): string[] {
  const head = headOf(item, style);
  const lines = printableLines(item.text).trimEnd().split('\n');
  const given = item.kind === 'message' ? item.attachments.map((one) => style('quiet', `  + ${attachmentLine(one)}`)) : [];
  const cut = item.state === 'cut' ? [style('quiet', '  (cut off)')] : [];
  const quiet = (line: string) => (item.kind === 'thought' ? style('quiet', line) : line);
  return [...lines.map((line, i) => `${i === 0 ? head : '  '}${quiet(line)}`), ...given, ...cut];
}

/** An item that is read, not followed. Approvals are shown by whoever knows them. */
export function itemLines(item: Exclude<ChatItem, Of<'approval'>>, style: Style): string[] {
  switch (item.kind) {
    case 'message':
    case 'thought':
      return textLines(item, style);
    case 'tool':
      return [toolLine(item, style), ...toolEnd(item, style)];
    case 'plan':
      return planLines(item.steps);
    case 'notice':
      return noticeLines(item, style);
  }
}
