/** One served link over a pipe in memory, with a core that only notes what it is asked. */
import { randomUUID } from 'node:crypto';
import { AfieldError, type Problem } from '@afield/shared/errors.ts';
import type { AfieldEvent } from '@afield/shared/events.ts';
import { decodeFrame, FRAME_SNAPSHOT } from '@afield/shared/link/frames.ts';
import { memoryPipePair } from '@afield/shared/link/memory-pair.ts';
import type { Action, Requests } from '@afield/shared/link/messages.ts';
import type { PipeEnd } from '@afield/shared/link/pipe.ts';
import { createEventLog } from '../core/event-log.ts';
import type { Identity } from '../core/identity.ts';
import { manualClock } from '../core/manual-clock.ts';
import type { EventStore } from '../core/ports.ts';
import type { PromptStream } from '../core/prompts/prompt-stream.ts';
import type { DispatchRequest, DispatchResponse } from '../core/request.ts';
import type { Attachment, SessionService, ViewerSink } from '../core/service.ts';
import { serveLink } from './serve-link.ts';
import type { LinkConnection } from './served-link.ts';

/** The session that there is, and the device that is connected. */
export const ID = '01890a5d-ac96-774b-bcce-b302099a8057';

/** The event table in memory. */
function memoryEvents(): EventStore {
  let rows: AfieldEvent[] = [];
  let next = 1;
  return {
    append: (event) => {
      rows.push({ ...event, seq: next } as AfieldEvent);
      return next++;
    },
    read: ({ since, limit, session_id, types }) =>
      rows
        .filter(
          (row) =>
            row.seq > since &&
            (session_id === undefined || row.session_id === session_id) &&
            (types === undefined || types.includes(row.type)),
        )
        .slice(0, limit),
    skip: () => next++,
    nextSeq: () => next,
    firstSeq: () => rows[0]?.seq ?? next,
    prune: (keep) => {
      rows = rows.slice(-keep);
    },
    drop: () => {},
    purge: () => 0,
  };
}

interface Told {
  type: string;
  id: string;
  subscription?: string;
  payload: Record<string, unknown> & Partial<Problem>;
}

function build({ scopes = ['*'], token = null as string | null, session_id = null as string | null } = {}) {
  let valid = true;
  const clock = manualClock();
  const store = memoryEvents();
  const events = createEventLog(store, clock);
  const pair = memoryPipePair();
  const identity: Identity = { kind: 'device', device_id: ID, device_name: 'phone', user: 'owner', scopes, valid: () => valid };
  const told: Told[] = [];
  const frames: ReturnType<typeof decodeFrame>[] = [];
  const order: string[] = [];
  let ended: PipeEnd | null = null;
  pair.b.onText = (text) => {
    const message = JSON.parse(text) as Told;
    told.push(message);
    order.push(String(message.payload.kind ?? message.payload.type ?? message.type));
  };
  pair.b.onFrame = (bytes) => {
    const frame = decodeFrame(bytes);
    frames.push({ ...frame, bytes: frame.bytes.slice() });
    order.push(`frame ${frame.kind}`);
  };
  pair.b.onClose = (end) => {
    ended = end;
  };

  const sinks: ViewerSink[] = [];
  const seen = {
    input: [] as string[],
    acks: [] as number[],
    sizes: [] as string[],
    detached: 0,
    leases: [] as string[],
    faults: [] as unknown[],
  };
  const sessions = {
    get: (id: string) => {
      if (id !== ID) throw new AfieldError('session_not_found', 'There is none.');
      return {};
    },
    async attach(_id: string, sink: ViewerSink, { lease, cols, rows }: { lease: string; cols: number; rows: number }): Promise<Attachment> {
      sinks.push(sink);
      seen.leases.push(lease);
      sink.send(FRAME_SNAPSHOT, 7, Buffer.from('screen'));
      return {
        cols,
        rows,
        lease: 'held',
        offset: 7,
        input: (bytes) => seen.input.push(Buffer.from(bytes).toString()),
        resize: (c, r) => seen.sizes.push(`${c}x${r}`),
        ack: (offset) => seen.acks.push(offset),
        detach: () => {
          seen.detached++;
        },
      };
    },
  } as unknown as SessionService;
  const requests: DispatchRequest[] = [];
  const responder = {
    answer: async (_request: DispatchRequest): Promise<Partial<DispatchResponse>> => ({ status: 200, body: { ok: true } }),
    stream: (_prompt_id: string): PromptStream => {
      throw new Error('Nobody said what comes of a prompt.');
    },
  };
  const connections = new Set<LinkConnection>();
  serveLink(
    { pipe: pair.a, door: 'relay', session_id, who: token === null ? identity : (given) => (given === token ? identity : null) },
    {
      clock,
      newId: randomUUID,
      version: '9.9.9',
      sessions,
      prompts: { stream: async ({ prompt }) => responder.stream(prompt.id) },
      events,
      connections: {
        add(connection) {
          connections.add(connection);
          return () => connections.delete(connection);
        },
      },
      take: () => true,
      onFault: (error) => seen.faults.push(error),
      dispatch: async (request) => {
        requests.push(request);
        const answer = await responder.answer(request);
        return { status: 200, headers: { 'content-type': 'application/json' }, body: null, raw: null, operation: null, ...answer };
      },
    },
  );
  let last = 0;
  const ask = <A extends Action>(action: A, fields: Requests[A]) => {
    const id = `r${++last}`;
    pair.b.sendText(JSON.stringify({ type: 'request', id, timestamp: '2026-01-01T00:00:00Z', payload: { action, ...fields } }));
    return id;
  };
  const settled = async () => {
    for (let turn = 0; turn < 5; turn++) {
      await pair.settled();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const answersTo = (id: string) => told.filter((message) => message.id === id).map(({ payload }) => payload);
  const answerTo = (id: string) => told.find((message) => message.id === id)?.payload;
  const publish = () => events.publish('session.deleted', ID, {});
  return {
    pair,
    clock,
    store,
    events,
    told,
    frames,
    order,
    sinks,
    seen,
    requests,
    responder,
    connections,
    ask,
    settled,
    answerTo,
    answersTo,
    publish,
    ended: () => ended,
    revoke: () => {
      valid = false;
    },
  };
}
export type House = ReturnType<typeof build>;
const houses: House[] = [];
export function start(options?: Parameters<typeof build>[0]): House {
  const house = build(options);
  houses.push(house);
  return house;
}
/** For `afterEach`. */
export function endAll(): void {
  for (const house of houses.splice(0)) house.pair.cut();
}
/** Of the events that a subscription was told. */
export const seqs = (house: House, subscription: string) =>
  house.told.filter((m) => m.subscription === subscription).map((m) => (m.payload as unknown as AfieldEvent).seq);
