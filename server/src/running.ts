/** What a running server writes about itself, for commands in other processes: gone again when it ends. */
import { rmSync } from 'node:fs';
import { replaceSecretFile } from './auth/secret-file.ts';
import type { DataFiles, ServerState } from './config.ts';

/** Returns the removal. The database's lock says who may write here; these files only tell. */
export function announce(files: Pick<DataFiles, 'pid' | 'state'>, state: ServerState): () => void {
  replaceSecretFile(files.pid, `${state.pid}\n`);
  replaceSecretFile(files.state, `${JSON.stringify(state)}\n`);
  return () => {
    rmSync(files.state, { force: true });
    rmSync(files.pid, { force: true });
  };
}
