/**
 * An agent for the bench: speaks ACP 1 and answers `stream <chunks> <every ms>` with so many chunks, each the time at which it is written,
 * in ms since 1970.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

if (process.argv.includes('--version')) {
  process.stdout.write('bench-agent 1.0.0\n');
  process.exit(0);
}

const sessionId = `bench-${process.pid}`;
const send = (message: object) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

async function stream(prompt: string): Promise<void> {
  const [, chunks = '1', every = '0'] = /stream (\d+) (\d+)/.exec(prompt) ?? [];
  for (let i = 0; i < Number(chunks); i++) {
    if (i > 0) await sleep(Number(every));
    const text = `${(performance.timeOrigin + performance.now()).toFixed(3)} `;
    const update = { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } };
    send({ method: 'session/update', params: { sessionId, update } });
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line) as { id?: number; method?: string; params?: { prompt?: { text?: string }[] } };
  if (method === 'initialize') send({ id, result: { protocolVersion: 1, agentCapabilities: {}, authMethods: [] } });
  else if (method === 'session/new') send({ id, result: { sessionId } });
  else if (method === 'session/prompt') {
    await stream(params?.prompt?.[0]?.text ?? '');
    send({ id, result: { stopReason: 'end_turn' } });
  } else if (id !== undefined && method !== undefined) send({ id, error: { code: -32601, message: 'not known' } });
}
