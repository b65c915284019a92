import { cueDescription } from '../cue/id3';
import { type Engine, type EngineEvents, FirstFrame, StallCounter, type Stats, bufferAhead, noStats } from './engine';

/** A cue of timed ID3, as WebKit gives it. */
interface DataCue extends TextTrackCue {
  value?: { key?: string; info?: string; data?: unknown };
}

/** Plays by the browser itself, where it knows HLS and hls.js cannot run. */
export class NativeEngine implements Engine {
  private readonly stalls: StallCounter;
  private readonly firstFrame: FirstFrame;

  static supported(video: HTMLVideoElement): boolean {
    return video.canPlayType('application/vnd.apple.mpegurl') !== '';
  }

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly src: string,
    private readonly events: EngineEvents,
  ) {
    this.stalls = new StallCounter(video, () => false);
    this.firstFrame = new FirstFrame(video);
  }

  start(): void {
    this.video.addEventListener('error', this.onError);
    this.video.textTracks.addEventListener('addtrack', this.onTrack);
    this.video.src = this.src;
    this.events.qualities([]);
  }

  destroy(): void {
    this.video.removeEventListener('error', this.onError);
    this.video.textTracks.removeEventListener('addtrack', this.onTrack);
    this.stalls.stop();
    this.firstFrame.stop();
    this.video.removeAttribute('src');
    this.video.load();
  }

  goLive(): void {
    const { seekable } = this.video;
    if (seekable.length > 0) this.video.currentTime = seekable.end(seekable.length - 1);
  }

  seek(by: number): void {
    this.video.currentTime += by;
  }

  select(): void {
    // The browser chooses by itself.
  }

  stats(): Stats {
    return {
      ...noStats,
      rate: this.video.playbackRate,
      stalls: this.stalls.count,
      bufferAhead: bufferAhead(this.video),
      mode: 'native',
      firstFrameMs: this.firstFrame.ms,
    };
  }

  private readonly onError = (): void => this.events.unavailable();

  private readonly onTrack = (e: TrackEvent): void => {
    const { track } = e;
    if (track?.kind !== 'metadata') return;
    track.mode = 'hidden';
    track.addEventListener('cuechange', () => this.read(track));
  };

  /** Reads all cues there are, those still to come included: they count once. */
  private read(track: TextTrack): void {
    for (const cue of Array.from(track.cues ?? []) as DataCue[]) {
      const { key, info, data } = cue.value ?? {};
      if (key === 'TXXX' && info === cueDescription && typeof data === 'string') this.events.cue(cue.startTime, data);
    }
  }
}
