/** A terminal session that a person uses at the desk, through the command line, while a device looks at its chat and answers what it asks. */
import path from 'node:path';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { type Desk, openDesk } from '../desk.ts';
import { againUntil, type House, until } from '../kit.ts';
import { programsWith, type RunningProgram } from './programs.ts';
import { openDevice, SessionDevice } from './session-device.ts';

const AFIELD = path.resolve(import.meta.dirname, '../../server/bin/afield.mjs');

export class TwoFaces extends SessionDevice {
  readonly #house: House;
  #desk: Desk | null = null;

  private constructor(house: House, phone: AfieldClient) {
    super(phone);
    this.#house = house;
  }

  /** Starts the agent in a terminal; resolves once the desk shows that it is ready. */
  static async start(house: House, agent: string, cwd: string, ready: RegExp): Promise<TwoFaces> {
    const faces = new TwoFaces(house, await openDevice(house));
    await faces.client.call('createSession', { body: { id: faces.id, agent, cwd, face: 'terminal' } });
    await faces.attach();
    await faces.shows(ready);
    return faces;
  }

  /** Another session, which begins with all that this one knew; the desk turns to it. */
  async fork(): Promise<TwoFaces> {
    const faces = new TwoFaces(this.#house, await openDevice(this.#house));
    await faces.client.call('forkSession', { params: { id: this.id }, body: { id: faces.id } });
    await faces.attach();
    return faces;
  }

  async close(): Promise<void> {
    await this.#desk?.close();
    this.client.close();
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
    return this.#watch(`the desk shows ${what}`, (screen) => what.test(screen));
  }
  showsText(what: string): Promise<unknown> {
    return this.#watch(`the desk shows ${what}`, (screen) => screen.includes(what));
  }
  hides(what: RegExp): Promise<unknown> {
    return this.#watch(`the desk shows ${what} no more`, (screen) => !what.test(screen));
  }
  /** What never comes is told with what the desk shows instead. */
  #watch(words: string, holds: (screen: string) => boolean): Promise<unknown> {
    return until(words, async () => {
      const screen = await this.screen();
      if (!holds(screen)) throw new Error(`The desk shows:\n${screen}`);
      return true;
    });
  }
  /** Types a prompt; resolves when the agent has it. */
  async type(prompt: string): Promise<void> {
    const told = async () => (await this.said()).filter((line) => line === `user: ${prompt}`).length;
    const before = await told();
    await this.typeUntil(prompt, async () => (await this.session()).status !== 'idle' || (await told()) > before);
  }
  /** Types a line as a person does, who sees it before they press Enter, and presses again what does not count. */
  async typeUntil(line: string, done: () => Promise<boolean>): Promise<void> {
    // An earlier one may be scrolled away meanwhile, but it never comes closer to the end.
    const fromEnd = async () => (await this.screen()).split(line).at(-1)?.split('\n').length ?? 0;
    const before = await fromEnd();
    await this.#desk?.type(line);
    // Keys that come at once count as pasted, and an Enter that comes too soon after them is a new line.
    await until(`the desk shows ${line} once more`, async () => (await fromEnd()) < before);
    await this.pressUntil('Enter', done);
  }
  pressUntil(key: string, done: () => Promise<boolean>): Promise<void> {
    return againUntil(`${key} counts`, async () => this.#desk?.press(key), done);
  }

  /** Messages of the chat, a line each: who said what. */
  async said(): Promise<string[]> {
    return (await this.items()).flatMap((item) => (item.kind === 'message' ? [`${item.role}: ${item.text}`] : []));
  }
  hears(line: string): Promise<unknown> {
    return until(`the chat holds ${line}`, async () => (await this.said()).includes(line));
  }

  async stop(): Promise<void> {
    await this.#house.cli('stop', this.id);
    await until('its session is over', async () => (await this.session()).ended_at !== null);
  }

  /** What runs for the session. */
  programs(): Promise<RunningProgram[]> {
    return programsWith(`AFIELD_SESSION=${this.id}`);
  }
}
