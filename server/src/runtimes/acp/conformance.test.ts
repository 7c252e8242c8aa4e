import { join } from 'node:path';
import { describe } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { chatRuntimeTests } from '../chat-conformance.ts';
import { createAcpRuntime } from './runtime.ts';

const runtime = createAcpRuntime({ clock: systemClock() });

describe('acp', () => chatRuntimeTests({ runtime, args: [join(import.meta.dirname, 'small-agent.ts')] }));
