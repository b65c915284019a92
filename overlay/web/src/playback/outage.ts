import Hls, { type Fragment, type LevelDetails, type Part } from 'hls.js';

/** How far into the first part after a hole to start (s): sound and picture both have it there. */
const inside = 0.03;

/** Tells whether the newest piece of a playlist is a hole. */
function atGap(details: LevelDetails): boolean {
  const part = details.partList?.at(-1);
  return part ? part.gap : (details.fragments.at(-1)?.gap ?? false);
}

/** Returns the first time at or after t with media behind it, or null if there is none yet. */
export function mediaFrom(details: LevelDetails, t: number): number | null {
  const pieces: (Part | Fragment)[] = [...details.fragments];
  const parts = details.partList ?? [];
  const last = details.fragments.at(-1);
  pieces.push(...parts.filter((p) => !last || p.start >= last.end));
  for (const p of pieces) {
    if (!p.gap && p.end > t) return Math.max(t, p.start);
  }
  return null;
}

/**
 * Sits out an encoder's absence. While a playlist ends with a hole nothing is
 * loaded: hls.js would take each missing piece for an error, and pause after it.
 * Once there is media again, playback goes on behind the hole.
 */
export class Outage {
  /** The picture's playlist ends with a hole. */
  away = false;
  private soundAway = false;
  private held = false;

  constructor(
    private readonly hls: Hls,
    private readonly video: HTMLVideoElement,
    private readonly changed: (away: boolean) => void,
  ) {
    hls.on(Hls.Events.LEVEL_UPDATED, (_name, { details }) => {
      const away = details.live && atGap(details);
      const news = away !== this.away;
      this.away = away;
      this.hold(details.live);
      if (news) this.changed(away);
    });
    hls.on(Hls.Events.AUDIO_TRACK_UPDATED, (_name, { details }) => {
      this.soundAway = details.live && atGap(details);
      this.hold(details.live);
    });
  }

  /** Loading waits for the encoder, or for enough of its media to play from. */
  get holding(): boolean {
    return this.held;
  }

  private hold(live: boolean): void {
    if (!live && this.held) this.release();
    if (this.held || !(this.away || this.soundAway)) return;
    this.held = true;
    this.hls.pauseBuffering();
  }

  private release(): void {
    this.held = false;
    this.hls.resumeBuffering();
  }

  /**
   * Goes on behind the hole, as soon as that is `enough` seconds behind the live
   * edge. Call it some times a second while {@link holding}.
   */
  tryResume(enough: number): void {
    const details = this.hls.latestLevelDetails;
    if (!this.held || this.away || this.soundAway || !details) return;
    const edge = details.edge + details.age;
    const sound = this.hls.audioTracks[this.hls.audioTrack]?.details;
    const from = mediaFrom(details, Math.max(edge - enough, this.holeEnd(details)));
    const heard = sound && from !== null ? mediaFrom(sound, from) : from;
    if (from === null || heard === null || heard > edge - enough) return;
    const { video } = this;
    // A player that has loaded nothing yet begins by itself, near the edge.
    if (video.readyState > 0 && video.currentTime < heard + inside) video.currentTime = heard + inside;
    this.release();
  }

  /** Returns where the newest hole ends, or 0. */
  private holeEnd(details: LevelDetails): number {
    const pieces: (Part | Fragment)[] = [...details.fragments, ...(details.partList ?? [])];
    return pieces.reduce((end, p) => (p.gap ? Math.max(end, p.end) : end), 0);
  }
}
