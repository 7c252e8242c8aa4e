import { describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { startChatProcess } from './chat-process.ts';
import { type Recorded, Replay, type ReplayLine, RPC_RULES } from './chat-replay.ts';
import { createRpcPeer } from './json-rpc.ts';

const LINES: ReplayLine[] = [
  { t: 0, dir: 'in', msg: { id: 40, method: 'open' } },
  { t: 0.1, dir: 'err', msg: 'a warning' },
  { t: 0.1, dir: 'out', msg: { id: 40, result: 'opened' } },
  { t: 0.2, dir: 'mark', msg: 'open' },
  { t: 0.3, dir: 'in', msg: { id: 41, method: 'say', params: 'hello' } },
  { t: 0.4, dir: 'out', msg: { method: 'said', params: 'hello' } },
  { t: 0.5, dir: 'mark', msg: { exit: 3 } },
];
const RULES = { ...RPC_RULES, gist: ({ method, params }: Recorded) => [method, params] };

async function open(replay: Replay) {
  const command = { session_id: 's', file: 'agent', args: ['--wire'], cwd: '/', env: { A: '1' } };
  const program = await startChatProcess(replay.machine, command, systemClock());
  const told: unknown[] = [];
  const peer = createRpcPeer({
    send: (line) => program.send(line),
    handlers: { request: () => null, notification: (method, params) => told.push(method, params), unknown: (line) => told.push(line) },
    versioned: false,
  });
  program.onLine = (line) => peer.take(line);
  program.onExit = ({ code }) => told.push(code);
  return { peer, told };
}

describe('a replay', () => {
  it('gives the answers to our own ids, calls for what is to be written, and ends as the agent did', async () => {
    const replay = new Replay(LINES, RULES);
    const { peer, told } = await open(replay);
    expect(replay.argv.slice(-2)).toEqual(['agent', '--wire']);
    const opened = peer.request('open');
    const marks: unknown[] = [];
    await replay.play({ act: ({ params }) => void peer.request('say', params).catch(() => {}), mark: (mark) => marks.push(mark) });
    expect(await opened).toBe('opened');
    expect(told).toEqual(['said', 'hello', 3]);
    expect(marks).toEqual(['open', { exit: 3 }]);
  });

  it('fails on something else, on more, and on what was not done', async () => {
    const other = new Replay(LINES, RULES);
    (await open(other)).peer.notify('shut');
    await expect(other.play({ act: () => {} })).rejects.toThrow('It wrote\n{"method":"shut"}\nwhere this was recorded:');

    const more = new Replay(LINES.slice(0, 3), RULES);
    const { peer } = await open(more);
    peer.request('open').catch(() => {});
    peer.notify('again');
    await expect(more.play({ act: () => {} })).rejects.toThrow('It wrote more than was recorded: [{"method":"again"}]');

    const none = new Replay(LINES, RULES);
    await open(none);
    const act = async () => {
      throw new Error('no');
    };
    await expect(none.play({ act })).rejects.toThrow('was not done');
  });

  it('answers what a runtime asks beside the recording', async () => {
    const beside = ({ id, method }: Recorded) => (method === 'extra' ? [{ id, result: 'beside' }] : null);
    const { peer } = await open(new Replay([], { ...RULES, beside }));
    expect(await peer.request('extra')).toBe('beside');
  });
});
