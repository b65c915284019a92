import { describe, expect, it, vi } from 'vitest';
import { formatPrice } from '../src/shelf/price';
import { readProduct } from '../src/shelf/product';
import { Shelf } from '../src/shelf/shelf';

describe('formatPrice', () => {
  it.each([
    ['29.90', 'USD', 'en-US', '$29.90'],
    ['45', 'USD', 'en-US', '$45'],
    ['45.00', 'EUR', 'de-DE', '45 €'],
    ['1299.5', 'EUR', 'de-DE', '1.299,50 €'],
    ['3000', 'JPY', 'ja-JP', '￥3,000'],
    ['29.90', 'NOPE', 'en-US', '29.90 NOPE'],
    ['29.90', '', 'en-US', '29.90'],
    ['ask us', 'USD', 'en-US', 'ask us'],
    ['', 'USD', 'en-US', ''],
    ['0', 'USD', 'en-US', '$0'],
  ])('%s %s in %s reads %s', (price, currency, locale, want) => {
    expect(formatPrice(price, currency, locale).replace(/\u00a0/g, ' ')).toBe(want);
  });
});

const row = (no: number, more: object = {}) => ({ no, sku: `S${no}`, title: `T${no}`, price: '1', currency: 'USD', image: `https://x/${no}`, url: '', ...more });

function server(...answers: unknown[][]) {
  const get = vi.fn(async () => new Response(JSON.stringify({ version: '1', products: answers.shift() ?? [] })));
  return get as unknown as typeof fetch & { mock: { calls: unknown[] } };
}

describe('Shelf', () => {
  it('looks again for an unknown number, but not each time it is asked', async () => {
    const get = server([row(1)], [row(1), row(7)]);
    let now = 0;
    const changed = vi.fn();
    const shelf = new Shelf('/shelf.json', changed, get, () => now);
    expect(shelf.find(1, 'S1')).toBeNull();
    await shelf.load();
    expect(shelf.find(1, 'S1')?.title).toBe('T1');
    for (let i = 0; i < 100; i++) shelf.find(7, 'S7');
    expect(get.mock.calls).toHaveLength(1);
    now += 5000;
    shelf.find(7, 'S7');
    await shelf.load();
    expect(shelf.find(7, 'S7')?.title).toBe('T7');
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it('does not take another product of the same number for it', async () => {
    const shelf = new Shelf('/shelf.json', () => undefined, server([row(7, { sku: 'OTHER' })]), () => 0);
    await shelf.load();
    expect(shelf.find(7, 'S7')).toBeNull();
    expect(shelf.find(7, 'OTHER')).not.toBeNull();
  });

  it('believes the cue, and takes from the shelf what the cue had no room for', async () => {
    const shelf = new Shelf('/shelf.json', () => undefined, server([row(7)]), () => 0);
    await shelf.load();
    shelf.learn(readProduct(row(7, { title: 'From the cue', image: '' }))!);
    expect(shelf.find(7, 'S7')).toMatchObject({ title: 'From the cue', image: 'https://x/7' });
  });

  it('goes on when the server does not answer', async () => {
    const get = (async () => { throw new TypeError('offline'); }) as unknown as typeof fetch;
    const shelf = new Shelf('/shelf.json', () => undefined, get, () => 0);
    await expect(shelf.load()).resolves.toBeUndefined();
  });
});
