import { describe, expect, it } from 'vitest';
import { digitPause, NumberKeys } from '../src/console/keys';

const shelf = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('NumberKeys', () => {
  it('takes a digit at once when no number goes on from it', () => {
    expect(new NumberKeys().press('7', 0, shelf(9))).toEqual({ number: 7 });
    expect(new NumberKeys().press('7', 0, shelf(36))).toEqual({ number: 7 });
  });

  it('waits for a second digit where there may be one', () => {
    const keys = new NumberKeys();
    expect(keys.press('1', 0, shelf(12))).toEqual({ pending: '1' });
    expect(keys.press('2', digitPause - 1, shelf(12))).toEqual({ number: 12 });
    expect(keys.due(Infinity)).toBeNull();
  });

  it('takes the digit alone when nothing follows in time', () => {
    const keys = new NumberKeys();
    keys.press('1', 0, shelf(12));
    expect(keys.due(digitPause - 1)).toBeNull();
    expect(keys.due(digitPause)).toBe(1);
    expect(keys.due(digitPause)).toBeNull();
  });

  it('begins anew after the pause', () => {
    const keys = new NumberKeys();
    keys.press('1', 0, shelf(12));
    expect(keys.press('2', digitPause, shelf(12))).toEqual({ number: 2 });
  });

  it('goes on to three digits on a long shelf', () => {
    const keys = new NumberKeys();
    keys.press('1', 0, shelf(150));
    expect(keys.press('2', 100, shelf(150))).toEqual({ pending: '12' });
    expect(keys.press('0', 200, shelf(150))).toEqual({ number: 120 });
  });

  it('has a number twenty in one key when the shelf has no other twenties', () => {
    const keys = new NumberKeys();
    expect(keys.press('2', 0, [1, 2, 20])).toEqual({ pending: '2' });
    expect(keys.press('0', 100, [1, 2, 20])).toEqual({ number: 20 });
  });

  it('ignores what is no digit, and a leading nought', () => {
    const keys = new NumberKeys();
    for (const key of ['a', 'Enter', ' ', '0', '12']) expect(keys.press(key, 0, shelf(12))).toBeNull();
  });
});
