/** What a script of the small agent can do. */
// biome-ignore lint/suspicious/noExplicitAny: its client is ours, and what it sends is checked against the protocol elsewhere
export type Message = any;

export interface Scene {
  cwd: string;
  /** After the second colon. */
  number: number | null;
  blocks: Message[];
  /** What was said to it before, oldest first. */
  earlier: readonly string[];
  mode: string;
  model: string;
  signal: AbortSignal;
  say(text: string): void;
  update(update: Message): void;
  /** Resolves with the client's answer. `id`: instead of a new one. */
  ask(method: string, params: Message, id?: number): Promise<Message>;
  /** Anything at all. */
  raw(text: string): void;
  notify(method: string, params: Message): void;
  /** Rejects when the turn is cancelled. */
  pause(ms: number): Promise<void>;
}
