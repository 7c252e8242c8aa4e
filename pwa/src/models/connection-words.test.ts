import { describe, expect, it } from 'vitest';
import { down, ONLINE } from '../../test/scripted-link.ts';
import { faultFor, pillFor, reconnectedText } from './connection-words.ts';

describe('the pill', () => {
  it.each([
    [{ link: ONLINE, online: true }, 'ok', 'Home · relay 41 ms'],
    [{ link: { state: 'online', rtt_ms: 0.2, via: 'relay' }, online: true }, 'ok', 'Home · relay 1 ms'],
    [{ link: { state: 'online', rtt_ms: null, via: 'relay' }, online: true }, 'ok', 'Home · relay'],
    [{ link: { state: 'online', rtt_ms: 1, via: 'local' }, online: true }, 'ok', 'Home · local network'],
    [{ link: { state: 'catching_up', events: 1214 }, online: true }, 'catching-up', 'Catching up · 1,214 events'],
    [{ link: { state: 'catching_up', events: 1 }, online: true }, 'catching-up', 'Catching up · 1 event'],
    [{ link: down('relay_down'), online: true }, 'relay-down', 'Relay down'],
    [{ link: down('home_offline'), online: true }, 'offline', 'Home offline'],
    [{ link: down('broken'), online: true }, 'catching-up', 'Reconnecting'],
    [{ link: down('offline'), online: true }, 'offline', 'Offline'],
    [{ link: { state: 'connecting' }, online: true }, 'catching-up', 'Connecting'],
    [{ link: { state: 'refused', detail: '' }, online: true }, 'offline', 'Not paired'],
  ] as const)('%j', (view, state, text) => {
    expect(pillFor(view)).toEqual({ state, text });
  });

  it('a device without a network does not blame the relay', () => {
    expect(pillFor({ link: down('relay_down'), online: false }).text).toBe('Offline');
    expect(faultFor({ link: down('relay_down'), online: false })?.title).toBe('This device has no connection.');
  });
});

describe('the fault', () => {
  it('says who does not answer', () => {
    expect(faultFor({ link: down('relay_down'), online: true })?.title).toBe('The relay does not answer.');
    expect(faultFor({ link: down('home_offline'), online: true })?.title).toBe('Home does not answer.');
    expect(faultFor({ link: { state: 'refused', detail: '' }, online: true })?.text).toContain('Pair');
  });
  it('does not look for a fault when home said that it ends', () => {
    const left = { ...down('home_offline'), goodbye: true } as const;
    expect(faultFor({ link: left, online: true })?.title).toBe('The home server was stopped, or is being upgraded.');
    expect(faultFor({ link: left, online: false })?.title).toBe('This device has no connection.');
    expect(faultFor({ link: { ...left, cause: 'relay_down' }, online: true })?.title).toBe('The relay does not answer.');
  });
  it('is silent while there is none', () => {
    expect(faultFor({ link: ONLINE, online: true })).toBeNull();
    expect(faultFor({ link: { state: 'connecting' }, online: true })).toBeNull();
  });
});

describe('after a reconnection', () => {
  it('says what happened', () => {
    const back = { away: '12 s', restarted: false, text: '', lost: 0 };
    expect(reconnectedText({ ...back, cause: 'relay_down' })).toBe('The relay was away for 12 s; your agents went on.');
    expect(reconnectedText({ ...back, cause: 'home_offline', text: 'Meanwhile 1 finished.' })).toBe(
      'Home was away for 12 s. Meanwhile 1 finished.',
    );
  });

  it('a home server that was started again lost nothing, unless it did', () => {
    const back = { cause: 'home_offline', away: '12 s', restarted: true, text: '', lost: 0 } as const;
    expect(reconnectedText(back)).toBe('The home server was away for 12 s; nothing was lost.');
    expect(reconnectedText({ ...back, text: 'Meanwhile 1 was lost.', lost: 1 })).toBe(
      'The home server was away for 12 s. Meanwhile 1 was lost.',
    );
    expect(reconnectedText({ ...back, cause: 'asleep' })).toBe('This app slept for 12 s; your agents went on.');
  });
});
