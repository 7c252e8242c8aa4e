import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Icon } from './icons.tsx';

/** Sets the title of the window while the screen is shown. Never an agent's words: a name a person gave, or ours. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'Afield' : `${title} · Afield`;
  }, [title]);
}

export interface PageProps {
  title: string;
  /** Where the page belongs to: an arrow before the heading leads there. */
  back?: { href: string; label: string };
  /** At the right of the heading. */
  corner?: ComponentChildren;
  children: ComponentChildren;
  /** Below the content: a fixed foot, the tabs. */
  after?: ComponentChildren;
  class?: string;
}

/** A screen of the home level: heading, content, tabs. */
export function Page({ title, back, corner, children, after, class: name }: PageProps) {
  useTitle(title);
  return (
    <>
      <header class="page-top">
        {back !== undefined && (
          <a class="btn btn-icon page-back" href={back.href} aria-label={`Back to ${back.label}`}>
            <Icon name="back" />
          </a>
        )}
        <h1 tabindex={-1}>{title}</h1>
        {corner !== undefined && <span class="push line">{corner}</span>}
      </header>
      <main id="main" class={name ?? ''}>
        {children}
      </main>
      {after}
    </>
  );
}

/** A headed part of a page. */
export function Section({
  id,
  title,
  note,
  children,
}: {
  id: string;
  title: string;
  note?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section aria-labelledby={id}>
      <div class="sec">
        <h2 id={id}>{title}</h2>
        {note}
      </div>
      {children}
    </section>
  );
}

/** Exact bytes in a dark slab: a command to type. */
export function Slab({ label, prompt = false, children }: { label: string; prompt?: boolean; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields; these are bytes that scroll
    <pre class="slab" role="group" tabindex={0} aria-label={label}>
      {prompt && <span class="c">$ </span>}
      {children}
    </pre>
  );
}
