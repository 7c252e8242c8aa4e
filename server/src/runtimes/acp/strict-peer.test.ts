/** The protocol's own library reads all that we write: what it refuses, we write wrongly. */
import * as acp from '@agentclientprotocol/sdk';
import { expect, it } from 'vitest';
import type { ChatUpdate } from '../../core/chat-ports.ts';
import { systemClock } from '../../core/clock.ts';
import type { HostProcess, Machine } from '../../core/machine-ports.ts';
import { createAcpRuntime } from './runtime.ts';

const SESSION = 's-1';

/** An agent made of the library; what it has read is in `read`. */
function strictAgent(read: [string, unknown][]): acp.AgentApp {
  const { agent: methods } = acp.methods;
  const note = (method: string, params: unknown) => read.push([method, params]);
  return acp
    .agent({ name: 'strict' })
    .onRequest(methods.initialize, ({ params }) => {
      note('initialize', params);
      return {
        protocolVersion: acp.PROTOCOL_VERSION,
        agentCapabilities: {
          loadSession: true,
          promptCapabilities: { image: true, embeddedContext: true },
          sessionCapabilities: { close: {} },
        },
      };
    })
    .onRequest(methods.session.load, ({ params }) => {
      note('load', params);
      return {
        modes: {
          currentModeId: 'a',
          availableModes: [
            { id: 'a', name: 'A' },
            { id: 'b', name: 'B' },
          ],
        },
        configOptions: [
          {
            id: 'model',
            name: 'Model',
            category: 'model',
            type: 'select',
            currentValue: 'x',
            options: [
              { value: 'x', name: 'X' },
              { value: 'y', name: 'Y' },
            ],
          },
        ],
      };
    })
    .onRequest(methods.session.setMode, ({ params }) => {
      note('setMode', params);
      return {};
    })
    .onRequest(methods.session.setConfigOption, ({ params }) => {
      note('setConfigOption', params);
      return { configOptions: [] };
    })
    .onRequest(methods.session.close, ({ params }) => {
      note('close', params);
      return {};
    })
    .onNotification(methods.session.cancel, ({ params }) => {
      note('cancel', params);
    })
    .onRequest(methods.session.prompt, async ({ params, client }) => {
      note('prompt', params);
      const toolCall = { toolCallId: 't', title: 'ls', kind: 'execute' as const };
      const options = [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' as const }];
      note('answered', await client.request(acp.methods.client.session.requestPermission, { sessionId: SESSION, toolCall, options }));
      note(
        'elicited',
        await client.request(acp.methods.client.elicitation.create, {
          mode: 'form',
          sessionId: SESSION,
          message: 'Which?',
          requestedSchema: { type: 'object', properties: { n: { type: 'integer' } } },
        }),
      );
      return { stopReason: 'end_turn' as const };
    });
}

/** Its pipes, as a machine has them. */
function machineOf(app: acp.AgentApp): Machine {
  const input = new TransformStream<Uint8Array, Uint8Array>();
  const output = new TransformStream<Uint8Array, Uint8Array>();
  const writer = input.writable.getWriter();
  const program: HostProcess = {
    pid: null,
    onOutput: () => {},
    onClose: () => {},
    write(bytes) {
      void writer.write(bytes);
      return true;
    },
    end() {
      void writer.close();
      program.onClose({ code: 0, detail: '' });
    },
    kill: () => {},
    pause: () => {},
    resume: () => {},
  };
  app.connect(acp.ndJsonStream(output.writable, input.readable));
  void (async () => {
    for await (const bytes of output.readable) program.onOutput(Buffer.from(bytes));
  })();
  const host = { name: 'strict', local: true, open: async () => program };
  return { name: 'strict', kind: 'local', host, wrap: (command: unknown) => command } as unknown as Machine;
}

it('everything that we say is understood by the library of the protocol', async () => {
  const read: [string, unknown][] = [];
  const updates: ChatUpdate[] = [];
  const agent = await createAcpRuntime({ clock: systemClock() }).start(
    {
      command: { session_id: 's', file: 'strict', args: [], cwd: '/srv/app', env: {} },
      machine: machineOf(strictAgent(read)),
      model: 'y',
      mode: 'b',
      resume: SESSION,
      fork: false,
    },
    {
      update(update) {
        updates.push(update);
        const [option_id, decision, answers] =
          update.type === 'ask' && update.ask.kind === 'permission' ? ['yes', 'allow', {}] : [null, 'answer', { n: ['4'] }];
        if (update.type === 'ask') void agent.answer(update.key, { option_id, decision, text: null, answers } as never);
      },
      exit: () => {},
    },
  );
  const image = { name: 'a.png', media_type: 'image/png', bytes: Buffer.from([137, 80]), path: '/srv/a.png' };
  const note = { name: 'b.md', media_type: 'text/markdown', bytes: Buffer.from('# b'), path: '/srv/b.md' };
  const data = { name: 'c.bin', media_type: 'application/octet-stream', bytes: Buffer.from([0, 255]), path: '/srv/c.bin' };
  await agent.prompt({ id: 'p', content: 'do it', files: [image, note, data] });
  await expect.poll(() => updates.at(-1)).toEqual({ type: 'idle', stop: 'done' });
  await agent.stop();

  expect(updates.filter(({ type }) => type === 'notice')).toEqual([]);
  expect(read.map(([method]) => method)).toEqual([
    'initialize',
    'load',
    'setMode',
    'setConfigOption',
    'prompt',
    'answered',
    'elicited',
    'close',
  ]);
  const told = Object.fromEntries(read);
  expect(told.initialize).toMatchObject({ clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false } });
  expect(told.prompt).toMatchObject({
    sessionId: SESSION,
    prompt: [{ type: 'text' }, { type: 'image' }, { type: 'resource' }, { type: 'resource_link' }],
  });
  expect(told.answered).toEqual({ outcome: { outcome: 'selected', optionId: 'yes' } });
  expect(told.elicited).toEqual({ action: 'accept', content: { n: 4 } });
});
