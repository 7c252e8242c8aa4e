/** This very machine, as runtimes see it: programs without a terminal, and files that grow. */
import type { ChildProcess, ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { AfieldError } from '@afield/shared/errors.ts';
import type { Host, HostProcess, HostResult } from '../core/machine-ports.ts';
import { followFile } from './follow-file.ts';
import { launch, scarcity, signalGroup } from './launch.ts';

const RUN_MS = 10_000;
const RUN_BYTES = 1024 * 1024;
/** What waits for a program that does not read; more is dropped, unless nothing else waits. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
/** The end of what a program said on stderr. */
const DETAIL_CHARACTERS = 500;
/** What a program left running may hold its pipes open: when it has ended and nothing came for so long, all of its output was read. */
const DRAINED_MS = 200;
/** As a shell answers for a program that it does not find. */
const NOT_FOUND = 127;

export interface LocalHostOptions {
  /** Folder of ours, absolute; made when missing. */
  folder: string;
  /** Environment of everything that is run. */
  env: Readonly<Record<string, string>>;
}

export function createLocalHost({ folder, env }: LocalHostOptions): Host {
  const started = ([file = '', ...args]: readonly string[], more: Record<string, string> | undefined) =>
    launch(file, args, { ...env, ...more });

  return {
    name: 'local',
    local: true,
    async folder() {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        if (((await stat(folder)).mode & 0o077) !== 0) await chmod(folder, 0o700);
      } catch (cause) {
        throw new AfieldError('machine_unreachable', `${folder} cannot be used: ${(cause as Error).message}`, { cause });
      }
      return folder;
    },
    run(argv, { input, env: more, timeoutMs = RUN_MS, maxBytes = RUN_BYTES } = {}) {
      return new Promise<HostResult>((resolve, reject) => {
        const child = started(argv, more);
        const out: Buffer[] = [];
        let stderr = '';
        let size = 0;
        const timer = setTimeout(() => endGroup(child), timeoutMs);
        const finish = (code: number | null) => {
          clearTimeout(timer);
          resolve({ code, stdout: Buffer.concat(out), stderr });
        };
        child.stdout.on('data', (bytes: Buffer) => {
          size += bytes.length;
          if (size > maxBytes) endGroup(child);
          else out.push(bytes);
        });
        child.stderr.on('data', (bytes: Buffer) => {
          stderr = (stderr + bytes.toString()).slice(-DETAIL_CHARACTERS);
        });
        child.on('error', (error) => {
          const scarce = scarcity(argv[0] ?? '', error);
          if (scarce !== null) reject(scarce);
          stderr = error.message;
          finish(NOT_FOUND);
        });
        child.on('close', (code) => finish(size > maxBytes ? null : code));
        ignoreFaults(child);
        child.stdin.end(input);
      });
    },
    open: async (argv, { env: more } = {}) => hostProcess(started(argv, more)),
    follow: followFile,
    up: async () => {},
  };
}

function hostProcess(child: ChildProcessWithoutNullStreams): HostProcess {
  const { stdin, stdout, stderr } = child;
  let detail = '';
  let closed = false;
  let held = false;
  let heardAt = 0;
  const opened: HostProcess = {
    pid: child.pid ?? null,
    onOutput: () => {},
    onClose: () => {},
    write(bytes) {
      if (closed || stdin.destroyed || (stdin.writableLength > 0 && stdin.writableLength + bytes.length > MAX_QUEUED_BYTES)) return false;
      stdin.write(bytes);
      return true;
    },
    end: () => stdin.end(),
    kill: () => endGroup(child),
    pause() {
      held = true;
      stdout.pause();
    },
    resume() {
      held = false;
      stdout.resume();
    },
  };
  const close = (code: number | null) => {
    if (closed) return;
    closed = true;
    opened.onClose({ code, detail: detail.trim() });
  };
  const leave = (code: number | null) => {
    if (closed) return;
    if (held || performance.now() - heardAt < DRAINED_MS) return void setTimeout(leave, DRAINED_MS, code);
    stdout.destroy();
    stderr.destroy();
    close(code);
  };
  stdout.on('data', (bytes: Buffer) => {
    heardAt = performance.now();
    opened.onOutput(bytes);
  });
  stderr.on('data', (bytes: Buffer) => {
    detail = (detail + bytes.toString()).slice(-DETAIL_CHARACTERS);
  });
  child.on('error', (error) => {
    detail = error.message;
    close(NOT_FOUND);
  });
  child.on('close', close);
  child.on('exit', (code) => setTimeout(leave, DRAINED_MS, code));
  ignoreFaults(child);
  return opened;
}

/** Writing to a program that is gone: its end is heard otherwise. */
function ignoreFaults(child: ChildProcess): void {
  for (const stream of child.stdio) stream?.on('error', () => {});
}

function endGroup({ pid }: ChildProcess): void {
  signalGroup(pid, 'SIGKILL');
}
