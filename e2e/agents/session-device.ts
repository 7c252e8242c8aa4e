/** A device that is paired through the relay and looks after one session: sees how it is, and answers what it asks. */
import type { Approval } from '@afield/shared/api/approvals.ts';
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { Session, SessionStatus } from '@afield/shared/api/sessions.ts';
import type { SessionUsage } from '@afield/shared/api/usage.ts';
import { approvalBytes } from '@afield/shared/approval-bytes.ts';
import type { AfieldClient } from '@afield/shared/client/client.ts';
import { uuidv7 } from 'uuidv7';
import { pairDevice } from '../device.ts';
import { type House, until } from '../kit.ts';

/** Pairs a device with the house. */
export async function openDevice(house: House, name = 'Test phone'): Promise<AfieldClient> {
  const { link } = await house.json<{ link: string }>('pair', '--no-wait');
  return (await pairDevice(link, name)).connect();
}

export class SessionDevice {
  readonly id = uuidv7();
  readonly client: AfieldClient;

  constructor(client: AfieldClient) {
    this.client = client;
  }

  session(): Promise<Session> {
    return this.client.call('getSession', { params: { id: this.id } });
  }
  usage(): Promise<SessionUsage> {
    return this.client.call('getSessionUsage', { params: { id: this.id } });
  }
  async items(): Promise<ChatItem[]> {
    return (await this.client.call('getMessages', { params: { id: this.id }, query: { limit: 200 } })).items;
  }
  becomes(status: SessionStatus): Promise<unknown> {
    return until(`the session is ${status}`, async () => (await this.session()).status === status);
  }

  /** The approvals that wait, once there are as many. */
  waiting(count: number): Promise<Approval[]> {
    return until(`${count} approvals wait`, async () => {
      const { items } = await this.client.call('listApprovals', { query: { session_id: this.id } });
      return items.length === count && items.every(({ state }) => state === 'pending') ? items : null;
    });
  }
  /** The one approval that waits. */
  async asked(): Promise<Approval> {
    return (await this.waiting(1))[0] as Approval;
  }
  approval({ id }: Approval): Promise<Approval> {
    return this.client.call('getApproval', { params: { id } });
  }
  async gone(approval: Approval): Promise<boolean> {
    return (await this.approval(approval)).state === 'gone';
  }
  /**
   * Bound to the hash of what was shown, as a device works it out; resolves once the agent has it. Errors: those of `answerApproval`.
   */
  async answer(approval: Approval, body: { option_id?: string; answers?: Record<string, string[]>; text?: string }): Promise<Approval> {
    const shown = new TextEncoder().encode(approvalBytes(approval.ask));
    const hash = Buffer.from(await crypto.subtle.digest('SHA-256', shown)).toString('hex');
    await this.client.call('answerApproval', { params: { id: approval.id }, body: { hash, ...body } });
    return until('the agent has the answer', async () => {
      const now = await this.approval(approval);
      return now.state === 'delivered' ? now : null;
    });
  }
}
