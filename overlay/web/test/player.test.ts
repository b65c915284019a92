import { describe, expect, it } from 'vitest';
import { sentence } from '../src/player/card';
import { keyWish } from '../src/player/controls';
import { countdown } from '../src/player/curtain';
import { delay } from '../src/playback/backoff';
import { readStatus } from '../src/playback/status';

describe('countdown', () => {
  it.each([
    [-1, ''], [0, ''], [900, '00:01'], [59_000, '00:59'], [61_000, '01:01'],
    [3_600_000, '1:00:00'], [86_399_000, '23:59:59'], [90_000_000, '1 day 1 h'], [200_000_000, '2 days 7 h'],
  ])('%d ms reads %s', (ms, want) => {
    expect(countdown(ms)).toBe(want);
  });
});

describe('readStatus', () => {
  it('reads what the server says', () => {
    expect(readStatus({ channel: 'demo', state: 'off', title: 'T', poster: 'https://x/p.jpg', starts_at: '2026-11-22T10:00:00Z', show: null }))
      .toEqual({ state: 'off', title: 'T', poster: 'https://x/p.jpg', startsAt: Date.UTC(2026, 10, 22, 10), show: '' });
  });

  it('takes nothing else for a status', () => {
    for (const v of [null, [], 'live', {}, { state: 'dancing' }]) expect(readStatus(v)).toBeNull();
  });
});

describe('the rest', () => {
  it('waits longer after each failure, and never too long', () => {
    expect([0, 1, 2, 3, 4, 5, 1000].map(delay)).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
  });

  it('says a card in one sentence', () => {
    const product = { no: 7, sku: '', title: 'Auburn wave', price: '29.90', currency: 'USD', image: '', url: '' };
    expect(sentence({ no: 7, product }, 'en-US')).toBe('Number 7, Auburn wave, $29.90');
    expect(sentence({ no: 7, product, offer: { price: '19.90' } }, 'en-US')).toBe('Number 7, Auburn wave, $19.90');
    expect(sentence({ no: 7, product, soldOut: true }, 'en-US')).toBe('Number 7, Auburn wave, sold out');
    expect(sentence({ no: 7, product: null }, 'en-US')).toBe('Number 7');
  });

  it('knows its keys and no others', () => {
    expect(keyWish('m')).toEqual({ do: 'mute' });
    expect(keyWish('x')).toBeNull();
  });
});
