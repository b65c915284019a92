// The rate control: how fast to play so that the viewer stays as close to the
// live edge as the stream's parts allow. It is pure: a sample in, a speed out.

export interface Tuning {
  /** How far below PART-HOLD-BACK to aim, in seconds. */
  margin: number;
  /** Never aim below this many parts. */
  minParts: number;
  /** Start to correct when this far off (s), and stop when this close. */
  enter: number;
  leave: number;
  /** Speed change for each second off. */
  gain: number;
  minRate: number;
  maxRate: number;
  /** Jump rather than speed up when this far behind (s). */
  jump: number;
  /** Come down again after this long without a stall (s), then once each this long. */
  calm: number;
  /** The most that stalls can add to the target (s). */
  maxExtra: number;
  /** With less than this buffered (s), slow down. */
  low: number;
}

export const defaultTuning: Tuning = {
  margin: 0.12,
  minParts: 2,
  enter: 0.06,
  leave: 0.015,
  gain: 0.4,
  minRate: 0.9,
  maxRate: 1.1,
  jump: 5,
  calm: 20,
  maxExtra: 3,
  low: 0.05,
};

/** What is seen at one instant. Times in seconds. */
export interface Sample {
  now: number;
  /** How far the playhead is behind the live edge, the age of the playlist included. */
  latency: number;
  /** How much is buffered ahead of the playhead. */
  buffer: number;
  partTarget: number;
  holdBack: number;
  /** Stalls so far. */
  stalls: number;
}

/** What is remembered from one sample to the next. */
export interface Control {
  rate: number;
  /** What stalls and near misses added to the target (s). */
  extra: number;
  stalls: number;
  /** The last stall, near miss or step down (s). */
  since: number;
  /** The smoothed latency (s), NaN before the first sample. */
  latency: number;
  /** The low water of the buffer (s): a part's coming and going is seen through. */
  lowWater: number;
}

export interface Step {
  control: Control;
  target: number;
  /** True if the playhead should jump to `target` seconds behind the edge. */
  jump: boolean;
}

const smoothing = 0.3;
const lowWaterRise = 0.01; // s per sample
const step = 0.01; // speeds are whole hundredths, so that they seldom change
const nearMissPause = 2; // s between two near misses that count

export function initial(now: number): Control {
  return { rate: 1, extra: 0, stalls: 0, since: now, latency: NaN, lowWater: Infinity };
}

/** The latency to aim at, in seconds, before what stalls add. */
export function aim(s: Pick<Sample, 'partTarget' | 'holdBack'>, t: Tuning = defaultTuning): number {
  return Math.max(t.minParts * s.partTarget, s.holdBack - t.margin);
}

/** What stalls and calm do to the target. */
function backOff(c: Control, s: Sample, lowWater: number, t: Tuning): Pick<Control, 'extra' | 'since'> {
  if (s.stalls > c.stalls) {
    return { extra: Math.min(c.extra + s.partTarget, t.maxExtra), since: s.now };
  }
  if (lowWater < t.low / 2 && s.now - c.since > nearMissPause) {
    return { extra: Math.min(c.extra + s.partTarget / 4, t.maxExtra), since: s.now };
  }
  if (c.extra > 0 && s.now - c.since >= t.calm) {
    return { extra: Math.max(0, c.extra - s.partTarget / 4), since: s.now };
  }
  return { extra: c.extra, since: c.since };
}

function speed(rate: number, off: number, lowWater: number, t: Tuning): number {
  if (lowWater < t.low) return Math.min(rate, 1 - step * 4);
  const limit = rate === 1 ? t.enter : t.leave;
  if (Math.abs(off) <= limit) return 1;
  if (rate !== 1 && Math.sign(off) !== Math.sign(rate - 1)) return 1; // overshot: settle first
  const wanted = 1 + off * t.gain;
  const bounded = Math.min(t.maxRate, Math.max(t.minRate, wanted));
  const stepped = Math.round(bounded / step) * step;
  return stepped === 1 ? 1 + Math.sign(off) * step : stepped;
}

/** Decides the next speed. */
export function steer(c: Control, s: Sample, t: Tuning = defaultTuning): Step {
  const latency = Number.isNaN(c.latency) || Math.abs(s.latency - c.latency) > 1
    ? s.latency
    : c.latency + (s.latency - c.latency) * smoothing;
  const lowWater = Math.min(s.buffer, c.lowWater + lowWaterRise);
  const { extra, since } = backOff(c, s, lowWater, t);
  const target = aim(s, t) + extra;
  const off = latency - target;
  const control: Control = { rate: 1, extra, since, stalls: s.stalls, latency, lowWater };
  if (off > t.jump) return { control: { ...control, latency: NaN, lowWater: Infinity }, target, jump: true };
  control.rate = speed(c.rate, off, lowWater, t);
  return { control, target, jump: false };
}
