import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { createLocalMachine } from '../../machines/local.ts';
import { chatRuntimeTests } from '../chat-conformance.ts';
import { createCodexAppServer } from './runtime.ts';

const program = fileURLToPath(new URL('./small-codex.ts', import.meta.url));
const machine = (home: string) => createLocalMachine({ env: { PATH: process.env.PATH }, home, folder: path.join(home, 'run') });
const runtime = createCodexAppServer({ clock: systemClock() });

describe('codex-app-server', () => chatRuntimeTests({ runtime, machine, args: [program] }));
