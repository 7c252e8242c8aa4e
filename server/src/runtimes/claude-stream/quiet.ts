/** Messages of Claude that say nothing a person must know, or that are told otherwise. */

const QUIET: ReadonlySet<string> = new Set([
  'active_goal',
  'auth_status',
  'autocompact_state',
  'keep_alive',
  'prompt_suggestion',
  'streamlined_text',
  'streamlined_tool_use_summary',
  'tool_progress',
  'tool_use_summary',
  'transcript_mirror',
]);
const QUIET_SYSTEM: ReadonlySet<string> = new Set([
  'background_tasks_changed',
  'elicitation_complete',
  'files_persisted',
  'hook_progress',
  'hook_response',
  'hook_started',
  'post_turn_summary',
  'task_notification',
  'task_progress',
  'task_started',
  'task_updated',
  'thinking_tokens',
]);

export const isQuiet = (type: unknown): boolean => typeof type === 'string' && QUIET.has(type);
/** Of `system` messages. */
export const isQuietNews = (subtype: unknown): boolean => typeof subtype === 'string' && QUIET_SYSTEM.has(subtype);
