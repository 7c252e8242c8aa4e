import { IDBFactory } from 'fake-indexeddb';
import { expect, it } from 'vitest';
import { openPushRecord } from './push-record.ts';

it('carries what the service worker saw over to the page', async () => {
  const factory = new IDBFactory();
  const worker = openPushRecord(factory);
  const page = openPushRecord(factory);
  expect(await page.readArrival()).toBeNull();
  await worker.writeArrival({ seq: 7, kind: 'test', at: 1 });
  expect(await page.readArrival()).toEqual({ seq: 7, kind: 'test', at: 1 });
});

it('forgets an arrival, but not one that came meanwhile', async () => {
  const record = openPushRecord(new IDBFactory());
  await record.writeArrival({ seq: 8, kind: 'test', at: 2 });
  await record.clearArrival(1);
  expect((await record.readArrival())?.seq).toBe(8);
  await record.clearArrival(2);
  expect(await record.readArrival()).toBeNull();
});

it('reads nothing from what an older version wrote', async () => {
  const record = openPushRecord(new IDBFactory());
  await record.writeArrival({ seq: 'seven' } as never);
  expect(await record.readArrival()).toBeNull();
});
