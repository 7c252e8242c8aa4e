/** Models and modes that an agent offers: as `modes` and `models`, or as options of the session with these categories. */
import type { Choice } from '@afield/shared/api/chat.ts';
import type { Loose } from '../loose.ts';
import { list, record, records, text } from '../loose.ts';

export interface Offer {
  current: string | null;
  choices: Choice[];
  /** How it is changed: a method of its own, or an option of this id. */
  by: { method: string; field: string } | { option: string };
}
export interface Offers {
  model: Offer | null;
  mode: Offer | null;
}

const choiceOf = (id: unknown, value: Loose): Choice | null => {
  const known = text(id);
  return known === null ? null : { id: known, name: text(value.name) ?? known, description: text(value.description) };
};
const choicesOf = (values: unknown, field: string): Choice[] =>
  records(values)
    .map((value) => choiceOf(value[field], value))
    .filter((choice) => choice !== null);

/** What `session/new` and the like answer with, or a `config_option_update`. */
export function offersOf(result: Loose, before: Offers = { model: null, mode: null }): Offers {
  const options = records(result.configOptions);
  const models = record(result.models);
  const modes = record(result.modes);
  return {
    model:
      optionOf(options, 'model') ??
      ('availableModels' in models
        ? {
            current: text(models.currentModelId),
            choices: choicesOf(models.availableModels, 'modelId'),
            by: { method: 'session/set_model', field: 'modelId' },
          }
        : before.model),
    mode:
      ('availableModes' in modes
        ? {
            current: text(modes.currentModeId),
            choices: choicesOf(modes.availableModes, 'id'),
            by: { method: 'session/set_mode', field: 'modeId' },
          }
        : null) ?? updated(optionOf(options, 'mode'), before.mode),
  };
}

/** An agent that has a method for it keeps it, whatever its options say later. */
function updated(option: Offer | null, before: Offer | null): Offer | null {
  if (option === null || before === null || 'option' in before.by) return option ?? before;
  return { ...before, current: option.current ?? before.current };
}

function optionOf(options: readonly Loose[], category: string): Offer | null {
  const option = options.find((one) => one.category === category) ?? options.find((one) => one.id === category);
  const id = text(option?.id);
  if (option === undefined || id === null || (option.type !== undefined && option.type !== 'select')) return null;
  // options may stand in groups
  const values = list(option.options).flatMap((value) => ('options' in record(value) ? list(record(value).options) : [value]));
  return { current: text(option.currentValue), choices: choicesOf(values, 'value'), by: { option: id } };
}

/** The chosen model as a price list knows it: an id that is made up for choosing only is worth less than its name. */
export function modelIn(offer: Offer | null): string | null {
  const chosen = offer?.choices.find(({ id }) => id === offer.current);
  const current = offer?.current ?? null;
  return current === null || /^[\w./:@-]+$/.test(current) ? current : (chosen?.name ?? current);
}

/** Slash commands; their names without the slash. */
export const commandsOf = (update: Loose): Choice[] => choicesOf(update.availableCommands, 'name');
