/** What an agent tells, brought to where it belongs. Whatever it is, nothing of it is thrown, and nothing is dropped unsaid. */
import type { ChatUpdate } from '../chat-ports.ts';
import type { ChatWay } from '../ports.ts';
import { printable } from '../printable.ts';
import type { SessionRecord } from '../sessions/record.ts';
import type { Asks } from './asks.ts';
import { head, MAX } from './bounds.ts';
import type { Budget } from './budget.ts';
import type { ChatKnown } from './chat-known.ts';
import type { ChatStatus } from './chat-status.ts';
import type { Transcript } from './transcript.ts';
import type { Turn } from './turn.ts';
import { untested } from './version.ts';

const TITLE_CHARACTERS = 200;

export interface HearingParts {
  record: SessionRecord;
  transcript: Transcript;
  status: Pick<ChatStatus, 'heard'>;
  asks: Asks;
  turn: Pick<Turn, 'said' | 'uses' | 'fault' | 'running' | 'over'>;
  known: ChatKnown;
  budget: Budget;
  /** What was started. */
  way(): ChatWay | null;
}

export class Hearing {
  readonly #parts: HearingParts;

  constructor(parts: HearingParts) {
    this.#parts = parts;
  }

  hear(update: ChatUpdate): void {
    const { record, transcript, status } = this.#parts;
    record.guarded(() => {
      status.heard(sizeOf(update));
      if (this.#say(update) || this.#state(update) || this.#note(update)) return;
      // A runtime that is newer than this.
      transcript.notice('info', head(JSON.stringify(update) ?? String(update), MAX.notice));
    });
  }

  /** What belongs into the transcript. */
  #say(update: ChatUpdate): boolean {
    const { transcript, turn, known } = this.#parts;
    switch (update.type) {
      case 'text':
        if (update.role !== 'user') turn.said('thinking');
        transcript.text(update.key, update.role, update.text);
        return true;
      case 'text_done':
        transcript.textDone(update.key, update.role, update.text);
        return true;
      case 'tool': {
        const item = transcript.tool(update.key, update.patch);
        if (item.state === 'pending' || item.state === 'running') turn.uses(item.tool_kind);
        return true;
      }
      case 'tool_output':
        transcript.toolOutput(update.key, update.text);
        return true;
      case 'plan':
        turn.said('planning');
        known.plan(transcript.plan(update.steps));
        return true;
      case 'notice':
        if (update.level === 'error') turn.fault();
        transcript.notice(update.level, update.text);
        return true;
      case 'unknown':
        transcript.notice('info', `${update.kind}: ${update.text}`);
        return true;
      default:
        return false;
    }
  }

  #state(update: ChatUpdate): boolean {
    const { turn, asks } = this.#parts;
    switch (update.type) {
      case 'running':
        turn.running();
        return true;
      case 'waiting':
        // The ask itself decides: what is answered already waits for nobody.
        return true;
      case 'idle':
        turn.over(update.stop);
        return true;
      case 'ask':
        asks.ask(update.key, update.ask);
        return true;
      case 'ask_gone':
        asks.gone(update);
        return true;
      default:
        return false;
    }
  }

  #note(update: ChatUpdate): boolean {
    const { record, budget, known } = this.#parts;
    switch (update.type) {
      case 'agent_session':
        if (update.id.length <= MAX.id) record.save({ agent_session_id: update.id });
        return true;
      case 'title':
        record.row.title = printable(update.title).slice(0, TITLE_CHARACTERS) || null;
        record.saveSoon();
        return true;
      case 'usage':
        budget.used(update.usage);
        return true;
      case 'context':
        budget.context(update);
        return true;
      case 'version': {
        const note = update.note ?? untested(update.version, this.#parts.way()?.tested);
        if (note !== null && note !== known.state.version_note) this.#parts.transcript.notice('warning', note);
        return known.take({ ...update, note });
      }
      default:
        return known.take(update);
    }
  }
}

function sizeOf(update: ChatUpdate): number {
  if (update.type === 'text' || update.type === 'tool_output') return update.text.length;
  return update.type === 'text_done' ? (update.text?.length ?? 0) : 64;
}
