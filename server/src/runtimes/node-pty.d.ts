/** The package is installed under another name than the one its own types declare; and only what we use is declared here. */
declare module 'node-pty' {
  export interface Terminal {
    readonly pid: number;
    /** Buffers, since `encoding` is null. */
    onData(listener: (bytes: Buffer) => void): void;
    /** After the socket was closed. `signal` 0: it exited by itself. */
    onExit(listener: (exit: { exitCode: number; signal?: number }) => void): void;
    resize(cols: number, rows: number): void;
    pause(): void;
    resume(): void;
  }
  export function spawn(
    file: string,
    args: string[],
    options: { name: string; cols: number; rows: number; cwd: string; env: Record<string, string>; encoding: null },
  ): Terminal;
}
