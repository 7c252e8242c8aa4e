import type { Check } from '@afield/shared/api/system.ts';
import type { Command } from 'commander';
import type { CommandModule, Context } from './context.ts';
import { EXIT, Exit, UnreachableError } from './exit.ts';
import { type Io, say, sayJson, styleOf } from './io.ts';
import { printable } from './print/printable.ts';
import type { Role } from './print/style.ts';
import { pad } from './print/width.ts';

export const examples: CommandModule['examples'] = [['afield doctor', 'exit code 1 when there is a fault']];

const LEVELS: Readonly<Record<Check['level'], { shape: string; role: Role }>> = {
  ok: { shape: '● ok', role: 'done' },
  hint: { shape: '○ hint', role: 'quiet' },
  warning: { shape: '▲ warning', role: 'signal' },
  fault: { shape: '■ fault', role: 'fail' },
};

/** What can be said without a server. */
function unreachable(error: UnreachableError): Check {
  return { name: 'home server', ok: false, level: 'fault', detail: error.message, fix: 'afield serve' };
}

async function checks({ home: open, io }: Context): Promise<Check[]> {
  const home = await open();
  const warnings = home.config.warnings.map(
    (detail): Check => ({ name: 'settings', ok: false, level: 'warning', detail, fix: 'afield config shows which settings there are' }),
  );
  try {
    return [...(await home.ask('Checking this machine', 'getDoctor')).checks, ...(io && !home.elsewhere ? warnings : [])];
  } catch (error) {
    if (error instanceof UnreachableError) return [unreachable(error), ...warnings];
    throw error;
  }
}

function print(io: Io, all: readonly Check[]): void {
  const style = styleOf(io);
  const width = Math.max(...Object.values(LEVELS).map(({ shape }) => shape.length));
  for (const check of all) {
    const { shape, role } = LEVELS[check.level];
    say(io, `${style(role, pad(shape, width))}  ${printable(check.name)}: ${printable(check.detail)}`);
    if (check.fix !== null && !check.ok) say(io, `${' '.repeat(width)}  → ${printable(check.fix)}`);
  }
}

export function define(command: Command, context: Context): void {
  const { io } = context;
  command.option('--json', 'machine readable').action(async (options: { json?: true }) => {
    const all = await checks(context);
    const faults = all.filter((check) => check.level === 'fault').length;
    const warnings = all.filter((check) => check.level === 'warning').length;
    if (options.json) sayJson(io, { checks: all });
    else {
      print(io, all);
      const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
      say(io, '', faults + warnings === 0 ? 'All is well.' : `${count(faults, 'fault')}, ${count(warnings, 'warning')}.`);
    }
    if (faults > 0) throw new Exit(EXIT.failed);
  });
}
