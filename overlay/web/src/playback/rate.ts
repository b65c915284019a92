// The rate control: how fast to play so that the viewer stays as close to the
// live edge as the stream's parts allow. It is pure: a sample in, a speed out.

export interface Tuning {
  /** What is to be left in the buffer (s) when the next part comes in, the network's own time included. */
  reserve: number;
  /** Start to correct when this far off (s), and stop when this close. */
  enter: number;
  leave: number;
  /** Speed change for each second off. */
  gain: number;
  minRate: number;
  maxRate: number;
  /** Jump rather than speed up when this far behind (s) at once, or for `behindFor` (s) already. */
  jump: number;
  behind: number;
  behindFor: number;
  /** This shortly (s) after a stall, jump when only this far behind (s): the picture halted anyway. */
  afterStall: number;
  behindAfterStall: number;
  /** Come down again after this long without a stall (s), then once each this long. */
  calm: number;
  /** The most that stalls can add to the target (s). */
  maxExtra: number;
  /** With less than this buffered (s), slow down. */
  low: number;
}

export const defaultTuning: Tuning = {
  reserve: 0.55,
  enter: 0.06,
  leave: 0.015,
  gain: 0.4,
  minRate: 0.9,
  maxRate: 1.2,
  jump: 5,
  behind: 2,
  behindFor: 3,
  afterStall: 3,
  behindAfterStall: 0.5,
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
  /** The last stall (s). */
  stalledAt: number;
  /** Since when (s) the viewer is far behind, NaN if not. */
  behindSince: number;
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
  return { rate: 1, extra: 0, stalls: 0, since: now, stalledAt: -Infinity, behindSince: NaN, latency: NaN, lowWater: Infinity };
}

/**
 * The latency to aim at, in seconds, before what stalls add: never under
 * PART-HOLD-BACK (rfc8216bis §4.4.3.8), and with short parts somewhat above, for
 * a hiccup of machine or network does not get shorter with the parts.
 */
export function aim(s: Pick<Sample, 'partTarget' | 'holdBack'>, t: Tuning = defaultTuning): number {
  return Math.max(s.holdBack, s.partTarget + t.reserve);
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

/** Whether to give up on catching up by speed, and since when that would be due. */
function leap(c: Control, s: Sample, off: number, stalledAt: number, t: Tuning): { jump: boolean; behindSince: number } {
  const behindSince = off <= t.behind ? NaN : Number.isNaN(c.behindSince) ? s.now : c.behindSince;
  const halted = s.now - stalledAt < t.afterStall && off > t.behindAfterStall && s.buffer > off;
  return { jump: off > t.jump || s.now - behindSince >= t.behindFor || halted, behindSince };
}

/** Decides the next speed. */
export function steer(c: Control, s: Sample, t: Tuning = defaultTuning): Step {
  const latency = Number.isNaN(c.latency) || Math.abs(s.latency - c.latency) > 1
    ? s.latency
    : c.latency + (s.latency - c.latency) * smoothing;
  const lowWater = Math.min(s.buffer, c.lowWater + lowWaterRise);
  const { extra, since } = backOff(c, s, lowWater, t);
  const stalledAt = s.stalls > c.stalls ? s.now : c.stalledAt;
  const target = aim(s, t) + extra;
  const off = latency - target;
  const { jump, behindSince } = leap(c, s, off, stalledAt, t);
  const control: Control = { rate: 1, extra, since, stalledAt, behindSince, stalls: s.stalls, latency, lowWater };
  if (jump) {
    return { control: { ...control, stalledAt: -Infinity, behindSince: NaN, latency: NaN, lowWater: Infinity }, target, jump };
  }
  control.rate = speed(c.rate, off, lowWater, t);
  return { control, target, jump };
}
