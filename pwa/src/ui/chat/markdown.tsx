/**
 * Markdown of an agent as elements, made from its tokens: no string ever becomes markup, so there is nothing to sanitise. HTML stands
 * there as text, pictures are links, and a link shows where it leads before it is opened (security.md E7).
 */
import { Lexer, type Token, type Tokens } from 'marked';
import type { ComponentChildren, VNode } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import { exact, printable, printableLines } from '../printable.ts';
import { safeUrl } from '../safe-url.ts';
import { CodeBlock } from './code-block.tsx';
import { useChatWays } from './context.ts';
import { withoutEntities } from './text.ts';

/** Longer text is shown as it is, in UTF-16 units. */
const MAX_TEXT = 120_000;
/** More signs of emphasis in one paragraph would take the reader's time. */
const MAX_SIGNS = 2_000;
const MAX_DEPTH = 12;
/** Quotes inside of quotes, each read anew: nobody writes so. */
const DEEP = /(?:>[ \t]?){40}/;

function isHarmless(text: string): boolean {
  if (text.length > MAX_TEXT || DEEP.test(text)) return false;
  return text.split(/\n\s*\n/).every((part) => part.length < MAX_SIGNS || (part.match(/[*_~]/g)?.length ?? 0) <= MAX_SIGNS);
}

/** The blocks of a text; null: it is to be shown as it is. */
function lex(text: string): Token[] | null {
  if (!isHarmless(text)) return null;
  try {
    return new Lexer({ gfm: true, breaks: true }).lex(text);
  } catch {
    return null; // deeper than any stack
  }
}

interface Known {
  text: string;
  blocks: Token[];
}

/** Blocks of a text that grows: the last two are read again (what follows a list may turn out to belong to it), those before stand. */
export function blocksOf(text: string, known: Known | null): Token[] | null {
  if (known === null || !text.startsWith(known.text)) return lex(text);
  const drawn = known.blocks.flatMap((block, index) => (block.type === 'space' ? [] : [index]));
  const kept = known.blocks.slice(0, drawn.at(-2) ?? 0);
  const length = kept.reduce((sum, block) => sum + block.raw.length, 0);
  const rest = lex(text.slice(length));
  return rest === null ? null : [...kept, ...rest];
}

export interface MarkdownProps {
  text: string;
  /** More may come. */
  open: boolean;
}

/** A message of an agent. */
export function Markdown({ text, open }: MarkdownProps) {
  const known = useRef<Known | null>(null);
  const blocks = useMemo(() => {
    // line ends and tabs as the lexer has them, so that lengths fit
    const plain = text.replace(/\r\n?/g, '\n');
    const next = blocksOf(plain, open ? known.current : null);
    known.current = next === null ? null : { text: plain, blocks: next };
    return next;
  }, [text, open]);
  if (blocks === null) return <p class="md-plain">{printableLines(text)}</p>;
  return (
    <>
      {blocks.map((block, index) => (
        <BlockOf key={index} block={block} />
      ))}
    </>
  );
}

function BlockOf({ block }: { block: Token }) {
  return useMemo(() => drawBlock(block, 0), [block]);
}

type Drawn = VNode | string | null;
const raw = (token: Token): string => printableLines(token.raw);

/** One block. `depth`: how many stand around it. */
export function drawBlock(token: Token, depth: number): Drawn {
  if (depth > MAX_DEPTH) return <span>{raw(token)}</span>;
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'heading':
      // no heading of the page: an agent knows nothing of its outline
      return <p class={`md-h md-h${(token as Tokens.Heading).depth}`}>{inline(token.tokens, depth)}</p>;
    case 'paragraph':
      return <p>{inline(token.tokens, depth)}</p>;
    case 'text':
      return <Part>{token.tokens === undefined ? shown(token.text) : inline(token.tokens, depth)}</Part>;
    case 'code':
      return <CodeBlock text={token.text} language={(token as Tokens.Code).lang ?? ''} />;
    case 'blockquote':
      return <blockquote>{blocks(token.tokens, depth)}</blockquote>;
    case 'list':
      return drawList(token as Tokens.List, depth);
    case 'table':
      return drawTable(token as Tokens.Table, depth);
    case 'hr':
      return <hr />;
    case 'html':
      return <p class="md-plain">{raw(token).trim()}</p>;
    default:
      return <Part>{inline([token], depth)}</Part>;
  }
}

const blocks = (tokens: Token[] | undefined, depth: number): ComponentChildren =>
  (tokens ?? []).map((token, index) => (
    <div key={index} class="md-block">
      {drawBlock(token, depth + 1)}
    </div>
  ));

function drawList(list: Tokens.List, depth: number): VNode {
  const items = list.items.map((item, index) => {
    const tokens = item.tokens.filter((token) => token.type !== 'checkbox');
    if (!item.task) return <li key={index}>{blocks(tokens, depth)}</li>;
    return (
      <li key={index} class="md-task">
        <span aria-hidden="true">{item.checked ? '☑' : '☐'}</span>
        <div>
          <span class="vh">{item.checked ? 'done: ' : 'open: '}</span>
          {blocks(tokens, depth)}
        </div>
      </li>
    );
  });
  return list.ordered ? <ol start={Number(list.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function drawTable({ header, rows }: Tokens.Table, depth: number): VNode {
  return (
    <section class="md-table" tabindex={0} aria-label="Table">
      <table>
        <thead>
          <tr>
            {header.map((cell, index) => (
              <th key={index} scope="col">
                {inline(cell.tokens, depth)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, index) => (
                <td key={index}>{inline(cell.tokens, depth)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const shown = (text: string): string => printableLines(withoutEntities(text));

function inline(tokens: Token[] | undefined, depth: number): ComponentChildren {
  return (tokens ?? []).map((token, index) => <Part key={index}>{drawPart(token, depth + 1)}</Part>);
}

/** Only for its key. */
function Part({ children }: { children: ComponentChildren }) {
  return <>{children}</>;
}

function drawPart(token: Token, depth: number): ComponentChildren {
  if (depth > MAX_DEPTH) return raw(token);
  switch (token.type) {
    case 'strong':
      return <strong>{inline(token.tokens, depth)}</strong>;
    case 'em':
      return <em>{inline(token.tokens, depth)}</em>;
    case 'del':
      return <del>{inline(token.tokens, depth)}</del>;
    case 'codespan':
      return <code>{exact(token.text)}</code>;
    case 'br':
      return <br />;
    case 'link':
      return <LinkText target={token.href}>{inline(token.tokens, depth)}</LinkText>;
    case 'image':
      return <LinkText target={token.href}>Picture{token.text === '' ? '' : `: ${printable(token.text)}`}</LinkText>;
    case 'text':
      return token.tokens === undefined ? shown(token.text) : inline(token.tokens, depth);
    case 'escape':
      return shown(token.text);
    default:
      return raw(token);
  }
}

/** Where it leads is shown before it is opened. What is no address of the web is text, with its target beside it. */
function LinkText({ target, children }: { target: string; children: ComponentChildren }) {
  const { openLink } = useChatWays();
  const url = safeUrl(target);
  if (url !== null) {
    return (
      <button type="button" class="md-link" aria-haspopup="dialog" onClick={() => openLink(url)}>
        {children}
      </button>
    );
  }
  return (
    <>
      {children} <code>{exact(target.slice(0, 500))}</code>
    </>
  );
}
