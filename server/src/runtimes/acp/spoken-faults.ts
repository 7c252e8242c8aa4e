/** Some agents tell a retry, or why a turn failed, as ordinary text, and end the turn as if it had gone well (Copilot). */

const RETRY = /^Info: [^\n]{1,300}Retrying\.\.\.$/;
const FAULT = /^Error: [^\n]{0,300}(?:retried \d|response from the AI model|[Aa]uthentication|HTTP \d{3}|API error|rate limit)/;

/** One piece of text that is a retry, and nothing else. */
export const isRetry = (piece: string): boolean => RETRY.test(piece);

/** The last thing that was said in a turn that used nothing: a fault, if it came in one piece and says so. */
export const isFault = (piece: string): boolean => FAULT.test(piece);
