import { computed, createModel, effect, signal } from '@preact/signals';
import type { Installer, InstallWay } from '../platform/install.ts';
import type { HomeStore } from '../platform/store.ts';

export type { InstallWay };

/** Preference: the hint was read or sent away. It is shown once. */
const SEEN = 'install-hint-seen';

/** How to put the app on the home screen, told once. */
export const InstallModel = createModel((installer: Installer, store: Pick<HomeStore, 'readPreference' | 'writePreference'>) => {
  const way = signal<InstallWay>(installer.way());
  /** Unknown (null) until the preference is read: a hint that flashes up and goes is worse than none. */
  const seen = signal<boolean | null>(null);

  store
    .readPreference(SEEN)
    .then((value) => {
      seen.value = value === true;
    })
    .catch(() => {
      seen.value = true; // no storage: it would come up with every visit
    });
  const stop = installer.onChange(() => {
    way.value = installer.way();
  });
  effect(() => stop);

  function dismiss(): void {
    seen.value = true;
    store.writePreference(SEEN, true).catch(() => undefined); // it comes once more
  }

  return {
    way,
    /** The hint on Home. The settings always tell how. */
    hint: computed(() => seen.value === false && way.value !== 'none' && way.value !== 'desktop'),
    dismiss,
    async install() {
      if (await installer.install()) dismiss();
    },
  };
});
