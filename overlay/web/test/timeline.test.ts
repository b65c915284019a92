import { describe, expect, it } from 'vitest';
import type { Cue, ProductCue } from '../src/cue/cue';
import { CueTimeline, maxEntries } from '../src/cue/timeline';

const cue = (type: ProductCue['type'], id: string, no: number): Cue => ({ type, id, item: { id, no, sku: '' } });
const state = (...nos: number[]): Cue => ({ type: 'state', on: nos.map((no) => ({ id: `i${no}`, no, sku: '' })) });
const numbers = (t: CueTimeline, at: number): number[] => t.at(at).on.map((s) => s.no);

describe('CueTimeline', () => {
  it('shows and hides at their times, whatever order they came in', () => {
    const t = new CueTimeline();
    t.add(12, cue('hide', 'h', 7));
    t.add(10, cue('show', 's', 7));
    expect([9.99, 10, 11.99, 12].map((at) => numbers(t, at))).toEqual([[], [7], [7], []]);
  });

  it('counts a cue once, from however many renditions it comes', () => {
    const t = new CueTimeline();
    expect(t.add(10, cue('show', 's', 7))).toBe(true);
    expect(t.add(10.000011, cue('show', 's', 7))).toBe(false);
    expect(t.add(12, state(7))).toBe(true);
    expect(t.add(12.000011, state(7))).toBe(false);
    expect(t.size).toBe(2);
  });

  it('learns from a state what was missed', () => {
    const t = new CueTimeline();
    t.add(10, state(7));
    expect(numbers(t, 10.5)).toEqual([7]);
    t.add(12, state());
    expect(numbers(t, 12)).toEqual([]);
  });

  it('takes a state before the cues of the same time', () => {
    const t = new CueTimeline();
    t.add(10, cue('show', 'i7', 7));
    t.add(10, state());
    expect(numbers(t, 10)).toEqual([7]);
  });

  it('goes back with a seek', () => {
    const t = new CueTimeline();
    t.add(10, state(1));
    t.add(11, cue('show', 's', 2));
    t.add(12, state(2));
    expect(numbers(t, 13)).toEqual([2]);
    expect(numbers(t, 10.5)).toEqual([1]);
    expect(numbers(t, 11)).toEqual([2]);
  });

  it('shows one product in the place of another, and more where the state says so', () => {
    const t = new CueTimeline();
    t.add(1, cue('show', 'a', 1));
    t.add(2, cue('show', 'b', 2));
    t.add(4, state(1, 2, 3));
    expect([1, 2, 4].map((at) => numbers(t, at))).toEqual([[1], [2], [1, 2, 3]]);
  });

  it('applies offers and sold out only to what is on show', () => {
    const t = new CueTimeline();
    t.add(1, cue('show', 's', 7));
    t.add(2, { type: 'offer', id: 'o', item: { id: 'o', no: 7, sku: '', offer: { price: '19.90' } } });
    t.add(3, { type: 'soldout', id: 'x', item: { id: 'x', no: 7, sku: '', soldOut: true } });
    t.add(3, cue('soldout', 'y', 8));
    expect(t.at(2).on).toMatchObject([{ no: 7, id: 's', offer: { price: '19.90' } }]);
    expect(t.at(3).on).toMatchObject([{ no: 7, id: 's', soldOut: true }]);
  });

  it('keeps what caused an item through the states that repeat it', () => {
    const t = new CueTimeline();
    t.add(10, cue('show', 'i7', 7));
    t.add(12, state(7));
    expect(t.at(12).on[0]!.cause.cue.type).toBe('show');
  });

  it('is bounded, and forgets the oldest', () => {
    const t = new CueTimeline();
    for (let i = 0; i < maxEntries + 50; i++) t.add(i * 2, state(i % 9 + 1));
    expect(t.size).toBe(maxEntries);
    expect(numbers(t, 0)).toEqual([]);
    expect(numbers(t, 1e9)).toHaveLength(1);
  });

  it('refuses a time that is none', () => {
    expect(new CueTimeline().add(NaN, state())).toBe(false);
  });
});
