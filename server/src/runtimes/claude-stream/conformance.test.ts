import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { createLocalMachine } from '../../machines/local.ts';
import { chatRuntimeTests } from '../chat-conformance.ts';
import { createClaudeStream } from './runtime.ts';

const program = fileURLToPath(new URL('./small-claude.ts', import.meta.url));
const machine = (home: string) => createLocalMachine({ env: { PATH: process.env.PATH }, home, folder: join(home, 'run') });
const runtime = createClaudeStream({ clock: systemClock() });

describe('claude-stream', () => chatRuntimeTests({ runtime, machine, args: [program] }));
describe('claude-stream of an older Claude', () => chatRuntimeTests({ runtime, machine, args: [program, '--old'] }));
