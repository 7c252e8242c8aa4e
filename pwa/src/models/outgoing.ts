/** What did not get out before the line was cut. */
export interface Unsent {
  /** Composed texts without their Enter, in the order of sending. */
  texts: string[];
  /** Something went out half, or keys that waited behind it are gone: the terminal may not show what was meant. */
  uncertain: boolean;
}

export interface Outgoing {
  /** Keys: at once, or behind what waits. False: not taken. */
  keys(data: string): boolean;
  /** Types `data`, then Enter apart from it. `text` is what a person wrote, given back when it cannot be sent. False: not taken. */
  line(text: string, data: string): boolean;
  /** Sends all that waits, without its pauses: the terminal is left. */
  flush(): void;
  /** The line is cut: all that waits is given to `onUnsent`. */
  fail(): void;
}

export interface OutgoingDeps {
  /** False: not sent, not kept. */
  send(data: string): boolean;
  later(run: () => void, ms: number): () => void;
  onUnsent(unsent: Unsent): void;
}

/**
 * Enter follows the text after this long, in ms, and whatever comes next follows the Enter after the same time. Agents take what
 * arrives in one piece for a paste, and an Enter inside of a paste for a new line.
 */
export const ENTER_AFTER_MS = 60;

/** So many pieces wait at most: far more than anybody types within the pauses. */
const MAX_WAITING = 200;

interface Piece {
  data: string;
  /** The composed text that this piece belongs to; null: keys. */
  text: string | null;
  /** Ends its text: the Enter, or keys. */
  last: boolean;
}

/** One way out of the composer and the keys: what is typed first arrives first, and an Enter never in one piece with its text. */
export function createOutgoing({ send, later, onUnsent }: OutgoingDeps): Outgoing {
  let waiting: Piece[] = [];
  let pausing = false;
  let stopPause = () => {};

  function endPause() {
    stopPause();
    pausing = false;
  }

  function giveBack() {
    endPause();
    const lost = waiting;
    waiting = [];
    if (lost.length === 0) return;
    // The Enter that ends a text stands for it: of the first text, the text itself may be out already.
    const texts = lost.flatMap((piece) => (piece.last && piece.text ? [piece.text] : []));
    const half = lost[0]?.last === true && (lost[0].text ?? '') !== '';
    onUnsent({ texts, uncertain: half || lost.some((piece) => piece.text === null) });
  }

  /** Sends what waits, up to the next pause. */
  function run(pauses: boolean) {
    for (let piece = waiting[0]; piece !== undefined; piece = waiting[0]) {
      if (!send(piece.data)) return giveBack();
      waiting.shift();
      if (!pauses || piece.text === null) continue;
      pausing = true;
      stopPause = later(() => {
        pausing = false;
        run(true);
      }, ENTER_AFTER_MS);
      return;
    }
  }

  return {
    keys(data) {
      if (!pausing) return send(data);
      if (waiting.length >= MAX_WAITING) return false;
      waiting.push({ data, text: null, last: true });
      return true;
    },
    line(text, data) {
      if (waiting.length + 2 > MAX_WAITING) return false;
      if (data !== '') waiting.push({ data, text, last: false });
      waiting.push({ data: '\r', text, last: true });
      if (!pausing) run(true);
      return true;
    },
    flush() {
      endPause();
      run(false);
    },
    fail: giveBack,
  };
}
