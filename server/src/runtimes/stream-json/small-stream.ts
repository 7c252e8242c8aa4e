/** For tests: a program with a JSON mode of one prompt. Reads all of its input, then prints the recording that it names. */
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

const args = process.argv.slice(2);
const input = await text(process.stdin);
const [, name = ''] = /SCENARIO:([\w-]+)/.exec(input) ?? [];
const put = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
const recording = new URL(`./fixtures/${name}.jsonl`, import.meta.url);

if (existsSync(recording)) process.stdout.write(readFileSync(recording));
else if (name === 'args') {
  put({ type: 'init', session_id: 'gemini-1', model: 'm' });
  put({ type: 'message', role: 'assistant', content: JSON.stringify({ args, input }) });
  put({ type: 'result', status: 'success', stats: {} });
} else if (name === 'slow') {
  put({ type: 'init', session_id: 'gemini-1', model: 'm' });
  put({ type: 'tool_use', tool_name: 'run_shell_command', tool_id: 't', parameters: { command: 'sleep 100' } });
  for (let i = 1; i < 1_000; i += 1) {
    put({ type: 'message', role: 'assistant', content: `word${i} `, delta: true });
    await pause(20);
  }
} else if (name === 'half') {
  put({ type: 'init', session_id: 'gemini-1', model: 'm' });
  process.stdout.write('{"type":"message","role":"assi');
  process.stderr.write('out of memory\n');
  process.exitCode = 7;
} else if (name === 'noise') {
  process.stdout.write(
    'a line that is no JSON\n[1]\n{"type":7}\n{"type":"message","role":"assistant","content":{}}\n{"type":"tool_result"}\n',
  );
  put({ type: 'result', status: 'success', stats: 'none' });
} else {
  process.stderr.write('no such scenario\n');
  process.exitCode = 2;
}
