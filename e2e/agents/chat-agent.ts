/** What differs between the agents whose chats are tested. */
import type { ChatState, PlanStep } from '@afield/shared/api/chat.ts';
import type { ChatHome, ChatStage } from './chat-stage.ts';

export interface ChatAgent extends ChatHome {
  /** What it tells of itself beside its version; of models, modes and commands the ids. */
  tells?: { [field in keyof ChatState]?: unknown };
  /** Tokens of a turn that is one answer, and its cost; null: it tells none. */
  turn: { input_tokens: number; cached_tokens: number; output_tokens: number; cost_usd: number | null };
  /** What its first turn costs beside: it makes a title. */
  titleCosts?: number;
  /** Its thoughts, as a line of the story. Default: as the model thinks them. */
  thought?: RegExp;
  /** What its context holds after such a turn. */
  context?: { used_tokens: number; size_tokens?: number };
  /** By what it calls its conversation. Default: something. */
  conversation?: RegExp;
  /** Ids of the options with which one call is allowed and denied, and of that which ends the turn with it. Default: whatever they are. */
  options?: { allow: string; deny: string; stop?: string };

  /** It has no tool that writes, and asks for a command. Default: for an edit, with its diff. */
  editsByCommand?: boolean;
  /** Name of the tool that writes. */
  editTool?: string;
  /** What it tells as the text of a file before there was one. Default: that there was none. */
  beforeNew?: '';
  /** Title of its call. Default: it ends with the name of the file. */
  editTitle?: RegExp;
  /** A turn whose edit was denied is over then. Default: the agent goes on with it. */
  stopsWhenDenied?: boolean;
  /** Where the words go that are given with a denial. */
  wordsOfDenial: { outputOfTool: string } | 'next prompt' | 'nowhere';
  /** What the diff of a change holds, when it asks for one. Left out: not driven. */
  change?: { before: string; after: string };
  /** Its call counts as running while it asks. Default: as pending. */
  runsWhileAsking?: boolean;
  /** Two calls of one answer are asked for together. Default: one after the other. */
  asksTogether?: boolean;
  /** All options of a command, each with its scope, and the one that holds for the session. */
  forSession?: { options: [id: string, scope: string][]; option: string };
  /** It asks questions of its own: id and words of one, title of its call, and what that holds once it is answered. */
  question?: { id: string; text: string; tool: RegExp; output: string };
  /** It keeps a plan, in this scenario. */
  plan?: { scenario: string; steps: PlanStep[] };
  /** Title of a long command. Default: it holds the command. */
  longTitle?: RegExp;
  /** What is told of the output of a long command. Default: all of it. */
  longOutput?: RegExp;
  /** What it prints is told while it runs. */
  streamsOutput?: boolean;

  /** What it says when its provider refuses the key. */
  refused: RegExp;
  /** What it does when its provider is overloaded for long. Default: its turn ends, and says so. */
  overloaded?: 'tells that it tries again' | 'tries again in silence';
  /** It takes a picture and a text file; what the model is given of the picture. */
  attaches?: (base64: string) => string;
  /** It takes a prompt while it works. */
  steers?: boolean;
  /** The one program of it that is a server. */
  server?: RegExp;
  /** After an end of the home server the cost of a turn is not known. */
  forgetsCost?: boolean;
  /** It goes on after the home server was killed. Default: yes. */
  resumes?: boolean;
  /** Its own tests, before its home server is killed. */
  more?(stage: ChatStage): void;
}
