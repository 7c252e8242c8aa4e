/** The runtime of every session that outlives its line: tmux on a machine that a real sshd stands before. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, until } from '@afield/shared/until.ts';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from './core/clock.ts';
import { createSshMachine, type SshMachine } from './machines/ssh.ts';
import { noSshd, processesWith, TestSshd } from './machines/test-sshd.ts';
import { terminalRuntimeTests } from './runtimes/conformance.ts';
import { env, heard, newId } from './runtimes/heard.ts';
import { TmuxRuntime } from './runtimes/tmux/runtime.ts';
import { HOME, TMUX } from './tmux-kit.ts';

const skip = noSshd !== null || TMUX === null;

async function openOverSsh() {
  const sshd = await TestSshd.start();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'afield-far-')));
  let sockets = 0;
  const cuts = { count: 0 };
  const machine: SshMachine = createSshMachine(
    { name: 'far', kind: 'ssh', ssh: sshd.target, prefix: null, created_at: '2026-01-01T00:00:00Z' },
    {
      setup: { env: { PATH: process.env.PATH }, home: folder, knownHosts: join(folder, 'known_hosts') },
      clock: systemClock(),
      timing: { pingMs: 200, silentMs: 1_500, retryMs: [50, 300], idleMs: 2_000 },
      random: Math.random,
      newSocket: () => join(folder, `s${sockets++}`),
      homeId: HOME,
      onLine: () => {
        if (machine.line.state === 'connecting') cuts.count++;
      },
    },
  );
  await machine.confirm(sshd.fingerprint);
  const runtime = new TmuxRuntime({ host: machine.host, clock: systemClock(), tmux: TMUX ?? 'tmux', home: HOME });
  return {
    sshd,
    cuts,
    machine,
    runtime,
    async close() {
      const own = await machine.host.folder();
      await runtime.close();
      await machine.close();
      // By its process: asked to end it waits for whoever does not read.
      for (const { pid, command } of processesWith(own)) if (/^\S*tmux /.test(command)) process.kill(pid, 'SIGKILL');
      await sshd.close();
      rmSync(folder, { recursive: true, force: true });
      await until('nothing of it is left', () => processesWith(folder).length === 0 && processesWith(sshd.folder).length === 0);
    },
  };
}

const far = skip ? null : await openOverSsh();
describe.skipIf(far === null)('tmux on a machine by ssh (skipped without tmux or sshd)', () => {
  terminalRuntimeTests(() => ({ runtime: far!.runtime, close: async () => {} }));

  describe('a line that is cut', () => {
    it('three times while a program prints: every byte once, in order', { timeout: 60_000 }, async () => {
      const { runtime, sshd, cuts } = far!;
      const session_id = newId();
      const lines = 6_000;
      const script = `stty -opost; i=0; while [ $i -lt ${lines} ]; do echo "line $i of the flood"; i=$((i+1)); [ $((i % 20)) = 0 ] && sleep 0.01; done; exit 4`;
      const program = await runtime.start(
        { session_id, file: '/bin/bash', args: ['-c', script], cwd: '/', env: env(session_id) },
        { cols: 80, rows: 24 },
      );
      const state = heard(program, session_id);
      for (let cut = 1; cut <= 3; cut++) {
        const seen = state.bytes().length;
        await eventually(() => state.bytes().length > seen + 5_000);
        const before = cuts.count;
        expect(sshd.killConnections()).toBeGreaterThan(0);
        await eventually(() => cuts.count > before);
      }
      await eventually(() => state.exit, 30_000);
      expect(state.exit).toEqual({ code: 4, signal: null });
      expect(state.text()).toBe(Array.from({ length: lines }, (_, n) => `line ${n} of the flood\n`).join(''));
      expect(state.resyncs).toEqual([]);
      await runtime.forget?.(session_id);
    });

    it('by the ssh process here being killed: typing goes on after it, nothing is doubled', { timeout: 60_000 }, async () => {
      const { runtime, machine, cuts } = far!;
      const session_id = newId();
      const program = await runtime.start(
        {
          session_id,
          file: '/bin/bash',
          args: ['-c', 'stty -echo -opost; echo ready; while read -r l; do echo "got $l"; done'],
          cwd: '/',
          env: env(session_id),
        },
        { cols: 80, rows: 24 },
      );
      const state = heard(program, session_id);
      await eventually(() => state.text().includes('ready'));
      let expected = 'ready\n';
      for (let n = 0; n < 3; n++) {
        const before = cuts.count;
        for (const { pid, command } of processesWith('ControlMaster=yes'))
          if (command.includes(far!.sshd.identityFile)) process.kill(pid, 'SIGKILL');
        await eventually(() => cuts.count > before);
        await eventually(() => machine.line.state === 'up' && state.lines.at(-1)?.up !== false);
        await eventually(() => program.write(Buffer.from(`word ${n}\r`)));
        expected += `got word ${n}\n`;
        await eventually(() => state.text().length >= expected.length);
      }
      expect(state.text()).toBe(expected);
      await program.stop();
      await runtime.forget?.(session_id);
    });
  });
});
afterAll(() => far?.close(), 30_000);
