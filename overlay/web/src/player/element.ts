import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { readCue } from '../cue/cue';
import { type CueEvent, CueScheduler } from '../cue/scheduler';
import { CueTimeline, type Shown } from '../cue/timeline';
import { noStats, type Quality, type Stats } from '../playback/engine';
import type { Status } from '../playback/status';
import { Shelf } from '../shelf/shelf';
import { silent } from '../theme/icons';
import { base, tokens } from '../theme/tokens';
import { sentence, type CardView } from './card';
import { figures, keyWish, type Wish } from './controls';
import type { CurtainView } from './curtain';
import { playerStyle } from './style';
import { Supervisor } from './supervisor';

/** The controls hide when nothing was touched for this long (ms). */
const idleAfter = 3000;

/** Further behind the target than this (s), "back to live" is offered. */
const behindBy = 2;

/** Where the server is: whoever loaded this module from it is served by it. */
const server = `${new URL(import.meta.url).origin}/`;

/**
 * `<vitrine-player channel="demo">` or `<vitrine-player src="…/live/demo/index.m3u8">`.
 *
 * Attributes: `channel` or `src`; `quality` (a rendition's name, default auto);
 * `fill` (fills the window, takes its keys); `bare` (no controls, for previews).
 * Each change of a card dispatches a `vitrine-cue` event whose detail is a
 * {@link CueEvent}; `stats` has the figures of playback; `status` events tell
 * what the server says of the channel.
 */
export class VitrinePlayer extends LitElement {
  static override properties = {
    src: {}, channel: {}, quality: {},
    fill: { type: Boolean }, bare: { type: Boolean, reflect: true },
    cards: { state: true }, curtain: { state: true }, status: { state: true }, qualities: { state: true },
    wide: { state: true }, idle: { state: true }, figuresShown: { state: true }, revision: { state: true }, said: { state: true },
  };
  declare src: string;
  declare channel: string;
  declare quality: string;
  declare fill: boolean;
  declare bare: boolean;
  declare private cards: readonly Shown[];
  declare private curtain: CurtainView['kind'] | null;
  declare status: Status | null;
  declare private qualities: Quality[];
  /** The picture is wider than high. */
  declare private wide: boolean;
  declare private idle: boolean;
  declare private figuresShown: boolean;
  declare private revision: number;
  declare private said: string;

  static override styles = [tokens, base, playerStyle];

