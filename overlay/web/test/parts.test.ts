import type { LevelDetails } from 'hls.js';
import { describe, expect, it } from 'vitest';
import { recall } from '../src/playback/parts';

const streams = { audio: { startPTS: 0 } };
const ranges = (...r: [number, number][]): TimeRanges => ({ length: r.length, start: (i) => r[i]![0], end: (i) => r[i]![1] });

function list(...parts: { start: number; known?: boolean; gap?: boolean }[]) {
  const partList = parts.map((p) => ({
    start: p.start, end: p.start + 0.2, gap: p.gap ?? false,
    elementaryStreams: p.known ? streams : { audio: null },
    get loaded() { return this.elementaryStreams.audio !== null; },
  }));
  return { details: { partList } as unknown as LevelDetails, loaded: () => partList.map((p) => p.loaded) };
}

describe('recall', () => {
  it('knows again what is buffered, and nothing else', () => {
    const l = list({ start: 36 }, { start: 36.2 }, { start: 36.4, known: true }, { start: 36.6 }, { start: 36.8, gap: true });
    recall(l.details, ranges([6, 36.61], [36.7, 40]));
    expect(l.loaded()).toEqual([true, true, true, false, false]);
  });

  it('forgives rounding', () => {
    const l = list({ start: 36.0006 }, { start: 36.2, known: true });
    recall(l.details, ranges([36.005, 36.399]));
    expect(l.loaded()).toEqual([true, true]);
  });

  it('leaves a list alone of which nothing was ever loaded', () => {
    const l = list({ start: 36 }, { start: 36.2 });
    recall(l.details, ranges([0, 40]));
    expect(l.loaded()).toEqual([false, false]);
    expect(() => recall({ partList: null }, ranges())).not.toThrow();
  });
});
