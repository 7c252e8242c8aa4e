import { join } from 'node:path';
import { describe } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { chatRuntimeTests } from '../chat-conformance.ts';
import { createClaudeStream } from './runtime.ts';

const program = join(import.meta.dirname, 'small-claude.ts');
const runtime = createClaudeStream({ clock: systemClock() });

describe('claude-stream', () => chatRuntimeTests({ runtime, args: [program] }));
describe('claude-stream of an older Claude', () => chatRuntimeTests({ runtime, args: [program, '--old'] }));
