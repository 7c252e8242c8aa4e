import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Approval } from '@afield/shared/api/approvals.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldClient } from '@afield/shared/client/client.ts';
import type { WebSocketConstructor } from '@afield/shared/client/doors/web-socket.ts';
import { AfieldError } from '@afield/shared/errors.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { until } from '@afield/shared/until.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { newHome, startTestServer, type TestServer } from '../testing.ts';

const SMALL_AGENT = path.resolve(import.meta.dirname, '../runtimes/acp/small-agent.ts');
const TIMEOUT_MS = 30_000;

let server: TestServer;
let phone: AfieldClient;
beforeEach(async () => {
  const home = newHome();
  const command = JSON.stringify([process.execPath, SMALL_AGENT]);
  writeFileSync(path.join(home, 'config.yaml'), `agents:\n  small: { command: ${command}, chat: acp }\n`);
  server = await startTestServer({ home });
  phone = AfieldClient.websocket({
    url: server.url,
    token: () => server.app.token,
    WebSocket: WebSocket as unknown as WebSocketConstructor,
  });
}, TIMEOUT_MS);
afterEach(async () => {
  phone.close();
  await server.stop();
}, TIMEOUT_MS);

/** A session whose agent asks. */
async function asking(scenario = 'bash'): Promise<{ session: Session; approval: Approval }> {
  const body = { agent: 'small', face: 'chat' as const, prompt: `SCENARIO:${scenario}`, cwd: server.home };
  const session = await phone.call('createSession', { body });
  const approval = await until(
    'an approval',
    async () => (await phone.call('listApprovals', { query: { session_id: session.id } })).items[0],
  );
  return { session, approval };
}
const answer = ({ id, hash }: Approval, given: object) => server.call('POST', `/approvals/${id}`, { body: { hash, ...given } });

describe('an approval of a real agent', () => {
  it(
    'is answered once; the same again from the record, another one with 409 and the outcome, over HTTP and the link alike',
    async () => {
      const heard: AfieldEvent[] = [];
      phone.link.subscribe({ topics: ['approval.*'] }, (event) => heard.push(event));
      await phone.link.ready();
      const { session, approval } = await asking();
      expect(approval).toMatchObject({ state: 'pending', session_id: session.id, agent: 'small', ask: { tool_kind: 'execute' } });
      expect((await answer(approval, { hash: '0'.repeat(64), decision: 'allow' })).body).toMatchObject({ code: 'approval_changed' });
      expect((await answer(approval, { decision: 'deny', text: 'Use make.' })).status).toBe(200);
      await until('its delivery', async () => (await phone.call('getApproval', { params: { id: approval.id } })).state === 'delivered');
      expect((await answer(approval, { decision: 'deny', text: 'Use make.' })).body).toMatchObject({ state: 'delivered' });

      const late = await answer(approval, { decision: 'allow' });
      expect(late.status).toBe(409);
      expect(late.headers.get('content-type')).toContain('application/problem+json');
      expect(late.body).toMatchObject({
        code: 'approval_answered',
        detail: expect.stringMatching(/^Already answered at the desk: Deny\. Your answer came \d+ s later and was not used\.$/),
        outcome: { decision: 'deny', by: 'the desk', text: 'Use make.' },
      });
      const body = { hash: approval.hash, decision: 'allow' as const };
      const overLink = await phone.call('answerApproval', { params: { id: approval.id }, body }).catch((error: unknown) => error);
      expect(overLink).toBeInstanceOf(AfieldError);
      expect(overLink).toMatchObject({ code: 'approval_answered', extension: { outcome: { decision: 'deny' } } });
      await until('all of its events', () => heard.length >= 3);
      expect(heard.map(({ type, payload }) => `${type} ${(payload as { approval: Approval }).approval.state}`)).toEqual([
        'approval.requested pending',
        'approval.resolved answered',
        'approval.resolved delivered',
      ]);
      await until('idle', async () => (await phone.call('getSession', { params: { id: session.id } })).status === 'idle');
    },
    TIMEOUT_MS,
  );

  it(
    'is one of many that are answered at once, each with its own result',
    async () => {
      const [one, two] = [await asking(), await asking()];
      const answers = [
        { id: one.approval.id, hash: one.approval.hash, decision: 'allow' as const },
        { id: two.approval.id, hash: '0'.repeat(64), decision: 'allow' as const },
        { id: one.session.id, hash: one.approval.hash, decision: 'deny' as const },
      ];
      const { items } = await phone.call('answerApprovals', { body: { answers } });
      expect(items.map(({ approval, error }) => approval?.outcome?.decision ?? error?.code)).toEqual([
        'allow',
        'approval_changed',
        'approval_not_found',
      ]);
      expect((await phone.call('getSession', { params: { id: two.session.id } })).pending_approvals).toBe(1);
    },
    TIMEOUT_MS,
  );

  it(
    'is gone when its agent dies, and after a restart of the home server; a session that is deleted takes it along',
    async () => {
      const { session, approval } = await asking();
      await phone.call('deleteSession', { params: { id: session.id } });
      await until('gone', async () => (await phone.call('getApproval', { params: { id: approval.id } })).state === 'gone');
      expect((await answer(approval, { decision: 'allow' })).body).toMatchObject({
        code: 'approval_answered',
        detail: expect.stringMatching(/^The agent does not ask this any more\..* Your answer was not used\.$/),
      });
      const second = await asking();
      phone.close();
      await server.stop({ keep: true });
      server = await startTestServer({ home: server.home });
      expect((await server.call('GET', `/approvals/${second.approval.id}`)).body).toMatchObject({ state: 'gone' });
      expect((await server.call('GET', '/approvals')).body).toMatchObject({ items: [] });
      expect((await server.call('DELETE', `/sessions/${session.id}?purge=true`)).status).toBe(200);
      await until('nothing of it', async () => (await server.call('GET', `/approvals/${approval.id}`)).status === 404);
    },
    TIMEOUT_MS,
  );
});
