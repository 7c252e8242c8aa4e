/** The real Codex, from npm, as a chat through its ACP adapter, which brings its own. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { acpChatTests } from './acp-chat.ts';
import { fetchedProgram } from './agent-bins.ts';

acpChatTests({
  title: 'codex-acp 2.6.0',
  version: '2.6.0',
  agent: 'codex',
  runtime: 'acp',
  config: ({ folder }) => ({ env: { HOME: folder, SCRIPTED_KEY: 'dummy-key-for-tests' } }),
  env: { PATH: `${path.dirname(fetchedProgram('codex-acp', 'codex-acp'))}${path.delimiter}${process.env.PATH}` },
  async prepare({ folder, repo, model }) {
    const settings = [
      'model = "gpt-5.5"',
      'model_provider = "scripted"',
      'approval_policy = "on-request"',
      'sandbox_mode = "read-only"',
      'check_for_update_on_startup = false',
      'model_context_window = 200000',
      '[model_providers.scripted]',
      'name = "Scripted"',
      `base_url = "${model.url}/v1"`,
      'env_key = "SCRIPTED_KEY"',
      'wire_api = "responses"',
      'request_max_retries = 1',
      'stream_max_retries = 1',
      `[projects."${repo}"]`,
      'trust_level = "trusted"',
      '[analytics]',
      'enabled = false',
    ];
    await mkdir(path.join(folder, '.codex'));
    await writeFile(path.join(folder, '.codex', 'config.toml'), `${settings.join('\n')}\n`);
  },
  greeting: { input_tokens: 1200, output_tokens: 40, cost: false },
  stopsWhenDenied: true,
  refused: /[Aa]uthentication required/,
});
