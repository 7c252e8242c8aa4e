import type { NamedEnvironment } from '@afield/shared/api/environments.ts';
import type { SessionCreate } from '@afield/shared/api/sessions.ts';
import type { Check } from '@afield/shared/api/system.ts';
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { failureOf } from './action.ts';
import type { HomeLink } from './home-link.ts';

/** What home found when it looked whether an environment can be used. `checks` null: it is looking. */
export interface Looked {
  name: string;
  checks: readonly Check[] | null;
  error: string | null;
}

/** Wanted instead of a name: none, though the project has one. */
export const NO_ENVIRONMENT = ' none';

/** Which named environment a new session starts in, whether it can be used, and that its person has seen that it is production. */
export function createEnvironmentChoice(
  link: Pick<HomeLink, 'call'>,
  all: ReadonlySignal<readonly NamedEnvironment[]>,
  asked: () => { agent: string | null; wanted: string; usual: string | null },
) {
  /** Those for the chosen agent. */
  const items = computed(() => {
    const { agent } = asked();
    return all.value.filter((one) => one.agent === null || one.agent === agent);
  });
  /** That of the project, as far as it is for this agent. */
  const usual = computed(() => items.value.find(({ name }) => name === asked().usual) ?? null);
  /** The project's, which home does not know any more: to start in none of all must be chosen. */
  const missing = computed(() => {
    const name = asked().usual;
    return name === null || all.value.some((one) => one.name === name) ? null : name;
  });
  const chosen = computed(() => {
    const { wanted } = asked();
    if (wanted === NO_ENVIRONMENT) return null;
    return items.value.find(({ name }) => name === wanted) ?? usual.value;
  });
  /** Its name, so that a confirmation never holds for another one. */
  const confirmed = signal('');
  const looked = signal<Looked | null>(null);

  async function look(name: string): Promise<void> {
    looked.value = { name, checks: null, error: null };
    let found: Looked;
    try {
      found = { name, checks: (await link.call('checkEnvironment', { params: { name } })).checks, error: null };
    } catch (cause) {
      found = { name, checks: null, error: failureOf(cause).text };
    }
    if (looked.peek()?.name === name) looked.value = found;
  }

  return {
    items,
    usual,
    missing,
    chosen,
    confirmed: computed(() => chosen.value !== null && confirmed.value === chosen.value.name),
    /** Null while none is chosen. */
    looked,
    look,
    ready: computed(() => chosen.value === null || !chosen.value.production || confirmed.value === chosen.value.name),
    confirm(yes: boolean) {
      confirmed.value = yes ? (chosen.peek()?.name ?? '') : '';
    },
    /** For an effect: looks at each one that is chosen. */
    watch() {
      const name = chosen.value?.name ?? null;
      if (name === (looked.peek()?.name ?? null)) return;
      if (name === null) looked.value = null;
      else void look(name);
    },
    body(): Pick<SessionCreate, 'environment' | 'confirm'> {
      const one = chosen.peek();
      if (one === null) return asked().wanted === NO_ENVIRONMENT ? { environment: null } : {};
      return { environment: one.name, ...(one.production ? { confirm: one.name } : {}) };
    },
  };
}
export type EnvironmentChoice = Omit<ReturnType<typeof createEnvironmentChoice>, 'watch'>;
