/**
 * Reads what a control client of tmux says (tmux(1), CONTROL MODE): replies to commands, and notices. Nothing that a program printed is
 * ever asked for on this way, so a line that looks like the end of a reply is one.
 */

export interface Reply {
  /** False: an answer to a command of somebody else, such as a hook. */
  ours: boolean;
  failed: boolean;
  lines: string[];
}
interface Hearer {
  reply(reply: Reply): void;
  /** `%name rest`, without the sign. */
  notice(name: string, rest: string): void;
  /** It says what nobody can follow. */
  fault(detail: string): void;
}

/** A line is a pane's facts, a reply those of all panes. */
const MAX_LINE_BYTES = 1024 * 1024;
const MAX_REPLY_LINES = 100_000;

export class ReplyReader {
  readonly #on: Hearer;
  #rest: Buffer = Buffer.alloc(0);
  /** Number and time of the reply that is being read. */
  #open: { key: string; ours: boolean; lines: string[] } | null = null;
  #broken = false;

  constructor(on: Hearer) {
    this.#on = on;
  }

  push(bytes: Buffer): void {
    if (this.#broken) return;
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      this.#line(rest.toString('utf8', 0, end));
      rest = rest.subarray(end + 1);
    }
    this.#rest = rest;
    if (rest.length > MAX_LINE_BYTES) this.#fail('a line without end');
  }

  #line(line: string): void {
    const open = this.#open;
    if (open === null) {
      const [, name = '', rest = ''] = /^%([a-z-]+) ?(.*)$/.exec(line) ?? [];
      if (name === 'begin') this.#open = { key: keyOf(rest), ours: rest.endsWith(' 1'), lines: [] };
      else if (name !== '') this.#on.notice(name, rest);
      return;
    }
    const end = /^%(end|error) (.*)$/.exec(line);
    if (end !== null && keyOf(end[2] ?? '') === open.key) {
      this.#open = null;
      this.#on.reply({ ours: open.ours, failed: end[1] === 'error', lines: open.lines });
    } else if (open.lines.length < MAX_REPLY_LINES) open.lines.push(line);
    else this.#fail('a reply without end');
  }

  #fail(detail: string): void {
    this.#broken = true;
    this.#rest = Buffer.alloc(0);
    this.#open = null;
    this.#on.fault(detail);
  }
}

/** Time and number: the flags may differ between begin and end. */
const keyOf = (rest: string) => rest.split(' ', 2).join(' ');
