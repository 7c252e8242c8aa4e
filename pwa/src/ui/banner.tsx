import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icons.tsx';

export type BannerTone = 'fault' | 'signal' | 'lost' | 'run' | 'done';

export interface BannerProps {
  tone: BannerTone;
  icon: IconName;
  /** What happened, in a few words. */
  title: string;
  /** What is safe, and what to do. */
  children?: ComponentChildren;
  /** Buttons and links of the way out. */
  actions?: ComponentChildren;
  /** `alert` only for a fault that stops what the person just did; everything else is polite. */
  role?: 'status' | 'alert';
  float?: boolean;
}

/** A fault or a fact in the user's words, with the way out. */
export function Banner({ tone, icon, title, children, actions, role = 'status', float = false }: BannerProps) {
  return (
    <div class={float ? 'banner banner-float' : 'banner'} data-tone={tone} role={role}>
      <Icon name={icon} />
      <p>
        <b>{title}</b> {children}
      </p>
      {actions !== undefined && <div class="line">{actions}</div>}
    </div>
  );
}
