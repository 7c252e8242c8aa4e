/** The real opencode as a chat on a phone. */
import { opencodeHome } from './opencode-home.ts';
import { phoneTests } from './phone-tests.ts';

phoneTests({
  ...opencodeHome,
  plan: { scenario: 'todo', step: 'step 2 of 3' },
  lasting: 'for the session',
});
