import { describe, expect, it } from 'vitest';
import { createRpcPeer, METHOD_NOT_FOUND, RpcError, type RpcHandlers } from './json-rpc.ts';

function peer(handlers: Partial<RpcHandlers> = {}, versioned = true) {
  const sent: Record<string, unknown>[] = [];
  const odd: string[] = [];
  const told: [string, unknown][] = [];
  const made = createRpcPeer({
    send: (line) => sent.push(JSON.parse(line)),
    handlers: {
      request: () => null,
      notification: (method, params) => told.push([method, params]),
      unknown: (line) => odd.push(line),
      ...handlers,
    },
    versioned,
  });
  return { ...made, sent, odd, told, give: (message: unknown) => made.take(JSON.stringify(message)) };
}

describe('a JSON-RPC peer', () => {
  it('answers find their requests by id, in any order, with and without the version field', async () => {
    const { request, sent, give } = peer();
    const [one, two] = [request('a', { x: 1 }), request('b')];
    expect(sent).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'a', params: { x: 1 } },
      { jsonrpc: '2.0', id: 2, method: 'b' },
    ]);
    give({ id: 2, result: 'second' });
    give({ jsonrpc: '2.0', id: 1, result: 'first' });
    expect(await Promise.all([one, two])).toEqual(['first', 'second']);
  });

  it('leaves the version field out where the other side wants none', () => {
    const { notify, sent } = peer({}, false);
    notify('initialized');
    expect(sent).toEqual([{ method: 'initialized' }]);
  });

  it('an error of the other side has its code and data, whatever it looks like', async () => {
    const { request, give } = peer();
    const [proper, bare] = [request('a'), request('b')];
    give({ id: 1, error: { code: -32_000, message: 'Authentication required', data: { a: 1 } } });
    give({ id: 2, error: 'no' });
    await expect(proper).rejects.toMatchObject({ code: -32_000, message: 'Authentication required', data: { a: 1 } });
    await expect(bare).rejects.toMatchObject({ code: -32_603, message: 'no' });
  });

  it('answers requests of the other side, also with errors, and passes notifications on', async () => {
    const request: RpcHandlers['request'] = async (method) => {
      if (method === 'fails') throw new RpcError(METHOD_NOT_FOUND, 'There is no such method.');
      if (method === 'breaks') throw new Error('broken');
      return { said: method };
    };
    const { give, sent, told } = peer({ request });
    for (const [id, method] of [
      ['x', 'works'],
      [0, 'fails'],
      [7, 'breaks'],
    ] as const)
      give({ id, method, params: {} });
    give({ method: 'moved', params: [1] });
    await Promise.resolve();
    expect(told).toEqual([['moved', [1]]]);
    await new Promise(setImmediate);
    expect(sent).toEqual([
      { jsonrpc: '2.0', id: 'x', result: { said: 'works' } },
      { jsonrpc: '2.0', id: 0, error: { code: -32_601, message: 'There is no such method.' } },
      { jsonrpc: '2.0', id: 7, error: { code: -32_603, message: 'broken' } },
    ]);
  });

  it('lines that are no message, answers to nothing and answers that come twice are passed on as they are', async () => {
    const { take, request, give, odd } = peer();
    const asked = request('a');
    give({ id: 1, result: 1 });
    await asked;
    give({ id: 1, result: 2 });
    for (const line of ['', 'not json', '[1]', 'null', '"x"', '{"id":null,"result":1}', '{"id":99,"error":{}}']) take(line);
    expect(odd).toEqual(['{"id":1,"result":2}', '', 'not json', '[1]', 'null', '"x"', '{"id":null,"result":1}', '{"id":99,"error":{}}']);
  });

  it('what waits fails once the other side is gone, and so does what comes later', async () => {
    const { request, notify, close, give, sent } = peer({ request: () => 'late' });
    const asked = request('a');
    give({ id: 5, method: 'asks' });
    close('The agent has ended.');
    await expect(asked).rejects.toMatchObject({ code: 'unavailable', message: 'The agent has ended.' });
    await expect(request('b')).rejects.toMatchObject({ code: 'unavailable' });
    expect(() => notify('c')).toThrow('The agent has ended.');
    expect(sent).toHaveLength(1);
  });
});
