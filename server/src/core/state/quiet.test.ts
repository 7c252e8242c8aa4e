/** Real programs: why they are quiet, when they are done, and a dialog that is answered by policy. */
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from '@afield/shared/api/sessions.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { eventually } from '@afield/shared/until.ts';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConfiguredAgent } from '../../agents/configured.ts';
import { type House, type HouseOptions, openHouse } from '../../sessions-kit.ts';
import { createTrustPolicy } from './trust.ts';

let house: House;
const open = (options: HouseOptions = {}) => {
  house = openHouse(options);
  return house;
};
afterEach(() => house.close());

const becomes = (id: string, ...status: Session['status'][]) =>
  eventually(() => {
    const session = house.sessions.get(id);
    return status.includes(session.status) && session;
  }, 20_000);
const screen = async (id: string) => (await house.sessions.output(id, 'text', 0)).screen;
const type = (id: string, text: string) => house.sessions.input(id, Buffer.from(text));
type Payload<T extends AfieldEvent['type']> = Extract<AfieldEvent, { type: T }>['payload'];
const heard = <T extends AfieldEvent['type']>(wanted: T): Payload<T>[] =>
  house.heard.filter((event) => event.type === wanted).map((event) => event.payload as Payload<T>);
const logged = (wanted: string) => heard('log').flatMap(({ entry }) => (entry.type === wanted ? [entry] : []));

describe('why a session is quiet', () => {
  it('a shell in a silent loop of its own is busy once its processes were watched, and idle after it', async () => {
    open({ deps: { limits: { probeAfterMs: 1_500 } } });
    const { id } = await house.sessions.create({ agent: 'shell' });
    await becomes(id, 'idle');
    await type(id, 'while :; do :; done\r');
    await becomes(id, 'busy');
    const probes = await eventually(() => {
      const told = heard('probe.result').map(({ probe }) => probe);
      return told.some(({ verdict }) => verdict === 'busy') && told;
    });
    expect(probes.at(-1)).toMatchObject({ verdict: 'busy', reason: 'The shell itself works: a loop of its own.', session_id: id });
    expect(logged('probe').at(-1)).toMatchObject({ text: 'The shell itself works: a loop of its own.', detail: { verdict: 'busy' } });
    await type(id, '\x03');
    await becomes(id, 'idle');
  }, 30_000);

  it('tells on demand what runs, and that nothing does', async () => {
    open({ deps: { limits: { probeAfterMs: 0 } } });
    const { id } = await house.sessions.create({ agent: 'shell' });
    await becomes(id, 'idle');
    const [one, other] = await Promise.all([house.sessions.probe(id), house.sessions.probe(id)]);
    expect(one).toBe(other);
    expect(one).toMatchObject({ verdict: 'done', reason: 'The shell waits for a command.', facts: { processes: 1, top: [] } });
    expect(heard('probe.result')).toHaveLength(1);
    const second = await house.sessions.create({ agent: 'shell' });
    await becomes(second.id, 'idle');
    await type(second.id, 'sleep 300\r');
    await becomes(second.id, 'busy');
    expect(await house.sessions.probe(second.id)).toMatchObject({
      verdict: 'unknown',
      reason: 'A command (sleep 300) runs, but did nothing while it was watched: it waits for time, for the network or for keys.',
      facts: { processes: 2, top: [{ command: 'sleep 300' }] },
    });
    await house.sessions.stop(second.id, 'Pixel');
    await expect(house.sessions.probe(second.id)).rejects.toMatchObject({ code: 'session_ended' });
  }, 30_000);
});

/** Says what it is in its title; each line it is given is a turn that may start programs in the background. */
const AGENT: ConfiguredAgent = {
  command: [
    '/bin/bash',
    '-c',
    'idle() { printf "\\e]0;rests\\a> "; }; idle; while read -r line; do printf "\\e]0;works\\a"; eval "$line"; idle; done',
  ],
  states: [
    { status: 'busy', title: '^works' },
    { status: 'idle', title: '^rests' },
  ],
};

