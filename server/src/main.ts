/** Entry of the one program `afield`. Nothing but this file is loaded before the version of Node is known to be good enough. */
import type { RunningServer } from './cli/context.ts';
import type { SettingName } from './config.ts';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** The server's half, with its native parts, is loaded only by the commands that need it. */
async function startServer(flags: Partial<Record<SettingName, unknown>>): Promise<RunningServer> {
  const [{ loadConfig }, { createApp }] = await Promise.all([import('./config.ts'), import('./app.ts')]);
  const app = await createApp(await loadConfig({ flags }));
  try {
    const { url } = await app.listen();
    return { url, close: () => app.close() };
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Lets Node keep what it compiled, in a folder of ours: commands and the server start some 40 ms of work sooner. */
async function keepCompiled(): Promise<void> {
  const [{ enableCompileCache }, { mkdirSync }, { homedir }, path] = await Promise.all([
    import('node:module'),
    import('node:fs'),
    import('node:os'),
    import('node:path'),
  ]);
  const { AFIELD_HOME, XDG_CACHE_HOME } = process.env;
  // Read here and not in config.ts, which is one of the files to be kept.
  const folder = AFIELD_HOME ? path.resolve(AFIELD_HOME, 'cache') : path.join(XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'afield');
  try {
    // Node would make it, and AFIELD_HOME with it, readable by everybody.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    return; // a folder that cannot be written: then without
  }
  enableCompileCache(folder);
}

if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `Afield needs Node 22.12 or newer; this is ${process.versions.node}. Install a newer one from https://nodejs.org, then try again.`,
  );
  process.exitCode = 1;
} else {
  await keepCompiled();
  const [{ runCli }, { VERSION }] = await Promise.all([import('./cli/index.ts'), import('./version.ts')]);
  process.exitCode = await runCli(process.argv.slice(2), { version: VERSION, startServer });
}
