/** The real Claude Code as a chat on a phone. */
import { claudeChat } from './claude-home.ts';
import { phoneTests } from './phone-tests.ts';

phoneTests({
  ...claudeChat,
  plan: { scenario: 'tasks', step: 'step 2 of 2' },
  lasting: 'always',
  keptIn: '.claude/settings.local.json',
});
