import { EVENT_TYPES } from '@afield/shared/events.ts';
import type { Permission } from '@afield/shared/route.ts';
import { describe, expect, it } from 'vitest';
import { audibleTypes } from './follow-events.ts';
import type { Identity } from './identity.ts';

const heardBy = (scopes: string[], topics = ['*']) =>
  audibleTypes({ kind: 'device', device_id: 'd', device_name: 'd', user: 'owner', scopes, valid: () => true } satisfies Identity, topics);
const nouns = (scopes: (Permission | '*')[]) => [...new Set(heardBy(scopes).map((type) => type.split('.')[0]))].sort();

describe('who may hear of what', () => {
  it('follows what they may read', () => {
    expect(nouns(['sessions:read'])).toEqual(['agent', 'log', 'message', 'plan', 'session', 'tool']);
    expect(nouns(['approvals:read'])).toEqual(['approval']);
    expect(nouns(['usage:read'])).toEqual(['usage']);
    expect(nouns(['approvals:answer', 'sessions:write'])).toEqual([]);
  });

  it('of an owner is all, but what nobody is told of', () => {
    expect(EVENT_TYPES.filter((type) => !heardBy(['*']).includes(type))).toEqual(['probe.result']);
    expect(heardBy(['*'], ['approval.*'])).toEqual(['approval.requested', 'approval.resolved']);
  });
});
