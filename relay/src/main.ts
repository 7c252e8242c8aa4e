/** The relay as a program: settings from the environment, one JSON line a log entry, an orderly end on SIGTERM and SIGINT. */
import { createLog } from './log.ts';
import { readSettings, SettingsError, unknownSettings } from './settings.ts';
import { startRelay } from './start.ts';

const HELP = `afield relay: joins phones and home servers, forwards frames that it cannot read.
Everything is set by environment: HOST (127.0.0.1), PORT (4097), RELAY_ROOMS, RELAY_TRUST_PROXY and more;
docs/guides/relay-on-a-vps.md has the table.
  --debug  lets rooms and addresses into the log (the same as RELAY_LOG=debug)
  --help   this`;
/** Within the 2 s that we promise, and well within the 10 s that docker stop grants. */
const LAST_MOMENT_MS = 1800;

async function main(args: readonly string[]): Promise<void> {
  const strange = args.find((arg) => arg !== '--debug' && arg !== '--help');
  if (strange !== undefined) throw new SettingsError(`There is no option ${strange}.\n${HELP}`);
  if (args.includes('--help')) return console.log(HELP);
  const settings = readSettings(args.includes('--debug') ? { ...process.env, RELAY_LOG: 'debug' } : process.env);
  process.stdout.on('error', () => {}); // whoever read the log has gone: that is no reason to drop every pair
  const log = createLog((line) => process.stdout.write(`${line}\n`), settings.log);
  for (const name of unknownSettings(process.env)) log('warn', 'unknown_setting', { name });
  const relay = await startRelay(settings, log);
  const end = (signal: string) => {
    log('info', 'closing', { signal, ...relay.present() });
    setTimeout(() => process.exit(0), LAST_MOMENT_MS).unref();
    relay.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, end);
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exit(error instanceof SettingsError ? 2 : 1);
});
