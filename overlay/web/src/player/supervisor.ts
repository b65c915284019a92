import { delay } from '../playback/backoff';
import { type Engine, type EngineEvents, noStats, type Quality, type Stats } from '../playback/engine';
import { HlsEngine } from '../playback/hls';
import { NativeEngine } from '../playback/native';
import { Poll, readStatus, type Status } from '../playback/status';
import type { CurtainView } from './curtain';

/** How often the server is asked (ms): while something is awaited, and while all is well. */
const askSoon = 2000;
const askSeldom = 10_000;
const askLimit = 8000;

/** Without a picture for this long (ms) the viewer is told why: sooner if the stream says so itself. */
const patience = 1200;
const patienceAway = 300;

/** What a supervisor tells the element it works for. */
export interface SupervisorEvents {
  /** The curtain changed, or was raised (null). */
  curtain(kind: CurtainView['kind'] | null): void;
  status(s: Status): void;
  qualities(list: Quality[]): void;
  cue(pts: number, json: string): void;
  /** A new playback begins, or the old one is over: its cues are worth nothing any more. */
  reset(): void;
}

/** Makes the engine that this browser can run. */
function makeEngine(video: HTMLVideoElement, src: string, events: EngineEvents, quality: string): Engine | null {
  if (HlsEngine.supported) return new HlsEngine(video, src, events, quality);
  return NativeEngine.supported(video) ? new NativeEngine(video, src, events) : null;
}

/**
 * Keeps a channel playing for as long as there is something to play, whatever
 * happens: starts at once, waits off air, sits out an encoder's drop, replaces an
 * engine that broke, and starts the next show. It never gives up.
 */
export class Supervisor {
  private engine: Engine | null = null;
  private last: Status | null = null;
  private silent = false; // the server does not answer
  private missing = false; // it knows no such channel
  private stopped = false;
  private suspect = true; // something may be wrong: ask soon
  private away = false;
  private played = false; // at the last look
  private tries = 0; // since something played
  private show = '';
  private overShow = '';
  private restart: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setInterval> | undefined;
  private moved = { time: -1, at: 0 };
  private kind: CurtainView['kind'] | null = 'loading';
  private readonly poll = new Poll((signal) => this.ask(signal), askLimit);

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly src: string,
    private readonly statusURL: string,
    private quality: string,
    private readonly events: SupervisorEvents,
  ) {}

  start(): void {
    this.play();
    this.poll.start();
    this.watch = setInterval(() => this.look(), 250);
    this.video.addEventListener('ended', this.onEnded);
    this.events.curtain(this.kind);
  }

  stop(): void {
    this.stopped = true;
    this.poll.stop();
    clearInterval(this.watch);
    this.video.removeEventListener('ended', this.onEnded);
    this.close();
  }

  goLive(): void {
    this.engine?.goLive();
  }

  seek(by: number): void {
    this.engine?.seek(by);
  }

  select(quality: string): void {
    this.quality = quality;
    this.engine?.select(quality);
  }

  get stats(): Stats {
    return this.engine?.stats() ?? noStats;
  }

  /** What the server last said, or null if it said nothing yet. */
  get status(): Status | null {
    return this.last;
  }

  private play(): void {
    this.close();
    const engine = makeEngine(this.video, this.src, {
      cue: (pts, json) => this.events.cue(pts, json),
      qualities: (list) => this.events.qualities(list),
      unavailable: () => this.over(),
      trouble: () => this.doubt(),
      gap: (away) => { this.away = away; this.doubt(); },
      broken: () => { this.close(); this.playSoon(); },
    }, this.quality);
    if (!engine) return;
    this.engine = engine;
    this.show = this.last?.show ?? '';
    this.moved = { time: -1, at: performance.now() };
    this.events.reset();
    engine.start();
    this.video.play().catch(() => undefined); // autoplay refused: the play button is there
  }

  /** Plays after a while that grows with each try that showed nothing. */
  private playSoon(): void {
    this.restart ??= setTimeout(() => this.play(), this.tries === 0 ? 0 : delay(this.tries - 1));
    this.tries++;
    this.doubt();
  }

  private close(): void {
    clearTimeout(this.restart);
    this.restart = undefined;
    this.engine?.destroy();
    this.engine = null;
    this.away = false;
  }

  /** There is nothing to play for now: the server knows why. */
  private over(): void {
    this.close();
    this.events.reset();
    this.doubt();
    this.decide();
  }

  /** Asks the server soon, and until all is well again. */
  private doubt(): void {
    if (this.suspect) return;
    this.suspect = true;
    this.poll.now();
  }

  private async ask(signal: AbortSignal): Promise<number> {
    try {
      const r = await fetch(this.statusURL, { signal, cache: 'no-store' });
      this.missing = r.status === 404;
      const s = r.ok ? readStatus(await r.json()) : null;
      this.silent = s === null;
      if (s) this.last = s;
    } catch {
      this.silent = true;
    }
    if (this.stopped) return 0;
    if (this.last) this.events.status(this.last);
    this.decide();
    const calm = this.last?.state === 'live' && !this.silent && this.playing();
    if (calm) this.suspect = false;
    return calm ? askSeldom : askSoon;
  }

  /** Starts what should play and does not, and ends what is over. */
  private decide(): void {
    const s = this.last;
    if (!s) return;
    const onAir = s.state === 'live' || s.state === 'waiting';
    if (!onAir && !this.engine) this.overShow = ''; // the server knows that it is over, too
    const over = s.show !== '' && s.show === this.overShow;
    if (onAir && !over && !this.engine && this.restart === undefined) this.playSoon();
    if (onAir && this.engine && this.show === '') this.show = s.show;
    // The next show is on already. What is left of the last one, perhaps only its
    // encoder's absence, would never end by itself.
    if (onAir && this.engine && s.show !== '' && s.show !== this.show && !this.playing()) this.play();
    this.look();
  }

  private playing(): boolean {
    return this.moved.time > 0 && performance.now() - this.moved.at < (this.away ? patienceAway : patience);
  }

  private readonly onEnded = (): void => {
    this.overShow = this.show;
    this.over();
  };

  /** Watches whether the picture moves, and says why if it does not. */
  private look(): void {
    const { video } = this;
    const now = performance.now();
    if (this.engine && (video.currentTime !== this.moved.time || (video.paused && video.readyState >= 2))) {
      if (video.readyState >= 2) this.moved = { time: video.currentTime, at: now };
    }
    const playing = this.playing();
    if (playing) {
      this.tries = 0;
    } else if (this.engine && now - this.moved.at > patience) {
      this.doubt();
      if (this.played) this.poll.now();
      if (this.last?.state === 'off' || this.last?.state === 'ended') {
        this.overShow = this.show;
        this.close();
        this.events.reset();
      }
    }
    this.played = playing;
    const kind = this.curtain();
    if (kind !== this.kind) {
      this.kind = kind;
      this.events.curtain(kind);
    }
  }

  private curtain(): CurtainView['kind'] | null {
    const s = this.last;
    if (this.engine && this.playing()) return null;
    if (this.missing) return 'missing';
    if (this.silent) return 'lost';
    if (!this.engine && s && (s.state === 'off' || s.state === 'ended')) return s.state;
    if (s?.state === 'waiting' || this.away) return 'waiting';
    return this.kind === 'waiting' ? 'waiting' : 'loading'; // the host is back, the picture almost
  }
}
