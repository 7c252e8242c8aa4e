import { expect, it } from 'vitest';
import { STEADY_MS, SteadyPress } from './steady-press.ts';

function open() {
  let now = 1_000;
  const press = new SteadyPress(() => now);
  const button = (top: number) => ({ top, getBoundingClientRect: () => ({ top, left: 0 }) });
  return {
    press,
    button,
    wait: (ms: number) => {
      now += ms;
    },
  };
}

it('a press and a release on the same button count', () => {
  const { press, button, wait } = open();
  const allow = button(10);
  wait(STEADY_MS);
  press.down(allow);
  expect(press.click(allow, false)).toBe(true);
});

it('nothing counts in the first 400 ms, not even when it is released later', () => {
  const { press, button, wait } = open();
  const allow = button(10);
  wait(STEADY_MS - 1);
  press.down(allow);
  wait(5_000);
  expect(press.click(allow, false)).toBe(false);
  press.moved();
  expect(press.click(allow, true)).toBe(false);
});

it('a press on one button and a release on another is no answer', () => {
  const { press, button, wait } = open();
  wait(STEADY_MS);
  press.down(button(10));
  expect(press.click(button(10), false)).toBe(false);
});

it('buttons that moved under the finger are not answered', () => {
  const { press, button, wait } = open();
  const allow = button(10);
  wait(STEADY_MS);
  press.down(allow);
  press.moved();
  wait(STEADY_MS);
  expect(press.click(allow, false)).toBe(false);
  press.down(allow);
  allow.getBoundingClientRect = () => ({ top: 60, left: 0 });
  expect(press.click(allow, false)).toBe(false);
});

it('keys and readers of the screen answer once the buttons stand still', () => {
  const { press, button, wait } = open();
  expect(press.click(button(10), true)).toBe(false);
  wait(STEADY_MS);
  expect(press.click(button(10), true)).toBe(true);
  expect(press.click(button(10), false)).toBe(true);
});
