/** What opencode has to choose from: models, agents (its modes) and slash commands. */
import type { Choice } from '@afield/shared/api/chat.ts';
import { count, type Loose, record, records, text } from '../loose.ts';
import type { Api } from './api.ts';
import { modelId } from './messages.ts';

/** More than anybody scrolls through. */
const MAX_CHOICES = 500;
/** Ours: opencode summarises on a call of its own, which is no command of its list. */
export const COMPACT = 'compact';

export interface Catalogue {
  models: Choice[];
  modes: Choice[];
  commands: Choice[];
  /** Tokens that fit a model's window, by its id. */
  windows: ReadonlyMap<string, number>;
  /** Whether a model sees images; null: not told. */
  seesImages(model: string): boolean | null;
  defaultModel: string | null;
  defaultMode: string | null;
}

/** What cannot be read is empty. */
export async function readCatalogue(api: Api): Promise<Catalogue> {
  const [config, providers, agents, commands] = await Promise.all(
    ['/config', '/config/providers', '/agent', '/command'].map((path) => api.ask('GET', path).catch(() => null)),
  );
  const found = records(record(providers).providers).flatMap((provider) =>
    Object.values(record(provider.models)).map((model) => ({ provider, model: record(model) })),
  );
  const models = found.slice(0, MAX_CHOICES).flatMap(({ provider, model }) => {
    const id = modelId(provider.id, model.id);
    return id === null ? [] : [{ id, name: `${text(model.name) ?? id} (${text(provider.name) ?? provider.id})`, description: null, model }];
  });
  const known = new Map(models.map(({ id, model }) => [id, model]));
  const images = (model: string): unknown => record(record(known.get(model)?.capabilities).input).image;
  return {
    models: models.map(({ id, name, description }) => ({ id, name, description })),
    modes: choices(records(agents).filter((agent) => agent.mode !== 'subagent' && agent.hidden !== true)),
    commands: [
      ...choices(records(commands)),
      { id: COMPACT, name: COMPACT, description: 'Summarise the conversation, so that more of it fits the model' },
    ],
    windows: windowsOf(known),
    seesImages: (model) => (typeof images(model) === 'boolean' ? images(model) === true : null),
    defaultModel: text(record(config).model),
    defaultMode: text(record(config).default_agent),
  };
}

/** Whether the user's configuration says what needs a permission. */
export async function saysPermissions(api: Api): Promise<boolean> {
  const { permission } = record(await api.ask('GET', '/config'));
  return typeof permission === 'string' || Object.keys(record(permission)).length > 0;
}

function windowsOf(models: ReadonlyMap<string, Loose>): Map<string, number> {
  const windows = new Map<string, number>();
  for (const [id, model] of models) {
    const size = count(record(model.limit).context) ?? 0;
    if (size > 0) windows.set(id, size);
  }
  return windows;
}

function choices(found: Loose[]): Choice[] {
  return found.slice(0, MAX_CHOICES).flatMap((one) => {
    const name = text(one.name);
    return name === null ? [] : [{ id: name, name, description: text(one.description) }];
  });
}