describe('users 4: a turn of a real program is done', () => {
  it('when nothing that it started works; what still runs is counted, a helper of before is not', async () => {
    open({ agents: { worker: AGENT }, deps: { limits: { probeAfterMs: 0 } } });
    const { id } = await house.sessions.create({ agent: 'worker' });
    await becomes(id, 'idle');
    expect(heard('agent.idle')).toEqual([]);
    await type(id, 'sleep 300 & sleep 1\r');
    await becomes(id, 'busy');
    await becomes(id, 'idle');
    const [first] = await eventually(() => heard('agent.idle').length > 0 && heard('agent.idle'), 30_000);
    expect(first).toMatchObject({ background: 1, session: { id, status: 'idle' } });
    // What still runs was started by the turn before; what works holds back the next one.
    await type(id, '{ end=$((SECONDS + 5)); while ((SECONDS < end)); do :; done; echo bu""rnt; } & sleep 1\r');
    await becomes(id, 'busy');
    await becomes(id, 'idle');
    const told = await eventually(() => heard('agent.idle').length > 1 && heard('agent.idle'), 40_000);
    expect(await screen(id)).toContain('burnt');
    expect(told).toHaveLength(2);
    expect(told[1]).toMatchObject({ background: 0 });
  }, 90_000);
});

/** Draws the dialog of Claude Code about trust, and reacts to its keys. Later, at the key `d`, the same again: hostile output. */
const ASKS = String.raw`
yes=' ' no='❯'
draw() {
  printf '\e]0;\a\e[H\e[2J%s\r\n Accessing workspace:\r\n\r\n %s\r\n\r\n' "$(printf '─%.0s' $(seq 80))" "$PWD"
  printf ' Quick safety check: Is this a project you created or one you trust? (Like your\r\n own code, a well-known open source project, or work from your team). If not,\r\n'
  printf " take a moment to review what's in this folder first.\r\n\r\n Claude Code'll be able to read, edit, and execute files here.\r\n\r\n Security guide\r\n\r\n"
  printf ' %s No, exit\r\n %s Yes, I trust this folder\r\n\r\n Enter to confirm · Esc to cancel' "$no" "$yes"
}
stty raw -echo
draw
while IFS= read -rsn1 key; do
  case $key in
    B) yes='❯' no=' '; draw;;
    '') [ "$yes" = '❯' ] || exit 7; printf '\e[H\e[2J\e]0;✳ Claude Code\aready';;
    d) yes=' ' no='❯'; draw;;
  esac
done`;

describe('a dialog about trust', () => {
  const claude = { claude: { command: ['/bin/bash', '-c', ASKS] } };

  it('is answered where the policy covers the real directory, and never again', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'afield-')));
    open({ folder, agents: claude, deps: { trust: createTrustPolicy([folder], '/nowhere') } });
    const { id } = await house.sessions.create({ agent: 'claude' });
    await becomes(id, 'idle');
    expect(await screen(id)).toContain('ready');
    expect(logged('approval').map(({ text, detail }) => [text, detail?.policy])).toEqual([
      [`It asked whether it may work in ${folder}. Answered with yes: "${folder}" in the setting trust covers it.`, folder],
    ]);
    await type(id, 'd');
    await becomes(id, 'waiting');
    // Longer than an answer would take.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await screen(id)).toContain('❯ No, exit');
    expect(logged('approval')).toHaveLength(1);
  }, 30_000);

  it('waits for its person without a policy, and where it covers another directory', async () => {
    open({ agents: claude, deps: { trust: createTrustPolicy(['/srv/x', `${tmpdir()}/afield`], '/nowhere') } });
    const { id } = await house.sessions.create({ agent: 'claude' });
    expect(await becomes(id, 'waiting')).toMatchObject({ status_reason: 'It asks whether it may work in this directory.' });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await screen(id)).toContain('❯ No, exit');
    expect(logged('approval')).toEqual([]);
  }, 30_000);
});
