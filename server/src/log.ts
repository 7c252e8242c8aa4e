/** What the server says to whoever runs it: one JSON object a line, never a secret in it. */
import pino from 'pino';
import type { Config } from './config.ts';

export interface Log {
  info(message: string, detail?: Record<string, unknown>): void;
  warn(message: string, detail?: Record<string, unknown>): void;
  error(message: string, detail?: Record<string, unknown>): void;
}

/** Names that hold a secret wherever they stand. */
const SECRET_NAMES = [
  'token',
  'authorization',
  'secret',
  'psk',
  'q',
  'key',
  'private_key',
  'link',
  'endpoint',
  'auth',
  'p256dh',
  'password',
];
const REDACTED = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** JSON leaves these as they are; a terminal or a line-wise reader may not. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const escaped = (line: string) => line.replace(UNSAFE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** `write` takes whole lines with their end. Default: standard error. */
export function createLog(level: Config['log_level'], write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '[redacted]' },
      serializers: { error: (value) => (value instanceof Error ? pino.stdSerializers.err(value) : value) },
    },
    { write: (line: string) => write(escaped(line)) },
  );
  return {
    info: (message, detail = {}) => logger.info(detail, message),
    warn: (message, detail = {}) => logger.warn(detail, message),
    error: (message, detail = {}) => logger.error(detail, message),
  };
}
