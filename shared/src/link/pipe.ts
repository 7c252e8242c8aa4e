/**
 * What the link runs over: a local WebSocket (text and binary frames) or an encrypted channel (record types 1 and 2).
 * Messages arrive whole, in order, once; or the pipe closes.
 */
export interface LinkPipe {
  /** A JSON envelope. */
  sendText(text: string): void;
  /** A binary stream frame (`encodeFrame`). */
  sendFrame(frame: Uint8Array): void;
  /** Bytes handed over but not yet on the wire: for flow control. */
  readonly bufferedBytes: number;
  /**
   * Ends it. `goodbye`: on purpose, so that the other side does not take it for a broken line. Every pipe calls its own `onClose`
   * exactly once, whoever ended it; here before `close` returns.
   */
  close(end: PipeEnd): void;
  /** Set before anything can arrive; each is called in order, never after `onClose`. */
  onText: (text: string) => void;
  onFrame: (frame: Uint8Array) => void;
  onClose: (end: PipeEnd) => void;
  /**
   * A part of a message arrived, or a padding: a large message takes its time on a slow line, which lives all the while. Only of pipes
   * that carry messages in parts, as is `sendPadding`: it says nothing but that somebody is there.
   */
  onHeard?: () => void;
  sendPadding?: () => void;
}

/**
 * Why a pipe ended. `goodbye`: the other side said so. `broken`: cut without a word, retry and resume. `refused`: wrong key,
 * revoked, unknown ticket, bad token: final, a retry would fail alike. `unavailable`: nobody home or too busy (1013), retry.
 * `protocol`: the other side broke the rules.
 */
export interface PipeEnd {
  kind: 'goodbye' | 'broken' | 'refused' | 'unavailable' | 'protocol';
  detail: string;
}

/** A message-preserving duplex of bytes: a WebSocket through the relay, or a pair in memory. What the channel runs over. */
export interface MessageSocket {
  send(message: Uint8Array): void;
  readonly bufferedBytes: number;
  /** A second call does nothing. `onClose` follows once, as for any other end. */
  close(code: number): void;
  onMessage: (message: Uint8Array) => void;
  /** A text frame arrived: never allowed on a channel. */
  onText: () => void;
  onClose: (code: number) => void;
}
