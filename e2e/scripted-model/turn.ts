/** What a scripted model says, apart from any provider's wire. */

/** A neutral tool call; `tools.ts` binds it to a tool that the agent really offered. */
export type Call =
  | { op: 'write'; path: string; content: string }
  | { op: 'edit'; path: string; from: string; to: string }
  | { op: 'read'; path: string }
  | { op: 'bash'; command: string; why: string }
  | { op: 'todo'; items: { text: string; state: 'pending' | 'in_progress' | 'completed' }[] }
  | { op: 'task'; subject: string; description: string }
  | { op: 'taskstate'; taskId: string; status: 'pending' | 'in_progress' | 'completed' }
  | { op: 'ask'; question: string; header: string; choices: string[]; multiple?: boolean }
  | { op: 'plan'; plan: string }
  | { op: 'agent'; prompt: string; why: string }
  /** A tool of the small server of MCP. */
  | { op: 'form' | 'yes' | 'page' };

export interface Turn {
  thought?: string;
  text?: string;
  calls?: Call[];
  error?: { status: number; type: string; message: string };
  /** Pause between the pieces of a stream, in ms. */
  chunkMs?: number;
  /** The request is taken and never answered. */
  hang?: boolean;
}

export interface Tool {
  name: string;
  properties: Record<string, { type?: string; enum?: unknown[]; default?: unknown }>;
  required: string[];
  /** It takes a text, and no arguments. */
  freeform?: boolean;
}

/** A conversation as a wire reads it. */
export interface Conversation {
  messages: { role: 'user' | 'assistant' | 'tool'; text?: string }[];
  tools: Tool[];
  model: string;
  stream: boolean;
  wantsJson: boolean;
}

/** A turn with its calls bound, ready for a wire. */
export interface Reply {
  id: string;
  model: string;
  thought?: string;
  text?: string;
  /** A text for tools that take one. */
  calls: { name: string; args: Record<string, unknown> | string }[];
  usage: { input: number; output: number; cached: number };
}

/** Text in pieces as a model streams it: words with their spaces. */
export const words = (text: string): string[] => text.match(/\s*\S+\s*$|\s*\S+/g) ?? (text === '' ? [] : [text]);

/** A provider's API: which paths are its, and how a conversation is read and answered there. */
export interface Wire {
  fits(path: string): boolean;
  // biome-ignore lint/suspicious/noExplicitAny: each wire reads its own body
  read(body: any, path: string): Conversation;
  whole(reply: Reply): object;
  frames(reply: Reply): Iterable<string>;
  errorBody(error: { type: string; message: string }): object;
}
