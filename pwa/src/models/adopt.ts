import type { Agent } from '@afield/shared/api/agents.ts';
import type { Adoptable } from '@afield/shared/api/machines.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { createModel, signal } from '@preact/signals';
import { createAction } from './action.ts';
import type { HomeLink } from './home-link.ts';

export interface AdoptDependencies {
  link: HomeLink;
  machine: string;
  newId(): string;
  onAdopted(session: Session): void;
}

/** Programs that run in a person's own tmux on a machine, and how one becomes a session. */
export const AdoptModel = createModel(({ link, machine, newId, onAdopted }: AdoptDependencies) => {
  /** Null: nobody has looked yet. */
  const found = signal<Adoptable[] | null>(null);
  const agents = signal<Agent[]>([]);
  const looking = createAction();
  const adopting = createAction();
  /** Kept until it succeeds, so that a repeated tap after a lost answer adopts nothing twice. */
  let id = newId();

  return {
    found,
    agents,
    looking,
    adopting,
    look: () =>
      looking.run(async () => {
        const [listed, known] = await Promise.all([
          link.call('listAdoptable', { params: { name: machine } }),
          link.call('listAgents', { query: { machine } }),
        ]);
        found.value = listed.items;
        agents.value = known.items;
      }),
    /** `agent` empty: home finds out by its command. */
    adopt: ({ socket, pane }: Adoptable, name: string, agent: string) =>
      adopting.run(async () => {
        const body = {
          id,
          machine,
          socket,
          pane,
          ...(name.trim() === '' ? {} : { name: name.trim() }),
          ...(agent === '' ? {} : { agent }),
        };
        const session = await link.call('adoptSession', { body });
        id = newId();
        onAdopted(session);
      }),
  };
});
export type Adopt = InstanceType<typeof AdoptModel>;
