import { describe } from 'vitest';
import { openTmux, TMUX } from '../../tmux-kit.ts';
import { terminalRuntimeTests } from '../conformance.ts';

describe.skipIf(TMUX === null)('tmux (skipped where tmux is not installed)', () => terminalRuntimeTests(() => openTmux()));
