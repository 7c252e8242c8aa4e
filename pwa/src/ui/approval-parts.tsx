import type { Approval, ApprovalAsk, ApprovalOption } from '@afield/shared/api/approvals.ts';
import { byWords, decisionWords } from '@afield/shared/approval-words.ts';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { Banner, type BannerTone } from './banner.tsx';
import { exactLines } from './exact-lines.ts';
import type { IconName } from './icons.tsx';
import { exact, printable } from './printable.ts';
import { SteadyPress } from './steady-press.ts';
import { clock } from './time.ts';

/** What a card answers with; the hash is added by whoever sends it. */
export interface GivenAnswer {
  option_id?: string;
  decision?: 'allow' | 'deny' | 'cancel';
  scope?: 'once' | 'session' | 'always';
  text?: string;
  answers?: Record<string, string[]>;
}
/** `words`: what stood on the button. */
export type OnAnswer = (words: string, given: GivenAnswer) => void;

/** An answer of this device on its way. */
export interface AnswerOnItsWay {
  words: string;
  state: 'sending' | 'waiting' | 'sent' | 'failed' | 'late';
  text: string | null;
}

/** Why nothing but a denial is offered. */
export type OnlyDeny = 'hash' | 'changed' | 'long' | null;
const ONLY_DENY: Record<Exclude<OnlyDeny, null>, string> = {
  hash: 'This browser cannot check what is shown, so it cannot be allowed here. Open Afield by its https address.',
  changed: 'What arrived here is not what home was asked, so it cannot be allowed here. It can be denied.',
  long: 'It is too long to be read as a whole, so it can only be denied here.',
};

/** The exact bytes that will run, nothing hidden. `whole`: as high as it needs to be. */
export function ExactSlab({ text, label, whole = false }: { text: string; label: string; whole?: boolean }) {
  const lines = useMemo(() => exactLines(text), [text]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields; these are bytes that scroll
    <pre class={whole ? 'slab slab-whole' : 'slab'} role="group" tabindex={0} aria-label={label}>
      {lines.map((pieces, index) => (
        <code key={index} class="slab-line">
          {pieces.map((piece, at) => (piece.mark ? <i key={at}>{piece.text}</i> : <Words key={at} text={piece.text} />))}
        </code>
      ))}
    </pre>
  );
}

/** Wraps between words, never inside of one. */
function Words({ text }: { text: string }) {
  return (
    <>
      {text.split(/( +)/).map((word, index) =>
        index % 2 === 1 || word === '' ? (
          word
        ) : (
          <span key={index} class="arg">
            {word}
          </span>
        ),
      )}
    </>
  );
}

/** Which of the agent's options stand on our buttons; `more`: those that need a second look. */
export interface Ways {
  deny: ApprovalOption | null;
  once: ApprovalOption | null;
  session: ApprovalOption | null;
  more: ApprovalOption[];
}
export function waysOf({ options }: Pick<ApprovalAsk, 'options'>): Ways {
  const first = (decision: string, scope?: string) =>
    options.find((option) => option.decision === decision && (scope === undefined || option.scope === scope)) ?? null;
  const deny = first('deny', 'once') ?? first('deny') ?? first('cancel');
  const once = first('allow', 'once');
  const session = first('allow', 'session');
  return { deny, once, session, more: options.filter((option) => ![deny, once, session].includes(option)) };
}

/** As it stands on our button, whatever the agent calls it. */
export function optionWords({ decision, scope }: Pick<ApprovalOption, 'decision' | 'scope'>): string {
  if (decision === 'allow') return { once: 'Allow once', session: 'Allow for session', always: 'Allow always' }[scope];
  if (decision === 'deny') return { once: 'Deny', session: 'Deny for session', always: 'Deny always' }[scope];
  return 'Cancel';
}

/**
 * What an answer decides beyond this once: told where it is chosen, before it is. Null where there is no such answer. `id`: for the button
 * that it stands at.
 */
export function Covers({ id, option }: { id: string; option: ApprovalOption | null }): ComponentChildren {
  if (option === null || option.scope === 'once') return null;
  return (
    <p id={id} class="meta appr-covers">
      {optionWords(option)} <CoversWords option={option} />
    </p>
  );
}