  private readonly timeline = new CueTimeline();
  private readonly scheduler = new CueScheduler(this.timeline, (on, events) => this.onCards(on, events));
  private supervisor: Supervisor | null = null;
  private shelf: Shelf | null = null;
  private idleTimer: ReturnType<typeof setTimeout> | undefined;
  private refresh: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.src = '';
    this.channel = '';
    this.quality = 'auto';
    this.fill = false;
    this.bare = false;
    this.cards = [];
    this.curtain = 'loading';
    this.status = null;
    this.qualities = [];
    this.wide = false;
    this.idle = false;
    this.figuresShown = false;
    this.revision = 0;
    this.said = '';
  }

  /** The figures of playback, at this instant. */
  get stats(): Stats {
    return this.supervisor?.stats ?? noStats;
  }

  /** The video element inside. */
  get video(): HTMLVideoElement {
    return this.renderRoot.querySelector('video')!;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    (this.fill ? document : this).addEventListener('keydown', this.onKey as EventListener);
    document.addEventListener('fullscreenchange', this.onChange);
    if (!this.fill && !this.bare && !this.hasAttribute('tabindex')) this.tabIndex = 0;
    this.refresh = setInterval(this.onChange, 1000);
    if (this.hasUpdated) this.open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.onKey);
    this.removeEventListener('keydown', this.onKey);
    document.removeEventListener('fullscreenchange', this.onChange);
    clearInterval(this.refresh);
    clearTimeout(this.idleTimer);
    this.close();
  }

  protected override firstUpdated(): void {
    this.video.muted = true; // the attribute alone does not mute a video made by script
    this.open();
  }

  protected override updated(changed: PropertyValues): void {
    if (this.supervisor && ((changed.has('src') && changed.get('src') !== undefined) ||
      (changed.has('channel') && changed.get('channel') !== undefined))) this.open();
  }

  private get playlist(): string {
    if (this.src !== '') return new URL(this.src, document.baseURI).href;
    return this.channel === '' ? '' : new URL(`live/${encodeURIComponent(this.channel)}/index.m3u8`, server).href;
  }

  private open(): void {
    this.close();
    const playlist = this.playlist;
    if (playlist === '') return;
    const beside = (name: string): string => new URL(name, playlist).href;
    this.shelf = new Shelf(beside('shelf.json'), () => { this.revision++; });
    this.supervisor = new Supervisor(this.video, playlist, beside('status.json'), this.quality, {
      curtain: (kind) => { this.curtain = kind; },
      status: (s) => this.onStatus(s),
      qualities: (list) => { this.qualities = list; },
      cue: (pts, json) => this.onCue(pts, json),
      reset: () => { this.timeline.clear(); this.scheduler.clear(); },
    });
    this.scheduler.attach(this.video);
    this.supervisor.start();
  }

  private close(): void {
    this.scheduler.detach();
    this.supervisor?.stop();
    this.supervisor = null;
  }

  private onStatus(s: Status): void {
    this.status = s;
    this.dispatchEvent(new CustomEvent<Status>('status', { detail: s }));
  }

  private onCue(pts: number, json: string): void {
    const cue = readCue(json);
    if (!cue || !this.timeline.add(pts, cue)) return;
    if (cue.type === 'show' && cue.item.product) this.shelf?.learn(cue.item.product);
    else if (cue.type === 'state') for (const item of cue.on) this.shelf?.find(item.no, item.sku);
  }

  private onCards(on: readonly Shown[], events: CueEvent[]): void {
    this.cards = on;
    const newest = on.at(-1);
    this.said = newest ? `On show: ${sentence(this.card(newest))}` : '';
    for (const detail of events) {
      this.dispatchEvent(new CustomEvent<CueEvent>('vitrine-cue', { detail, bubbles: true, composed: true }));
    }
  }

  private card(s: Shown): CardView {
    return { no: s.no, product: this.shelf?.find(s.no, s.sku) ?? s.product ?? null, offer: s.offer, soldOut: s.soldOut };
  }

  private readonly onChange = (): void => this.requestUpdate();

  private readonly onSize = (): void => {
    const { videoWidth: w, videoHeight: h } = this.video;
    if (h === 0) return;
    this.style.setProperty('--v-ratio', (w / h).toFixed(4));
    this.wide = w > h;
  };

  private readonly onTouch = (): void => {
    this.idle = false;
    clearTimeout(this.idleTimer);
    this.idleTimer = setTimeout(() => { this.idle = !this.video.paused; }, idleAfter);
  };

  private readonly onKey = (e: KeyboardEvent): void => {
    const at = e.composedPath()[0];
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || this.bare) return;
    if (at instanceof HTMLSelectElement || at instanceof HTMLInputElement) return;
    if (e.key === ' ' && (at instanceof HTMLButtonElement || at instanceof HTMLAnchorElement)) return;
    const wish = keyWish(e.key);
    if (!wish) return;
    e.preventDefault();
    this.onTouch();
    this.grant(wish);
  };

  private grant(wish: Wish): void {
    const { video } = this;
    switch (wish.do) {
      case 'play':
        if (video.paused) void video.play().then(() => this.supervisor?.goLive(), () => undefined);
        else video.pause();
        break;
      case 'mute':
        this.loudness(video.muted || video.volume === 0, video.volume || 0.5);
        break;
      case 'volume':
        this.loudness(wish.to > 0, wish.to);
        break;
      case 'louder': {
        const to = Math.min(1, Math.max(0, (video.muted ? 0 : video.volume) + wish.by));
        this.loudness(to > 0, to);
        break;
      }
      case 'seek':
        this.supervisor?.seek(wish.by);
        break;
      case 'live':
        this.supervisor?.goLive();
        void video.play().catch(() => undefined);
        break;
      case 'quality':
        this.quality = wish.name;
        this.supervisor?.select(wish.name);
        break;
      case 'fullscreen':
        void (document.fullscreenElement ? document.exitFullscreen() : this.requestFullscreen()).catch(() => undefined);
        break;
      case 'figures':
        this.figuresShown = !this.figuresShown;
        break;
    }
    this.requestUpdate();
  }

  private loudness(on: boolean, volume: number): void {
    this.video.muted = !on;
    if (on) this.video.volume = volume;
  }

  protected override render(): TemplateResult {
    const { curtain, status } = this;
    const playing = curtain === null || curtain === 'waiting' || curtain === 'lost';
    return html`<div class="frame ${this.wide ? 'wide' : ''} ${this.idle ? 'idle' : ''}" @pointermove=${this.onTouch} @pointerdown=${this.onTouch} @focusin=${this.onTouch}>
      <video playsinline muted preload="auto" aria-label=${status?.title || 'Live video'}
        @play=${this.onChange} @pause=${this.onChange} @volumechange=${this.onChange} @resize=${this.onSize} @click=${this.onTouch}></video>
      ${curtain ? html`<vitrine-curtain class=${curtain} .view=${this.curtainView(curtain)}></vitrine-curtain>` : nothing}
      <div class="cards">${playing ? this.renderCards() : nothing}</div>
      <div class="said" aria-live="polite">${this.said}</div>
      ${playing ? this.renderChrome() : nothing}
      ${this.figuresShown ? html`<p class="figures">${figures(this.stats)}</p>` : nothing}
    </div>`;
  }

  private curtainView(kind: CurtainView['kind']): CurtainView {
    const s = this.status;
    return { kind, title: s?.title ?? '', poster: s?.poster ?? '', startsAt: s?.startsAt ?? null };
  }

  private renderCards(): unknown {
    const newest = this.cards.length - 1;
    return repeat(this.cards, (s) => `${s.no}:${s.id}`, (s, i) =>
      html`<vitrine-card .view=${this.card(s)} ?compact=${this.bare || i < newest}></vitrine-card>`);
  }

  private renderChrome(): TemplateResult {
    const { video } = this.hasUpdated ? this : { video: null };
    const { latency, target } = this.stats;
    const atEdge = !video?.paused && !(latency > target + behindBy);
    return html`
      <div class="top">
        <div class="heading">
          <span class="badge ${atEdge ? '' : 'behind'}">LIVE</span>
          <p class="name" dir="auto">${this.status?.title}</p>
        </div>
        ${video?.muted && !this.bare
          ? html`<button class="unmute" @click=${() => this.grant({ do: 'mute' })}>${silent} Tap for sound</button>`
          : nothing}
      </div>
      <vitrine-controls @wish=${(e: CustomEvent<Wish>) => this.grant(e.detail)} .view=${{
        paused: video?.paused ?? true,
        muted: video?.muted ?? true,
        volume: video?.volume ?? 1,
        fullscreen: document.fullscreenElement === this,
        atEdge,
        qualities: this.qualities,
        quality: this.quality,
      }}></vitrine-controls>
    `;
  }
}
