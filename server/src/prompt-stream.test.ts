import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldClient } from '@afield/shared/client/client.ts';
import type { WebSocketConstructor } from '@afield/shared/client/doors/web-socket.ts';
import type { TurnPiece } from '@afield/shared/turn-reader.ts';
import { until } from '@afield/shared/until.ts';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { newHome, startTestServer, type TestServer } from './testing.ts';

const SMALL_AGENT = path.resolve(import.meta.dirname, 'runtimes/acp/small-agent.ts');

let server: TestServer;
let phone: AfieldClient;
beforeAll(async () => {
  const home = newHome();
  const command = JSON.stringify([process.execPath, SMALL_AGENT]);
  writeFileSync(path.join(home, 'config.yaml'), `agents:\n  small: { command: ${command}, chat: acp }\n`);
  server = await startTestServer({ home });
  const socket = WebSocket as unknown as WebSocketConstructor;
  phone = AfieldClient.websocket({ url: server.url, token: () => server.app.token, WebSocket: socket });
});
afterAll(async () => {
  phone.close();
  await server.stop();
});

const begin = (agent = 'small', face: 'chat' | 'terminal' = 'chat'): Promise<Session> =>
  phone.call('createSession', { body: { agent, face, cwd: server.home } });
const textOf = (pieces: TurnPiece[]) => pieces.map((piece) => (piece.kind === 'text' ? piece.content : '')).join('');
const saidIn = async (id: string) => {
  const { items } = await phone.call('getMessages', { params: { id } });
  return items.filter((item) => item.kind === 'message' && item.role === 'agent').map((item) => (item.kind === 'message' ? item.text : ''));
};

/** The events of a server-sent stream, read to its end. */
async function posted(id: string, body: object): Promise<{ status: number; events: { name: string; data: Record<string, unknown> }[] }> {
  const { status, body: text } = await server.call('POST', `/sessions/${id}/prompt/stream`, { body });
  if (typeof text !== 'string') return { status, events: [{ name: 'problem', data: text as Record<string, unknown> }] };
  const events = text.split('\n\n').flatMap((block) => {
    const [, name = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
    return name === '' ? [] : [{ name, data: JSON.parse(data) as Record<string, unknown> }];
  });
  return { status, events };
}

describe('a prompt and what comes of it', { timeout: 30_000 }, () => {
  it('is one stream for a client: the words of the agent, then the end of the turn', async () => {
    const { id } = await begin();
    const pieces: TurnPiece[] = [];
    for await (const piece of phone.streamPrompt(id, 'SCENARIO:greet')) pieces.push(piece);
    expect(textOf(pieces)).not.toBe('');
    expect([textOf(pieces)]).toEqual(await saidIn(id));
    expect(pieces.at(-1)).toMatchObject({ kind: 'complete', session: { id, status: 'idle' } });
  });

  it('comes over HTTP as server-sent events, approvals and tools among them', async () => {
    const { id } = await begin();
    const answered = until('an approval', async () => (await phone.call('listApprovals', { query: { session_id: id } })).items[0]).then(
      ({ id: approval, hash }) => phone.call('answerApproval', { params: { id: approval }, body: { hash, decision: 'allow' } }),
    );
    const { status, events } = await posted(id, { id: uuidv7(), content: 'SCENARIO:edit' });
    await answered;
    expect(status).toBe(200);
    expect(events.map(({ name }) => name)).toEqual(expect.arrayContaining(['prompt', 'text', 'tool', 'approval', 'complete']));
    expect(events[0]).toMatchObject({ name: 'prompt', data: { session_id: id, content: 'SCENARIO:edit' } });
    expect(events.at(-1)).toMatchObject({ name: 'complete', data: { session: { status: 'idle' } } });
  });

  it('is not given again under the same id, and its stream ends at once', async () => {
    const { id } = await begin();
    const body = { id: uuidv7(), content: 'SCENARIO:greet' };
    await posted(id, body);
    const before = await saidIn(id);
    const again = await posted(id, body);
    expect(again.events.map(({ name }) => name)).toEqual(['prompt', 'text', 'complete']);
    expect(await saidIn(id)).toEqual(before);
  });

  it('fails before it begins for what cannot be answered so', async () => {
    const terminal = await begin('shell', 'terminal');
    expect(await posted(terminal.id, { id: uuidv7(), content: 'x' })).toMatchObject({
      status: 409,
      events: [{ data: { code: 'not_supported' } }],
    });
    const { id } = await begin();
    expect(await posted(id, { content: 'x' })).toMatchObject({ status: 400 });
    await phone.call('deleteSession', { params: { id } });
    expect(await posted(id, { id: uuidv7(), content: 'x' })).toMatchObject({ status: 409, events: [{ data: { code: 'session_ended' } }] });
  });

  it('goes on when its reader is gone', async () => {
    const { id } = await begin();
    for await (const piece of phone.streamPrompt(id, 'SCENARIO:greet')) if (piece.kind === 'text') break;
    await until('idle', async () => (await phone.call('getSession', { params: { id } })).status === 'idle');
    expect(await saidIn(id)).toHaveLength(1);
  });
});