/** `covers Bash(npm *)`; what it is called stands in for it where nobody tells. */
export function CoversWords({ option: { covers, label } }: { option: ApprovalOption }) {
  return covers == null ? (
    <>may cover more than this: nobody tells what. The agent calls it “{printable(label)}”</>
  ) : (
    <>
      covers <code>{exact(covers)}</code>
    </>
  );
}

/** On the main button of what asks for no more than a yes: for this once, of a tool; of a page that was to be opened, or a form without fields. */
export const yesWords = ({ kind }: Pick<ApprovalAsk, 'kind'>): string => (kind === 'question' ? 'Accept' : 'Allow once');

export function givenOf(option: ApprovalOption | null, decision: 'allow' | 'deny'): GivenAnswer {
  if (option === null) return { decision };
  return { option_id: option.id, decision: option.decision, scope: option.scope };
}

/**
 * Handlers for the answers of one card: a press and a release on the same button, and none in the first 400 ms after they appeared.
 * `place`: changes whenever the card stands elsewhere.
 */
export function useSteadyPress(place: string | number) {
  const press = useRef<SteadyPress | null>(null);
  press.current ??= new SteadyPress(() => performance.now());
  useLayoutEffect(() => press.current?.moved(), [place]);
  return (run: () => void) => ({
    onPointerDown: (event: { currentTarget: Element }) => press.current?.down(event.currentTarget),
    onClick: (event: { currentTarget: Element; detail: number }) => {
      if (press.current?.click(event.currentTarget, event.detail === 0)) run();
    },
  });
}

interface Told {
  tone: BannerTone;
  icon: IconName;
  title: string;
  text: string;
}
const calm = (icon: IconName, title: string, text = ''): Told => ({ tone: 'run', icon, title, text });

/** An answer of this device; null: what became of the approval says it. */
function onItsWay({ words, state, text }: AnswerOnItsWay): Told | null {
  switch (state) {
    case 'late':
      return { tone: 'fault', icon: 'alert', title: 'Too late.', text: printable(text ?? '') };
    case 'failed':
      return { tone: 'fault', icon: 'alert', title: `${words} did not arrive.`, text: printable(text ?? '') };
    case 'waiting':
      return calm('clock', `${words} · on this device.`, 'It goes as soon as there is a connection.');
    case 'sending':
      return calm('clock', `${words} · on its way.`);
    case 'sent':
      return null;
  }
}

/** `mine`: the words of this device's own answer, when that is the one that counted. */
function became({ state, outcome, agent }: Approval, mine: string | null): Told {
  const name = printable(agent);
  const reason = printable(outcome?.reason ?? '');
  if (outcome === null || (state === 'gone' && outcome.decision === 'unknown'))
    return calm('check', `${name} does not ask this any more.`, reason);
  const by = printable(byWords(outcome));
  if (state === 'answered') {
    return calm('check', mine === null ? `Answered ${by}: ${decisionWords(outcome)}.` : `${mine} · at home.`, `On its way to ${name}.`);
  }
  if (mine !== null && state === 'delivered') return calm('check', `${mine} · delivered ${clock(outcome.at)}.`, reason);
  return calm('check', `Answered ${by} at ${clock(outcome.at)}: ${decisionWords(outcome)}.`, reason);
}

/** What became of it: null while it waits. */
export function stateOf(approval: Approval, answering: AnswerOnItsWay | null): Told | null {
  const way = answering === null ? null : onItsWay(answering);
  if (way !== null) return way;
  return approval.state === 'pending' ? null : became(approval, answering?.state === 'sent' ? answering.words : null);
}

export function AnswerState({
  approval,
  answering,
  actions,
}: {
  approval: Approval;
  answering: AnswerOnItsWay | null;
  actions?: ComponentChildren;
}) {
  const state = stateOf(approval, answering);
  if (state === null) return null;
  return (
    <Banner tone={state.tone} icon={state.icon} title={state.title} role={state.tone === 'fault' ? 'alert' : 'status'} actions={actions}>
      {state.text}
    </Banner>
  );
}

export function WhyOnlyDeny({ why }: { why: OnlyDeny }) {
  return why === null ? null : (
    <p class="risk" data-level="high">
      {ONLY_DENY[why]}
    </p>
  );
}

/** True while an answer may be given. */
export function isOpen(approval: Approval, answering: AnswerOnItsWay | null): boolean {
  return approval.state === 'pending' && (answering === null || answering.state === 'failed');
}
