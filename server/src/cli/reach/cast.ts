/** Reads a recording (asciicast v2: a header line, then one JSON array an event) as it comes. */

/** A line longer than this is no recording: events hold at most one read of a terminal. */
const MAX_LINE_CHARACTERS = 4_000_000;

/** What was printed, in order. A last line that was cut is left out. */
export async function* printedText(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  for await (const line of lines(bytes)) {
    const event = parsed(line);
    if (Array.isArray(event) && event[1] === 'o' && typeof event[2] === 'string') yield event[2];
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // the recording goes on while it is read: its last line may be half there
    return null;
  }
}

async function* lines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of bytes) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() as string;
    if (rest.length > MAX_LINE_CHARACTERS) throw new Error('This is no recording: a line of it has no end.');
    yield* parts;
  }
  if (rest !== '') yield rest;
}
