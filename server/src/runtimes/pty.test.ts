import { describe } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { terminalRuntimeTests } from './conformance.ts';
import { createPtyRuntime } from './pty.ts';

describe('pty', () => terminalRuntimeTests(() => ({ runtime: createPtyRuntime(systemClock(), 'aaaaaaaaaaaa'), close: async () => {} })));
