/** G11: the whole home server is held up for six seconds, with everything under way. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from '@afield/shared/api/machines.ts';
import type { Prompt } from '@afield/shared/api/prompts.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { AfieldClient } from '@afield/shared/client/client.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { killOwn, readFileOr, TestDesk, until } from './cli/test-desk.ts';
import { noSshd, TestSshd } from './machines/test-sshd.ts';
import { TMUX } from './tmux-kit.ts';

/** Longer than a prompt waits for its Enter to be taken (5 s), shorter than a line may be silent. */
const HELD_MS = 6_000;
/** Shows each key, and after Enter nothing for two seconds. Keeps what it was typed in the file $1. */
const AGENT = `stty raw -echo; printf '> '
while IFS= read -rN1 c; do
  if [ "$c" = $'\\r' ] || [ "$c" = $'\\n' ]; then printf '<Enter>' >> "$1"; sleep 2; printf '\\r\\nanswer\\r\\n> '; else printf %s "$c" >> "$1"; printf %s "$c"; fi
done`;
/** Prints a number every 50 ms, so that silence would be told. */
const COUNTER = 'i=0; while :; do i=$((i+1)); printf "%s\\r\\n" $i; sleep 0.05; done';

let desk: TestDesk;
beforeEach(() => {
  desk = new TestDesk('afield-held-');
});
afterEach(() => desk.close(), 60_000);

const clientOf = () => {
  const token = readFileOr(path.join(desk.env.AFIELD_HOME as string, 'token'), '').trim();
  return AfieldClient.websocket({ url: desk.server?.url ?? '', token, WebSocket: WebSocket as never });
};

describe.each(TMUX === null ? ['pty'] : ['tmux', 'pty'])('G11: held up for six seconds, sessions in %s', (runtime) => {
  const typed = () => readFileOr(path.join(desk.home, 'typed'), '');

  it('nothing is typed twice, made twice, logged out or called wrong', { timeout: 120_000 }, async () => {
    const home = desk.env.AFIELD_HOME as string;
    mkdirSync(home, { mode: 0o700 });
    const agents = {
      agent: { command: ['/bin/bash', '-c', AGENT, 'agent', path.join(desk.home, 'typed')], quiet_ms: 300 },
      counter: { command: ['/bin/bash', '-c', COUNTER], quiet_ms: 400 },
    };
    writeFileSync(path.join(home, 'config.yaml'), JSON.stringify({ agents, runtime }));
    desk.spawn(['serve']);
    await until(
      () => (desk.server?.url ? true : undefined),
      () => 'The home server listens.',
    );
    const { pid } = desk.server as { pid: number };
    const sshd = noSshd === null ? await TestSshd.start() : null;
    const client = clientOf();
    const states: string[] = [];
    const events: AfieldEvent[] = [];
    try {
      client.link.connection.subscribe(({ state }) => states.push(state));
      client.link.subscribe({ topics: ['*'] }, (event) => events.push(event));
      if (sshd !== null) await client.call('createMachine', { body: { name: 'far', ssh: sshd.target, host_key: sshd.fingerprint } });
      const line = async () => ((await client.call('listMachines')).items as Machine[]).find(({ name }) => name === 'far')?.line;
      const lineBefore = await line();
      const agent = await client.call('createSession', { body: { agent: 'agent' } });
      const counter = await client.call('createSession', { body: { agent: 'counter' } });
      const session = async (id: string) => (await client.call('getSession', { params: { id } })) as Session;
      await until(
        async () => ((await session(agent.id)).status === 'idle' && (await session(counter.id)).output_bytes > 100 ? true : undefined),
        async () => `${(await session(agent.id)).status} ${(await session(counter.id)).output_bytes}`,
      );
      // Whatever it is called while it prints; idle is what silence would make of it.
      const { status } = await session(counter.id);
      expect(status).not.toBe('idle');
      const prompt = { id: uuidv7(), content: 'only once' };
      await client.call('promptSession', { params: { id: agent.id }, body: prompt });
      await until(() => (typed().includes('<Enter>') ? true : undefined), typed);
      const seen = events.length;
      killOwn(pid, 'SIGSTOP');
      const made = { id: uuidv7(), agent: 'shell', name: 'made once' };
      const asked = [
        client.call('createSession', { body: made }),
        client.call('promptSession', { params: { id: agent.id }, body: prompt }),
      ] as const;
      await sleep(HELD_MS);
      killOwn(pid, 'SIGCONT');
      const [created, again] = await Promise.all(asked);
      expect(created).toMatchObject({ id: made.id });
      expect(again).toMatchObject({ id: prompt.id });
      const delivery = async () => ((await client.call('promptSession', { params: { id: agent.id }, body: prompt })) as Prompt).state;
      await until(async () => ((await delivery()) === 'consumed' ? true : undefined), delivery);
      // As long as a second Enter would take to come.
      await sleep(1_000);
      expect(typed()).toBe('only once<Enter>');
      expect((await client.call('listSessions')).items.filter(({ name }) => name === 'made once')).toHaveLength(1);
      expect(new Set(states.slice(states.indexOf('online')))).toEqual(new Set(['online']));
      expect(await session(counter.id)).toMatchObject({ status });
      const told = events
        .slice(seen)
        .flatMap((event) =>
          event.type === 'session.status_changed' && event.payload.session.id === counter.id ? [event.payload.session.status] : [],
        );
      expect(told).toEqual([]);
      expect(await line()).toEqual(lineBefore);
    } finally {
      killOwn(pid, 'SIGCONT');
      client.close();
      await sshd?.close();
    }
  });
});
