import Hls, { type ErrorData, type HlsConfig, type Level, type LevelDetails } from 'hls.js';
import { userText } from '../cue/id3';
import { delay } from './backoff';
import { type Engine, type EngineEvents, FirstFrame, type Quality, StallCounter, type Stats, bufferAhead, noStats } from './engine';
import { Outage, mediaFrom } from './outage';
import { recall } from './parts';
import { type Control, type Sample, aim, defaultTuning, initial, steer } from './rate';

/** Media that stays behind the playhead, for a look back (s). */
const backBuffer = 30;

/** How often the speed is decided (ms). */
const tick = 100;

/** A first guess at the network (bit/s), so that the first picture is not the poorest. */
const firstEstimate = 3_000_000;

/** After a decoder error, how long (ms) another one means that this engine is done for. */
const mediaErrorPause = 10_000;

/** Stuck for this long (ms) beside media that could be played: go there. */
const stuckLimit = 2500;

/** A stall so shortly (ms) before the encoder was missed was its own. */
const lastGasp = 3000;

/** Whoever seeks to within this (s) of the live edge's target watches live again. */
const nearLive = 0.5;

const config: Partial<HlsConfig> = {
  lowLatencyMode: true,
  maxLiveSyncPlaybackRate: 1, // the speed is ours: see rate.ts
  liveSyncOnStallIncrease: 0,
  backBufferLength: backBuffer,
  enableWorker: false, // the media is fMP4 already: a worker would only add a hop
  testBandwidth: false,
  abrEwmaDefaultEstimate: firstEstimate,
  capLevelToPlayerSize: true,
  enableInterstitialPlayback: false,
  enableDateRangeMetadataCues: false,
  enableID3MetadataCues: false,
  enableEmsgMetadataCues: true,
  manifestLoadPolicy: {
    default: { maxTimeToFirstByteMs: 10_000, maxLoadTimeMs: 20_000, timeoutRetry: null, errorRetry: null },
  },
};

/** Names a level by the last folder of its playlist: /live/demo/720p/index.m3u8 is 720p. */
function levelName(level: Level): string {
  const parts = new URL(level.uri, location.href).pathname.split('/');
  return parts.at(-2) ?? `${level.height}p`;
}

function toQuality(level: Level): Quality {
  const name = levelName(level);
  const size = Math.min(level.width, level.height);
  return { name, label: name === 'source' && size > 0 ? `Source, ${size}p` : name };
}

/** Returns how long the playlist's pieces are, and how far from its end to stay. */
function pace(details: LevelDetails): Pick<Sample, 'partTarget' | 'holdBack'> {
  return {
    partTarget: (details.partList && details.partTarget) || details.targetduration,
    holdBack: (details.partList && details.partHoldBack) || details.holdBack || 3 * details.targetduration,
  };
}

/** Plays by hls.js, with a rate control of our own. */
export class HlsEngine implements Engine {
  private readonly hls: Hls;
  private readonly stalls: StallCounter;
  private readonly firstFrame: FirstFrame;
  private control: Control = initial(performance.now() / 1000);
  private target = 0;
  private readonly outage: Outage;
  private lookingBack = false; // the viewer chose to be behind
  private retries = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private ticker: ReturnType<typeof setInterval> | undefined;
  private mediaErrorAt = -Infinity;
  private stuckSince = 0;
  private wanted: string;

