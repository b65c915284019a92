import { describe, expect, it } from 'vitest';
import type { Cue } from '../src/cue/cue';
import { type Clocked, type CueEvent, CueScheduler } from '../src/cue/scheduler';
import { CueTimeline } from '../src/cue/timeline';

const show = (id: string, no: number): Cue => ({ type: 'show', id, item: { id, no, sku: '' } });
const hide = (id: string, no: number): Cue => ({ type: 'hide', id, item: { id, no, sku: '' } });
const state = (...nos: number[]): Cue => ({ type: 'state', on: nos.map((no) => ({ id: `i${no}`, no, sku: '' })) });

class FakeVideo extends EventTarget implements Clocked {
  currentTime = 0;
  private callback: ((now: number, frame: { mediaTime: number }) => void) | null = null;
  requestVideoFrameCallback(f: (now: number, frame: { mediaTime: number }) => void): number {
    this.callback = f;
    return 1;
  }
  cancelVideoFrameCallback(): void {
    this.callback = null;
  }
  present(mediaTime: number): void {
    const f = this.callback;
    this.callback = null;
    this.currentTime = mediaTime;
    f?.(0, { mediaTime });
  }
}

function stage() {
  const timeline = new CueTimeline();
  const video = new FakeVideo();
  const events: CueEvent[] = [];
  const shown: number[][] = [];
  const clock = { now: 1000 };
  const scheduler = new CueScheduler(timeline, (on, e) => {
    shown.push(on.map((s) => s.no));
    events.push(...e);
  }, () => clock.now);
  scheduler.attach(video);
  return { timeline, video, events, shown, clock, scheduler };
}

describe('CueScheduler', () => {
  it('changes on the first frame that has reached the cue, and not before', () => {
    const s = stage();
    s.timeline.add(10, show('a', 7));
    for (const t of [9.9, 9.9333, 9.9667]) s.video.present(t);
    expect(s.events).toEqual([]);
    s.video.present(10.0000111);
    expect(s.shown).toEqual([[7]]);
    expect(s.events[0]).toMatchObject({ id: 'a', type: 'show', no: 7, cueTime: 10, mediaTime: 10.0000111, continuous: true, shownTime: 1000 });
    expect(s.events[0]!.error_ms).toBeCloseTo(0.0111, 3);
  });

  it('takes a frame a rounding before the cue as its frame', () => {
    const s = stage();
    s.timeline.add(10, show('a', 7));
    s.video.present(9.97);
    s.video.present(9.99999);
    expect(s.events).toHaveLength(1);
  });

  it('says so when frames were skipped', () => {
    const s = stage();
    s.timeline.add(10, show('a', 7));
    s.video.present(9.97);
    s.video.present(10.1);
    expect(s.events[0]!.error_ms).toBeCloseTo(100);
    expect(s.events[0]!.continuous).toBe(true);
  });

  it('hides by cue, once', () => {
    const s = stage();
    s.timeline.add(10, show('a', 7));
    s.timeline.add(11, hide('b', 7));
    for (const t of [9.9, 10, 10.9, 11, 11.1]) s.video.present(t);
    expect(s.events.map((e) => [e.type, e.id, e.no])).toEqual([['show', 'a', 7], ['hide', 'b', 7]]);
    expect(s.shown.at(-1)).toEqual([]);
  });

  it('repeats nothing when a state only confirms', () => {
    const s = stage();
    s.timeline.add(10, show('i7', 7));
    s.timeline.add(12, state(7));
    s.timeline.add(14, state(7));
    s.timeline.add(16, state(7));
    for (let t = 9; t < 18; t += 1 / 30) s.video.present(t);
    expect(s.events).toHaveLength(1);
  });

  it('shows a late joiner what is on, and says that it was no frame to measure', () => {
    const s = stage();
    s.timeline.add(10, state(7));
    s.video.present(11.2);
    expect(s.events).toMatchObject([{ type: 'state', no: 7, continuous: false }]);
  });

  it('follows a seek back', () => {
    const s = stage();
    s.timeline.add(10, state(1));
    s.timeline.add(12, state(2));
    s.video.present(12.5);
    s.video.present(10.5);
    expect(s.shown).toEqual([[2], [1]]);
    expect(s.events.slice(1).every((e) => !e.continuous)).toBe(true);
  });

  it('goes by the clock when no frames come, as in a hidden tab', () => {
    const s = stage();
    s.timeline.add(10, show('a', 7));
    s.video.present(9);
    s.video.currentTime = 10.2;
    s.video.dispatchEvent(new Event('timeupdate'));
    expect(s.events).toEqual([]); // a frame came just now: frames are exact, the clock is not
    s.clock.now += 1000;
    s.video.dispatchEvent(new Event('timeupdate'));
    expect(s.events).toHaveLength(1);
  });

  it('clears the screen when playback is over, and stops when detached', () => {
    const s = stage();
    s.timeline.add(10, show('a', 7));
    s.video.present(10);
    s.scheduler.clear();
    expect(s.shown.at(-1)).toEqual([]);
    s.scheduler.detach();
    s.video.present(11);
    expect(s.shown).toHaveLength(2);
  });
});
