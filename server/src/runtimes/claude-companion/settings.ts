/** What Claude Code is told at its start, so that it asks here too. No secret: the key of a session is in its environment. */

/** Holds the key of a session; Claude puts it into the header. */
export const KEY_VARIABLE = 'AFIELD_HOOK_KEY';
/** What is asked may wait for its person for a day, in s. */
const PATIENCE_S = 86_400;
const QUICK_S = 5;
/** They tell where its transcript is, that a tool was used, that a turn is over: what was asked before is answered. */
const QUICK = ['UserPromptSubmit', 'PostToolUse', 'PostToolUseFailure', 'Stop', 'SessionEnd'];

export function hookSettings(port: number): string {
  const hook = (timeout: number) => ({
    type: 'http',
    url: `http://127.0.0.1:${port}/claude`,
    headers: { Authorization: `Bearer $${KEY_VARIABLE}` },
    allowedEnvVars: [KEY_VARIABLE],
    timeout,
  });
  const of = (timeout: number) => [{ matcher: '*', hooks: [hook(timeout)] }];
  const quick = QUICK.map((name) => [name, of(QUICK_S)]);
  return JSON.stringify({ hooks: { PermissionRequest: of(PATIENCE_S), ...Object.fromEntries(quick) } });
}
