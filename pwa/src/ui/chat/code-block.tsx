import { useState } from 'preact/hooks';
import { CopyButton } from '../copy-button.tsx';
import { printable } from '../printable.ts';
import { useChatWays } from './context.ts';
import { exactText } from './text.ts';

/** Shorter lines fit on the narrowest phone. */
const FITS = 34;

/** Code as the agent wrote it: exact, wrapped or scrolled, to be copied. */
export function CodeBlock({ text, language }: { text: string; language: string }) {
  const { copy } = useChatWays();
  const [wrap, setWrap] = useState(true);
  const long = text.split('\n').some((line) => line.length > FITS);
  const name = language === '' ? 'code' : printable(language.slice(0, 30));
  return (
    <div class="md-code">
      <div class="md-code-top">
        <span class="cut">{name}</span>
        {long && (
          <button type="button" class="act" aria-pressed={!wrap} onClick={() => setWrap(!wrap)}>
            {wrap ? 'Scroll' : 'Wrap'}
            <span class="vh"> long lines</span>
          </button>
        )}
        <CopyButton what="this code" onCopy={() => copy(text)} class="act" />
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields; these are bytes that scroll */}
      <pre class={wrap ? 'slab' : 'slab slab-scroll'} role="group" tabindex={0} aria-label={`Code, ${name}`}>
        {exactText(text)}
      </pre>
    </div>
  );
}
