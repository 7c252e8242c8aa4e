import { AfieldError } from '@afield/shared/errors.ts';
import type { ChatWay, Recipe, StateRule } from '../core/ports.ts';
import { ASKS_QUESTION, SEES_QUESTIONS, TERMINAL_AGENT } from './defaults.ts';
import { compilePattern } from './pattern.ts';

/** An agent of the config file, as it is written there. */
export interface ConfiguredAgent {
  /** Program, then the arguments of every start. Default: those of the agent of this name that we know. */
  command?: readonly string[] | undefined;
  title?: string | undefined;
  version_args?: readonly string[] | undefined;
  install?: string | undefined;
  pass_env?: readonly string[] | undefined;
  env?: Readonly<Record<string, string>> | undefined;
  quiet_ms?: number | undefined;
  states?: readonly ConfiguredState[] | undefined;
  bell?: 'idle' | 'waiting' | undefined;
  submit?: string | undefined;
  interrupt?: string | undefined;
  model_option?: string | undefined;
  models?: readonly string[] | undefined;
  /** `acp`: the command itself speaks it, and has no terminal. Else: the arguments with which it does. */
  chat?: 'acp' | { runtime: 'acp'; args: readonly string[]; mode?: string | undefined } | undefined;
}

/** `title`, `screen`: regular expressions. */
export interface ConfiguredState extends Pick<StateRule, 'status'> {
  title?: string | undefined;
  screen?: string | undefined;
  reason?: string | undefined;
  activity?: StateRule['activity'] | undefined;
}

/**
 * A name of our own keeps what we know about reading that agent; only what is written replaces it, and rules that are written come
 * first. Errors: bad_request for a pattern that is none, or that may take too long, and for one without a command that we do not know.
 */
export function configured(name: string, agent: ConfiguredAgent, builtin: Recipe | null): Recipe {
  if (agent.command === undefined && builtin === null)
    throw new AfieldError('bad_request', `agents.${name}.command is missing: Afield knows no agent "${name}" of its own.`);
  const [program = name, ...args] = agent.command ?? [];
  const base: Recipe = builtin ?? { ...TERMINAL_AGENT, name, title: name, program, install: null };
  return {
    ...base,
    name,
    ...(agent.command === undefined ? {} : { program, args, source: 'config' }),
    ...(agent.title === undefined ? {} : { title: agent.title }),
    ...(agent.version_args === undefined ? {} : { versionArgs: agent.version_args }),
    ...(agent.install === undefined ? {} : { install: agent.install }),
    ...(agent.env === undefined ? {} : { env: agent.env }),
    ...(agent.quiet_ms === undefined ? {} : { quietMs: agent.quiet_ms }),
    ...(agent.bell === undefined ? {} : { bell: agent.bell }),
    ...(agent.submit === undefined ? {} : { submit: agent.submit }),
    ...(agent.interrupt === undefined ? {} : { interrupt: agent.interrupt }),
    ...(agent.model_option === undefined ? {} : { modelOption: agent.model_option }),
    ...(agent.models === undefined ? {} : { models: agent.models }),
    ...(agent.states?.some(({ status }) => status === 'waiting') || agent.bell === 'waiting' ? { capabilities: SEES_QUESTIONS } : {}),
    ...chatOf(agent.chat, agent.command === undefined ? base.args : args),
    states: [...(agent.states ?? []).map((state, i) => ruleOf(state, `agents.${name}.states.${i}`)), ...base.states],
    passEnv: [...base.passEnv, ...(agent.pass_env ?? [])],
  };
}

function chatOf(chat: ConfiguredAgent['chat'], args: readonly string[]): Partial<Pick<Recipe, 'chat' | 'faces'>> {
  if (chat === undefined) return {};
  if (chat === 'acp') return { faces: ['chat'], chat: [{ runtime: chat, args }] };
  const way: ChatWay = { runtime: chat.runtime, args: chat.args, ...(chat.mode === undefined ? {} : { mode: chat.mode }) };
  return { faces: ['terminal', 'chat'], chat: [way] };
}

function ruleOf({ status, title, screen, reason, activity }: ConfiguredState, where: string): StateRule {
  return {
    status,
    ...(title === undefined ? {} : { title: compilePattern(title, `${where}.title`) }),
    ...(screen === undefined ? {} : { screen: compilePattern(screen, `${where}.screen`) }),
    ...(status === 'waiting' ? { reason: reason ?? ASKS_QUESTION } : {}),
    ...(status === 'busy' && activity !== undefined ? { activity } : {}),
  };
}
