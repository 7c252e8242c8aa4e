import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icons.tsx';

/** A short box above the tabs that asks or tells something, and waits for an answer as long as it takes. */
export function Toast({ icon, children, actions }: { icon: IconName; children: ComponentChildren; actions: ComponentChildren }) {
  return (
    <div class="toast" role="status">
      <Icon name={icon} />
      <p>{children}</p>
      <div class="line">{actions}</div>
    </div>
  );
}
