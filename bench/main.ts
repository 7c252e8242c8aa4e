/** `npm run bench [-- relay terminal start] [--quick]`: measures, prints a table, keeps the JSON in `bench/results/`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { benchApi } from './api.ts';
import { benchChat } from './chat.ts';
import { benchHistory } from './history.ts';
import { benchRelay } from './relay.ts';
import type { BenchResult } from './result.ts';
import { benchStart } from './start.ts';
import { benchSurvivors } from './survivors.ts';
import { benchTerminal } from './terminal.ts';

const BENCHES: Record<string, (options: { quick: boolean }) => Promise<BenchResult[]>> = {
  start: benchStart,
  api: benchApi,
  survivors: benchSurvivors,
  terminal: benchTerminal,
  chat: benchChat,
  relay: benchRelay,
  history: benchHistory,
};

const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean', default: false } }, allowPositionals: true });
const unknown = positionals.find((name) => !(name in BENCHES));
if (unknown !== undefined) {
  console.error(`There is no bench called ${unknown}. Benches: ${Object.keys(BENCHES).join(', ')}.`);
  process.exit(2);
}

const results: BenchResult[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.log(`measuring ${name} …`);
  results.push(...(await bench({ quick: values.quick })));
}

const round = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));
const table = results.map(({ name, value, unit, target, pass, peer }) => [
  name,
  `${round(value)} ${unit}`.trim(),
  target,
  { true: 'met', false: 'MISSED', null: '–' }[String(pass)] ?? '',
  peer ?? '',
]);
const head = ['figure', 'measured', 'target', '', 'peer in this run'];
const widths = head.map((title, column) => Math.max(title.length, ...table.map((row) => (row[column] ?? '').length)));
const line = (row: string[]) =>
  row
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join('  ')
    .trimEnd();
console.log(`\n${[line(head), line(widths.map((width) => '─'.repeat(width))), ...table.map(line)].join('\n')}\n`);
for (const { name, detail } of results) if (detail) console.log(`${name}: ${detail}`);

const folder = path.join(import.meta.dirname, 'results');
mkdirSync(folder, { recursive: true });
const file = path.join(folder, `${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.json`);
const machine = { node: process.version, platform: process.platform, kernel: release(), cpu: cpus()[0]?.model, cores: cpus().length };
writeFileSync(file, JSON.stringify({ at: new Date().toISOString(), quick: values.quick, machine, results }, null, 2));
console.log(`\n${path.relative(process.cwd(), file)}`);
