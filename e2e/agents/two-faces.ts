/**
 * A terminal session that a person uses at the desk, through the command line, while a device that is paired through the relay looks at
 * its chat and answers what it asks.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Approval } from '@afield/shared/api/approvals.ts';
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { Session } from '@afield/shared/api/sessions.ts';
import { approvalBytes } from '@afield/shared/approval-bytes.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { uuidv7 } from 'uuidv7';
import { type Desk, openDesk } from '../desk.ts';
import { type House, until } from '../kit.ts';
import { openChatDevice } from './chat-device.ts';

const PATIENCE_MS = 60_000;
const AFIELD = path.resolve(import.meta.dirname, '../../server/bin/afield.mjs');

export class TwoFaces {
  readonly id = uuidv7();
  readonly #house: House;
  readonly #phone: AfieldClient;
  #desk: Desk | null = null;

  private constructor(house: House, phone: AfieldClient) {
    this.#house = house;
    this.#phone = phone;
  }

  /** Starts the agent in a terminal; resolves once the desk shows that it is ready. */
  static async start(house: House, agent: string, cwd: string, ready: RegExp): Promise<TwoFaces> {
    const faces = new TwoFaces(house, await openChatDevice(house));
    await faces.#phone.call('createSession', { body: { id: faces.id, agent, cwd, face: 'terminal' } });
    await faces.attach();
    await faces.shows(ready);
    return faces;
  }

  async close(): Promise<void> {
    await this.#desk?.close();
    this.#phone.close();
  }

  /** Sits down at the desk, again after the home server was gone. */
  async attach(): Promise<void> {
    await this.#desk?.close();
    this.#desk = await openDesk([process.execPath, AFIELD, 'attach', this.id], this.#house.env);
  }

  async screen(): Promise<string> {
    return (await this.#desk?.screen()) ?? '';
  }
  shows(what: RegExp): Promise<unknown> {
    return until(`the desk shows ${what}`, async () => what.test(await this.screen()), PATIENCE_MS);
  }
  hides(what: RegExp): Promise<unknown> {
    return until(`the desk shows ${what} no more`, async () => !what.test(await this.screen()), PATIENCE_MS);
  }
  /** Types a line as a person does, who sees it before they press Enter. */
  async type(line: string): Promise<void> {
    const times = async () => (await this.screen()).split(line).length;
    const before = await times();
    await this.#desk?.type(line);
    // Keys that come at once count as pasted until they are shown, and Enter would be one of them.
    await until(`the desk shows ${line} once more`, async () => (await times()) > before, PATIENCE_MS);
    await this.#desk?.press('Enter');
  }
  /** A dialog that has only just come takes no key: pressed until it counts. */
  async pressUntil(key: string, done: () => Promise<boolean>): Promise<void> {
    await until(
      `${key} counts`,
      async () => {
        await this.#desk?.press(key);
        await until('it counts', done, 1_500);
        return true;
      },
      PATIENCE_MS,
    );
  }

  session(): Promise<Session> {
    return this.#phone.call('getSession', { params: { id: this.id } });
  }
  becomes(status: Session['status']): Promise<unknown> {
    return until(`the session is ${status}`, async () => (await this.session()).status === status, PATIENCE_MS);
  }
  async items(): Promise<ChatItem[]> {
    return (await this.#phone.call('getMessages', { params: { id: this.id }, query: { limit: 200 } })).items;
  }
  /** Messages of the chat, a line each: who said what. */
  async said(): Promise<string[]> {
    return (await this.items()).flatMap((item) => (item.kind === 'message' ? [`${item.role}: ${item.text}`] : []));
  }
  /** The chat holds this line as its last message of somebody. */
  hears(line: string): Promise<unknown> {
    return until(`the chat holds ${line}`, async () => (await this.said()).includes(line), PATIENCE_MS);
  }
  usage() {
    return this.#phone.call('getSessionUsage', { params: { id: this.id } });
  }

  /** The approvals that wait, once there are as many. */
  asked(count = 1): Promise<Approval[]> {
    return until(
      `${count} approvals wait`,
      async () => {
        const { items } = await this.#phone.call('listApprovals', { query: { session_id: this.id } });
        return items.length === count && items.every(({ state }) => state === 'pending') ? items : null;
      },
      PATIENCE_MS,
    );
  }
  approval(id: string): Promise<Approval> {
    return this.#phone.call('getApproval', { params: { id } });
  }
  async gone(id: string): Promise<boolean> {
    return (await this.approval(id)).state === 'gone';
  }
  /** Bound to what was shown, as a device does. Errors: those of `answerApproval`. */
  async answer(approval: Approval, body: { option_id?: string; answers?: Record<string, string[]>; text?: string }): Promise<void> {
    const shown = new TextEncoder().encode(approvalBytes(approval.ask));
    const hash = Buffer.from(await crypto.subtle.digest('SHA-256', shown)).toString('hex');
    await this.#phone.call('answerApproval', { params: { id: approval.id }, body: { hash, ...body } });
  }
  delivered({ id }: Approval): Promise<unknown> {
    return until('the agent has the answer', async () => (await this.approval(id)).state === 'delivered');
  }
  async stop(): Promise<void> {
    await this.#house.cli('stop', this.id);
    await until('its session is over', async () => (await this.session()).ended_at !== null, PATIENCE_MS);
  }

  /** Arguments of everything that runs for the session, a program each. */
  async programs(): Promise<string[]> {
    return (await processes()).flatMap(({ env, args }) => (env.includes(`AFIELD_SESSION=${this.id}`) ? [args] : []));
  }
}

/** Everything that runs on this machine, as far as it can be read. */
export async function processes(): Promise<{ env: string; args: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = (pid: string, file: string) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
  const all = await Promise.all(
    pids.map(async (pid) => ({ env: await read(pid, 'environ'), args: (await read(pid, 'cmdline')).replaceAll('\0', ' ') })),
  );
  return all.filter(({ args }) => args !== '');
}

/** A file that is there with this text. */
export const holds = (file: string, words: string) =>
  until(`${path.basename(file)} is written`, async () => existsSync(file) && (await readFile(file, 'utf8')) === words);

/** Where a house keeps what the companion of a session needs. */
export async function companionFolder(house: House, session: string): Promise<string> {
  const all = await readdir(house.home, { recursive: true });
  const found = all.find((name) => name.endsWith(path.join(session, 'companion')));
  if (found === undefined) throw new Error('Nothing is kept for its companion.');
  return path.join(house.home, found);
}
