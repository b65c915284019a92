import type { Item } from './cue';
import type { CueTimeline, Entry, Shown } from './timeline';

/** Told when a card comes, goes or changes, and how close to its cue that was. */
export interface CueEvent {
  id: string;
  type: Entry['cue']['type'];
  no: number;
  /** When the cue asked for it, in seconds on the player's timeline. */
  cueTime: number;
  /** The media time of the frame on screen, in seconds. */
  mediaTime: number;
  /** (mediaTime − cueTime) in milliseconds. */
  error_ms: number;
  /** When it was shown, in milliseconds since the Unix epoch. */
  shownTime: number;
  /** False after a seek or a late join, where error_ms says nothing. */
  continuous: boolean;
}

/** The part of a video element that a scheduler needs. */
export interface Clocked extends EventTarget {
  readonly currentTime: number;
  requestVideoFrameCallback?(f: (now: number, frame: { mediaTime: number }) => void): number;
  cancelVideoFrameCallback?(handle: number): void;
}

/** Half of the shortest frame: media times are rounded on their way. */
const tolerance = 0.005;

/** Frames further apart than this (s) are not played one after the other. */
const maxStep = 0.5;

/** Without a frame for this long (ms), as in a hidden tab, the clock counts. */
const frameless = 300;

const clockEvents = ['timeupdate', 'seeked', 'loadeddata'] as const;

function same(a: Item, b: Item): boolean {
  return a.no === b.no && a.id === b.id && a.soldOut === b.soldOut &&
    JSON.stringify(a.offer) === JSON.stringify(b.offer);
}

/**
 * Holds every cue against the video's frames: what is on show changes on the
 * first frame whose media time has reached the cue's time. It follows frames by
 * requestVideoFrameCallback where there is one, and the clock elsewhere.
 */
export class CueScheduler {
  private on: readonly Shown[] = [];
  private mediaTime = NaN;
  private handle = 0;
  private frameAt = -Infinity;
  private video: Clocked | null = null;

  constructor(
    private readonly timeline: CueTimeline,
    private readonly show: (on: readonly Shown[], events: CueEvent[]) => void,
    private readonly now: () => number = () => Date.now(),
  ) {}

  attach(video: Clocked): void {
    this.detach();
    this.video = video;
    for (const name of clockEvents) video.addEventListener(name, this.onClock);
    this.nextFrame();
  }

  detach(): void {
    const { video } = this;
    if (!video) return;
    for (const name of clockEvents) video.removeEventListener(name, this.onClock);
    video.cancelVideoFrameCallback?.(this.handle);
    this.video = null;
  }

  /** Takes everything off the screen: playback ended. */
  clear(): void {
    this.mediaTime = NaN;
    if (this.on.length === 0) return;
    this.on = [];
    this.show([], []);
  }

  /** Shows what belongs to the frame of media time t (s). */
  frame(t: number): void {
    const previous = this.mediaTime;
    this.mediaTime = t;
    const scene = this.timeline.at(t + tolerance);
    if (scene.on === this.on) return;
    const events = this.changes(scene.on, scene.last, t, previous);
    this.on = scene.on;
    if (events.length > 0) this.show(scene.on, events);
  }

  private changes(on: readonly Shown[], last: Entry | null, t: number, previous: number): CueEvent[] {
    const events: CueEvent[] = [];
    const note = (item: Item, cause: Entry, type: CueEvent['type']): void => {
      events.push({
        id: cause.cue.type === 'state' ? item.id : cause.cue.id,
        type,
        no: item.no,
        cueTime: cause.pts,
        mediaTime: t,
        error_ms: (t - cause.pts) * 1000,
        shownTime: this.now(),
        continuous: previous < cause.pts && t >= previous && t - previous < maxStep,
      });
    };
    for (const item of on) {
      const old = this.on.find((s) => s.no === item.no && s.id === item.id);
      if (!old) note(item, item.cause, item.cause.cue.type);
      else if (!same(old, item) && last) note(item, last, last.cue.type);
    }
    for (const old of this.on) {
      if (last && !on.some((s) => s.no === old.no)) note(old, last, last.cue.type === 'state' ? 'state' : 'hide');
    }
    return events;
  }

  private nextFrame(): void {
    const { video } = this;
    if (!video?.requestVideoFrameCallback) return;
    this.handle = video.requestVideoFrameCallback((_now, frame) => {
      this.frameAt = this.now();
      this.frame(frame.mediaTime);
      this.nextFrame();
    });
  }

  private readonly onClock = (): void => {
    if (this.video && this.now() - this.frameAt > frameless) this.frame(this.video.currentTime);
  };
}
