import { describe, expect, it } from 'vitest';
import { ApiError } from '../src/console/api';
import { fromLocal, toLocal } from '../src/console/announcement';
import { Desk } from '../src/console/desk';
import { formatBitrate, formatElapsed, readHealth } from '../src/console/health';
import { matches } from '../src/console/shelf';

describe('Desk', () => {
  function desk(answer: (type: string, no: number) => number[] | ApiError) {
    const asked: [string, number][] = [];
    const clock = { now: 0 };
    const d = new Desk({
      cue: async (type, no) => {
        asked.push([type, no]);
        const a = answer(type, no);
        if (a instanceof ApiError) throw a;
        return a;
      },
    }, () => undefined, () => clock.now);
    return { d, asked, clock };
  }

  it('answers at once, then follows the server', async () => {
    const { d } = desk(() => [7]);
    const done = d.toggle(7);
    expect(d.mark(7)).toBe('showing');
    await done;
    expect(d.mark(7)).toBe('on');
  });

  it('hides what is on show', async () => {
    const { d, asked } = desk((type) => (type === 'show' ? [7] : []));
    await d.toggle(7);
    await d.toggle(7);
    expect(asked).toEqual([['show', 7], ['hide', 7]]);
    expect(d.mark(7)).toBe('off');
  });

  it('takes a second tap for nervousness while the first is under way', async () => {
    const { d, asked } = desk(() => [7]);
    await Promise.all([d.toggle(7), d.toggle(7)]);
    expect(asked).toHaveLength(1);
  });

  it('says what went wrong, and what was on stays on', async () => {
    const { d } = desk(() => new ApiError(409, 'the channel is off air'));
    d.report([{ id: 'a', no: 2, since: 0 }]);
    await d.toggle(7);
    expect(d.mark(7)).toBe('failed');
    expect(d.mark(2)).toBe('on');
    expect(d.failure).toEqual({ no: 7, text: 'the channel is off air' });
  });

  it('does not believe a poll that may be older than its answer', async () => {
    const { d, clock } = desk(() => [7]);
    await d.toggle(7);
    d.report([]);
    expect(d.mark(7)).toBe('on');
    clock.now += 5000;
    d.report([]);
    expect(d.mark(7)).toBe('off');
  });
});

describe('readHealth', () => {
  it('goes on with whatever is missing', () => {
    expect(readHealth(null)).toMatchObject({ state: 'off', ingest: null, transcode: null, warnings: [], on: [], viewers: 0 });
    expect(readHealth({ state: 'live', ingest: {}, transcode: {} })).toMatchObject({ state: 'live', ingest: { audio: 'none' }, transcode: { rungs: [] } });
  });
});

describe('what a host reads', () => {
  it('says bit rates and durations plainly', () => {
    expect([formatBitrate(2_480_000), formatBitrate(128_000), formatBitrate(0)]).toEqual(['2.5 Mbit/s', '128 kbit/s', '–']);
    expect([formatElapsed(7000), formatElapsed(754_000), formatElapsed(3_723_000), formatElapsed(-5)]).toEqual(['0:07', '12:34', '1:02:03', '0:00']);
  });

  it('keeps the time of an announcement through the form', () => {
    expect(fromLocal(toLocal('2026-11-22T10:05:00Z'))).toBe('2026-11-22T10:05:00.000Z');
    expect(toLocal('')).toBe('');
    expect(fromLocal('')).toBeNull();
  });

  it('finds by number and by words', () => {
    const p = { no: 12, sku: 'WIG-7', title: 'Auburn Wave', price: '', currency: '', image: '', url: '' };
    expect(['', '1', '12', 'wave', 'aub wav', 'wig-7'].every((s) => matches(p, s))).toBe(true);
    expect(['2', 'bob', 'wave bob'].some((s) => matches(p, s))).toBe(false);
  });
});
