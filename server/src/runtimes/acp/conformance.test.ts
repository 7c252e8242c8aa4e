import { join } from 'node:path';
import { describe } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { createLocalMachine } from '../../machines/local.ts';
import { chatRuntimeTests } from '../chat-conformance.ts';
import { createAcpRuntime } from './runtime.ts';

const machine = (home: string) => createLocalMachine({ env: { PATH: process.env.PATH }, home, folder: join(home, 'run') });
const runtime = createAcpRuntime({ clock: systemClock() });

describe('acp', () => chatRuntimeTests({ runtime, machine, args: [join(import.meta.dirname, 'small-agent.ts')] }));
