// What a player needs of whatever plays the stream: hls.js, or the browser.

/** One choice in the quality menu. */
export interface Quality {
  name: string;
  label: string;
}

/** Figures of playback, for a test, a page or a curious viewer. Seconds unless said. */
export interface Stats {
  latency: number;
  target: number;
  rate: number;
  stalls: number;
  bufferAhead: number;
  /** ll: low-latency parts; plain: whole segments; native: the browser's own player. */
  mode: 'll' | 'plain' | 'native' | 'none';
  quality: string;
  /** From the page's (or a later show's) start to its first frame, in ms; 0 until then. */
  firstFrameMs: number;
  droppedFrames: number;
}

/** What an engine tells its player. */
export interface EngineEvents {
  /** A cue's JSON, for pts seconds on the video's timeline. */
  cue(pts: number, json: string): void;
  qualities(list: Quality[]): void;
  /** There is no stream, or none any more: ask the server what the matter is. */
  unavailable(): void;
  /** Something is wrong, and the engine is mending it. */
  trouble(): void;
  /** The stream says that its encoder is away (true), or back. */
  gap(away: boolean): void;
  /** The engine gave up: a new one is needed. */
  broken(): void;
}

export interface Engine {
  start(): void;
  destroy(): void;
  /** Seeks to where a live viewer should be. */
  goLive(): void;
  /** Moves the playhead by seconds. A viewer who looks back so stays as far behind as that is. */
  seek(by: number): void;
  /** Selects a quality by name; "auto" leaves it to the network. */
  select(name: string): void;
  stats(): Stats;
}

export const noStats: Stats = {
  latency: 0, target: 0, rate: 1, stalls: 0, bufferAhead: 0,
  mode: 'none', quality: '', firstFrameMs: 0, droppedFrames: 0,
};

/** How much is buffered ahead of the playhead, in seconds. Holes end it. */
export function bufferAhead(video: HTMLVideoElement): number {
  const { buffered, currentTime } = video;
  for (let i = 0; i < buffered.length; i++) {
    if (currentTime >= buffered.start(i) - 0.05 && currentTime < buffered.end(i)) return buffered.end(i) - currentTime;
  }
  return 0;
}

/** Counts the times that playback stopped for want of media, seeks apart. */
export class StallCounter {
  count = 0;
  private played = false;
  private last = -Infinity;

  constructor(private readonly video: HTMLVideoElement, private readonly excused: () => boolean) {
    video.addEventListener('playing', this.onPlaying);
    video.addEventListener('seeking', this.onSeeking);
    video.addEventListener('waiting', this.onWaiting);
  }

  stop(): void {
    this.video.removeEventListener('playing', this.onPlaying);
    this.video.removeEventListener('seeking', this.onSeeking);
    this.video.removeEventListener('waiting', this.onWaiting);
  }

  /** Takes back the last stall and returns true, if it is not older than this (ms). */
  excuse(age: number): boolean {
    if (performance.now() - this.last > age) return false;
    this.count--;
    this.last = -Infinity;
    return true;
  }

  private readonly onPlaying = (): void => { this.played = true; };
  private readonly onSeeking = (): void => { this.played = false; };
  private readonly onWaiting = (): void => {
    if (this.played && !this.video.seeking && !this.video.paused && !this.excused()) {
      this.count++;
      this.last = performance.now();
    }
    this.played = false;
  };
}

/** Notes when the first frame came. */
export class FirstFrame {
  ms = 0;
  private readonly since: number;

  constructor(private readonly video: HTMLVideoElement) {
    this.since = document.readyState === 'complete' ? performance.now() : 0;
    video.addEventListener('loadeddata', this.seen, { once: true });
  }

  stop(): void {
    this.video.removeEventListener('loadeddata', this.seen);
  }

  private readonly seen = (): void => { this.ms = performance.now() - this.since; };
}
