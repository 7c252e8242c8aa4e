/** The runtimes that speak an agent's protocol. A new one: a folder beside this file, and a line here. */
import type { ChatRuntime, ChatRuntimeBook } from '../core/chat-ports.ts';
import type { Clock } from '../core/ports.ts';
import { createAcpRuntime } from './acp/runtime.ts';
import { createClaudeStream } from './claude-stream/runtime.ts';
import { createCodexAppServer } from './codex-app-server/runtime.ts';
import { createOpencodeServer } from './opencode-server/runtime.ts';
import { createStreamJson } from './stream-json/runtime.ts';

export interface ChatRuntimeDeps {
  clock: Clock;
}

export function createChatRuntimes(deps: ChatRuntimeDeps): ChatRuntimeBook {
  const runtimes: readonly ChatRuntime[] = [
    createClaudeStream(deps),
    createCodexAppServer(deps),
    createOpencodeServer(deps),
    createAcpRuntime(deps),
    createStreamJson(deps),
  ];
  const book = new Map(runtimes.map((runtime) => [runtime.name, runtime]));
  return { get: (name) => book.get(name) ?? null };
}
