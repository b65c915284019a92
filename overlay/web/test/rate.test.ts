import { describe, expect, it } from 'vitest';
import { type Control, type Sample, aim, defaultTuning as t, initial, steer } from '../src/playback/rate';

const low = { partTarget: 0.21, holdBack: 0.63 };
const standard = { partTarget: 0.35, holdBack: 1.05 };
const sample = (s: Partial<Sample>): Sample => ({ now: 100, latency: 1, buffer: 0.5, stalls: 0, ...low, ...s });

/** Plays for some seconds: latency follows the speed, the buffer follows the latency. */
function play(seconds: number, start: { latency: number; parts?: typeof low; control?: Control; buffer?: (latency: number) => number; stallAt?: number }) {
  const parts = start.parts ?? low;
  let control = start.control ?? initial(0);
  let { latency } = start;
  const rates: number[] = [];
  let jumps = 0;
  let changes = 0;
  const from = Number.isFinite(control.since) ? control.since : 0;
  for (let i = 0; i < seconds * 10; i++) {
    const now = from + i / 10;
    const saw = ((i * 0.1) % parts.partTarget);
    const buffer = start.buffer ? start.buffer(latency) : Math.max(0, latency - saw - 0.05);
    const stalls = start.stallAt !== undefined && i / 10 >= start.stallAt ? 1 : 0;
    const s = steer(control, { now, latency, buffer, stalls, ...parts });
    if (s.jump) {
      jumps++;
      latency = s.target;
    }
    if (s.control.rate !== control.rate) changes++;
    control = s.control;
    rates.push(control.rate);
    latency -= (control.rate - 1) * 0.1;
  }
  return { control, latency, rates, jumps, changes };
}

describe('aim', () => {
  it('is PART-HOLD-BACK, or more if that leaves no reserve', () => {
    expect(aim(standard)).toBeCloseTo(1.05);
    expect(aim(low)).toBeCloseTo(0.21 + t.reserve);
    expect(aim({ partTarget: 1, holdBack: 3 })).toBeCloseTo(3);
  });
});

describe('steer', () => {
  it.each([['low', low], ['standard', standard]] as const)('comes down to the target with %s parts and stays', (_n, parts) => {
    const p = play(30, { latency: aim(parts) + 1.9, parts });
    expect(Math.abs(p.latency - aim(parts))).toBeLessThan(t.enter);
    expect(p.rates.at(-1)).toBe(1);
    expect(p.jumps).toBe(0);
  });

  it('slows down when it is too close to the edge', () => {
    const p = play(20, { latency: 0.3, buffer: () => 0.2 });
    expect(Math.min(...p.rates)).toBeLessThan(1);
    expect(p.latency).toBeGreaterThan(aim(low) - t.enter);
  });

  it('keeps within its speeds', () => {
    for (const latency of [0.01, 0.2, 0.5, 1, 3, 4.9]) {
      for (const rate of play(10, { latency }).rates) {
        expect(rate).toBeGreaterThanOrEqual(t.minRate);
        expect(rate).toBeLessThanOrEqual(t.maxRate);
      }
    }
  });

  it('does not hunt: near the target it stays at 1', () => {
    expect(play(60, { latency: aim(low) + t.enter * 0.8 }).changes).toBe(0);
  });

  it('changes speed seldom on its way', () => {
    expect(play(30, { latency: 1.5 }).changes).toBeLessThan(25);
  });

  it('jumps when more than five seconds behind, once', () => {
    const p = play(10, { latency: 8 });
    expect(p.jumps).toBe(1);
    expect(Math.abs(p.latency - aim(low))).toBeLessThan(t.enter);
  });

  it('jumps when it stays more than two seconds behind, and not before', () => {
    const stuck = (seconds: number) => {
      let c = initial(0);
      for (let now = 0; now < seconds; now += 0.1) {
        const s = steer(c, sample({ now, latency: 3.5, buffer: 0.3 }));
        if (s.jump) return now;
        c = s.control;
      }
      return NaN;
    };
    expect(stuck(t.behindFor - 0.2)).toBeNaN();
    expect(stuck(10)).toBeCloseTo(t.behindFor);
  });

  it('makes good for a stall at once, where the media is there', () => {
    const stalled = steer(initial(0), sample({ now: 10, stalls: 1, latency: 1.9, buffer: 0 })).control;
    const late = sample({ now: 10.3, stalls: 1, latency: 1.9 });
    expect(steer(stalled, { ...late, buffer: 0.4 }).jump).toBe(false);
    const s = steer(stalled, { ...late, buffer: 1.8 });
    expect(s.jump).toBe(true);
    expect(steer(s.control, { ...late, buffer: 1.8, now: 10.4 }).jump).toBe(false);
  });

  it('does not speed up while next to nothing is buffered', () => {
    const { control } = steer({ ...initial(0), rate: 1.1 }, sample({ latency: 2, buffer: 0.01 }));
    expect(control.rate).toBeLessThan(1);
  });

  it('backs off by a part after a stall, and comes down again slowly', () => {
    const stalled = steer(initial(0), sample({ now: 10, stalls: 1 }));
    expect(stalled.control.extra).toBeCloseTo(low.partTarget);
    expect(stalled.target).toBeCloseTo(aim(low) + low.partTarget);
    const soon = steer(stalled.control, sample({ now: 10 + t.calm / 2, stalls: 1 }));
    expect(soon.control.extra).toBeCloseTo(low.partTarget);
    let c = soon.control;
    for (let now = 11; now < 10 + 5 * t.calm; now += 0.1) c = steer(c, sample({ now, stalls: 1, latency: 0.9 })).control;
    expect(c.extra).toBeCloseTo(0);
  });

  it('adds a little after a near miss, and not for each sample of it', () => {
    let c = initial(0);
    for (let now = 5; now < 6; now += 0.1) c = steer(c, sample({ now, buffer: 0.01, latency: 0.5 })).control;
    expect(c.extra).toBeCloseTo(low.partTarget / 4);
  });

  it('never adds more than its limit, however often it stalls', () => {
    let c = initial(0);
    for (let i = 1; i < 100; i++) c = steer(c, sample({ now: i, stalls: i })).control;
    expect(c.extra).toBe(t.maxExtra);
  });
});
