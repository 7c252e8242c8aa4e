/**
 * What a server of MCP asks through Claude (`control_request` of subtype `elicitation`): a form, a page to open, or a plain yes. The shape
 * is that of its SDK; inside it is an elicitation of MCP, as over ACP.
 */
import type { AgentAnswer, Ask } from '../../core/chat-ports.ts';
import { questionAsk, questionResult } from '../acp/asks.ts';
import { type Loose, text } from '../loose.ts';

export const ELICITATION = 'elicitation';

export function readElicitation(request: Loose): { ask: Ask; responseOf(answer: AgentAnswer): object } {
  const { message, mode, url, requested_schema: requestedSchema } = request;
  const params = { message, mode, url, requestedSchema };
  const asked = questionAsk(params, null);
  const titled = [text(request.title), asked.detail, text(request.description)].filter((line) => line !== null);
  const ask = { ...asked, tool_name: text(request.mcp_server_name) ?? asked.tool_name, detail: titled.join('\n') || null };
  return { ask, responseOf: (answer) => questionResult(params, answer) };
}