  static get supported(): boolean {
    return Hls.isSupported();
  }

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly src: string,
    private readonly events: EngineEvents,
    quality = 'auto',
  ) {
    this.wanted = quality;
    this.hls = new Hls(config);
    this.outage = new Outage(this.hls, video, (away) => this.onAway(away));
    this.stalls = new StallCounter(video, () => this.outage.holding || this.hls.latestLevelDetails?.live === false);
    this.firstFrame = new FirstFrame(video);
    this.listen();
  }

  start(): void {
    this.hls.attachMedia(this.video);
    this.hls.loadSource(this.src);
    this.ticker = setInterval(() => this.steer(), tick);
  }

  destroy(): void {
    clearInterval(this.ticker);
    clearTimeout(this.retryTimer);
    this.stalls.stop();
    this.firstFrame.stop();
    this.hls.destroy();
    this.video.playbackRate = 1;
  }

  goLive(): void {
    this.lookingBack = false;
    const details = this.hls.latestLevelDetails;
    if (!details) return;
    const to = mediaFrom(details, details.edge + details.age - (this.target || aim(pace(details))));
    if (to !== null) this.video.currentTime = to;
  }

  seek(by: number): void {
    const { video } = this;
    const live = video.currentTime + this.latency() - this.target;
    const to = video.currentTime + by;
    if (to > live - nearLive) {
      this.goLive();
      return;
    }
    this.lookingBack = true;
    const first = video.buffered.length > 0 ? video.buffered.start(0) : to;
    video.currentTime = Math.max(first, to);
    video.playbackRate = 1;
  }

  select(name: string): void {
    this.wanted = name;
    this.hls.nextLevel = this.hls.levels.findIndex((l) => levelName(l) === name);
  }

  stats(): Stats {
    const details = this.hls.latestLevelDetails;
    const level = this.hls.levels[this.hls.currentLevel];
    return {
      ...noStats,
      latency: this.latency(),
      target: this.target,
      rate: this.video.playbackRate,
      stalls: this.stalls.count,
      bufferAhead: bufferAhead(this.video),
      mode: !details ? 'none' : details.partList && details.canBlockReload ? 'll' : 'plain',
      quality: level ? levelName(level) : '',
      firstFrameMs: this.firstFrame.ms,
      droppedFrames: this.video.getVideoPlaybackQuality?.().droppedVideoFrames ?? 0,
    };
  }

  private listen(): void {
    const { hls, events } = this;
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      const at = hls.levels.findIndex((l) => levelName(l) === this.wanted);
      if (at >= 0) hls.loadLevel = at;
      events.qualities([...hls.levels].reverse().map(toQuality));
    });
    hls.on(Hls.Events.FRAG_PARSING_METADATA, (_name, data) => {
      for (const s of data.samples) {
        const json = userText(s.data);
        if (json !== null) events.cue(s.pts, json);
      }
    });
    hls.on(Hls.Events.LEVEL_UPDATED, (_name, { details }) => {
      this.retries = 0;
      if (!details.live) events.trouble(); // ENDLIST: the player asks what comes next
    });
    hls.on(Hls.Events.AUDIO_TRACK_UPDATED, (_name, { details }) => recall(details, this.video.buffered));
    hls.on(Hls.Events.ERROR, (_name, data) => this.onError(data));
  }

  /** The encoder went, or is back: what that did to playback says nothing of the network. */
  private onAway(away: boolean): void {
    const c = this.control;
    const excused = away && this.stalls.excuse(lastGasp);
    const extra = excused ? Math.max(0, c.extra - (this.hls.latestLevelDetails?.partTarget ?? 0)) : c.extra;
    this.control = { ...c, extra, rate: 1, stalls: this.stalls.count, stalledAt: -Infinity, latency: NaN, lowWater: Infinity };
    this.video.playbackRate = 1;
    this.events.gap(away);
  }

  private onError(data: ErrorData): void {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR) {
      const now = performance.now();
      const again = now - this.mediaErrorAt < mediaErrorPause;
      this.mediaErrorAt = now;
      if (again) this.events.broken();
      else this.hls.recoverMediaError();
      return;
    }
    if (data.type !== Hls.ErrorTypes.NETWORK_ERROR) {
      this.events.broken();
      return;
    }
    if (this.hls.levels.length === 0) {
      this.events.unavailable();
      return;
    }
    this.events.trouble();
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.hls.startLoad(), delay(this.retries++));
  }

  private latency(): number {
    const details = this.hls.latestLevelDetails;
    return details?.live ? details.edge + details.age - this.video.currentTime : 0;
  }

  private steer(): void {
    const details = this.hls.latestLevelDetails;
    const { video } = this;
    if (!details?.live) return;
    const parts = pace(details);
    if (this.outage.holding) {
      this.outage.tryResume((this.target || aim(parts)) - parts.partTarget / 2);
      return;
    }
    if (video.readyState < 1 || video.seeking || video.paused) return;
    this.unstick(details);
    if (this.lookingBack) return;
    const s = steer(this.control, {
      now: performance.now() / 1000,
      latency: this.latency(),
      buffer: bufferAhead(video),
      stalls: this.stalls.count,
      ...parts,
    }, defaultTuning);
    this.control = s.control;
    this.target = s.target;
    if (s.jump) this.goLive();
    else if (video.playbackRate !== s.control.rate) video.playbackRate = s.control.rate;
  }

  /** Steps over a hole that nothing will ever fill. */
  private unstick(details: LevelDetails): void {
    const { video } = this;
    const now = performance.now();
    if (bufferAhead(video) > 0.1 || video.readyState >= 3) {
      this.stuckSince = 0;
      return;
    }
    this.stuckSince ||= now;
    if (now - this.stuckSince < stuckLimit) return;
    this.stuckSince = now;
    for (let i = 0; i < video.buffered.length; i++) {
      const start = video.buffered.start(i);
      if (start > video.currentTime) {
        video.currentTime = start + 0.01;
        return;
      }
    }
    const next = mediaFrom(details, video.currentTime + 0.1);
    if (next !== null && next > video.currentTime + 0.5) video.currentTime = next;
  }
}
