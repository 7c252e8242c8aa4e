/** A model that says what its script says, on the loopback interface. A prompt with `SCENARIO:<name>` picks the script. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { anthropic } from './anthropic.ts';
import { chatCompletions } from './chat-completions.ts';
import { gemini } from './gemini.ts';
import { responses } from './responses.ts';
import { nextTurn } from './scenarios.ts';
import { bind } from './tools.ts';
import type { Conversation, Reply, Wire } from './turn.ts';

const WIRES: readonly Wire[] = [anthropic, chatCompletions, gemini, responses];

export interface ScriptedModel {
  url: string;
  /** Paths of all requests so far. */
  requests: string[];
  /** What it was given in its last 20 turns; requests without tools (titles and the like) left out. */
  bodies: string[];
  close(): Promise<void>;
}

const MOST_BODIES = 20;

export interface ScriptedModelOptions {
  /** Where relative paths of tool calls lie. */
  cwd: string;
  /** Pause between the pieces of a stream, in ms. Default 5. */
  chunkMs?: number;
}

export async function startScriptedModel({ cwd, chunkMs = 5 }: ScriptedModelOptions): Promise<ScriptedModel> {
  const requests: string[] = [];
  const bodies: string[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://scripted');
    requests.push(`${request.method} ${pathname}`);
    const body = await text(request);
    if (pathname.endsWith('/count_tokens')) return json(response, 200, { input_tokens: 1234 });
    if (pathname.endsWith(':countTokens')) return json(response, 200, { totalTokens: 1234 });
    const wire = WIRES.find(({ fits }) => fits(pathname));
    if (wire === undefined) return json(response, 404, anthropic.errorBody({ type: 'not_found_error', message: pathname }));

    const conversation = wire.read(JSON.parse(body), pathname);
    if (conversation.tools.length > 0) bodies.push(body);
    if (bodies.length > MOST_BODIES) bodies.shift();
    const turn = nextTurn(conversation);
    if (turn.error) return json(response, turn.error.status, wire.errorBody(turn.error));
    if (turn.hang) return;
    const reply = replyOf(turn, conversation, String(requests.length), cwd);
    if (!conversation.stream) return json(response, 200, wire.whole(reply));
    await stream(response, wire.frames(reply), turn.chunkMs ?? chunkMs);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) =>
      json(response, 500, anthropic.errorBody({ type: 'api_error', message: String(error) })),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    bodies,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function replyOf(turn: ReturnType<typeof nextTurn>, { model, tools }: Conversation, id: string, cwd: string): Reply {
  return {
    id,
    model,
    ...(turn.thought === undefined ? {} : { thought: turn.thought }),
    ...(turn.text === undefined ? {} : { text: turn.text }),
    calls: (turn.calls ?? []).map((call) => bind(call, tools, cwd)).filter((call) => call !== null),
    usage: { input: 1200 + 100 * turn.step, output: 40 + 10 * turn.step, cached: 300 },
  };
}

async function stream(response: ServerResponse, frames: Iterable<string>, ms: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const frame of frames) {
    if (response.destroyed) return;
    response.write(frame);
    await sleep(ms);
  }
  response.end();
}

function json(response: ServerResponse, status: number, body: object): void {
  if (!response.headersSent) response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
