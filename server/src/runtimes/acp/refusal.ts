/** What an agent said no with, for people: its message, without the JSON that some put around it. */
import { RpcError } from '../json-rpc.ts';
import { brief, record, text } from '../loose.ts';

const AUTH_REQUIRED = -32_000;

/** What its person can do when it wants somebody to log in. */
export const LOGIN = 'Start it once in a terminal on that machine and log in there, or give it its key as a variable of its environment.';

export function refusalText(error: unknown): string {
  if (!(error instanceof RpcError)) return error instanceof Error ? error.message : String(error);
  const details = text(record(error.data).details) ?? text(record(error.data).message) ?? text(error.data);
  const message = inner(error.message);
  return details === null || message.includes(details) ? message : `${message}: ${details}`;
}

/** Whether it wants its user to log in first. */
export const wantsLogin = (error: unknown): boolean =>
  error instanceof RpcError && (error.code === AUTH_REQUIRED || error.code === 401 || /authenticat|log ?in\b|api key/i.test(error.message));

function inner(message: string): string {
  if (!message.startsWith('{')) return message;
  try {
    const value = record(JSON.parse(message));
    return text(record(value.error).message) ?? text(value.message) ?? brief(message);
  } catch {
    return brief(message);
  }
}
