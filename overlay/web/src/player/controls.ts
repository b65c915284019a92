import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import type { Quality, Stats } from '../playback/engine';
import { expand, pause, play, shrink, silent, sound } from '../theme/icons';
import { base } from '../theme/tokens';

/** What the controls show. */
export interface ControlsView {
  paused: boolean;
  muted: boolean;
  volume: number;
  fullscreen: boolean;
  /** False if the viewer is further behind than live viewers are. */
  atEdge: boolean;
  qualities: Quality[];
  quality: string;
}

/** What a viewer asked for by the controls or the keyboard. */
export type Wish =
  | { do: 'play' | 'mute' | 'live' | 'fullscreen' | 'figures' }
  | { do: 'volume'; to: number }
  | { do: 'louder' | 'seek'; by: number }
  | { do: 'quality'; name: string };

const volumeStep = 0.1;
const seekStep = 5;

/** Which wish a key stands for, or null. */
export function keyWish(key: string): Wish | null {
  switch (key) {
    case ' ':
    case 'k': return { do: 'play' };
    case 'm': return { do: 'mute' };
    case 'f': return { do: 'fullscreen' };
    case 'l': return { do: 'live' };
    case 'i': return { do: 'figures' };
    case 'ArrowUp': return { do: 'louder', by: volumeStep };
    case 'ArrowDown': return { do: 'louder', by: -volumeStep };
    case 'ArrowLeft': return { do: 'seek', by: -seekStep };
    case 'ArrowRight': return { do: 'seek', by: seekStep };
    default: return null;
  }
}

/** The figures of playback in one line a person can read out to support. */
export function figures(s: Stats): string {
  const modes = { ll: 'low latency', plain: 'plain HLS', native: 'browser', none: 'not playing' };
  return [
    modes[s.mode],
    `${s.latency.toFixed(2)} s behind (aim ${s.target.toFixed(2)})`,
    `buffer ${s.bufferAhead.toFixed(2)} s`,
    `speed ${s.rate.toFixed(2)}`,
    `${s.stalls} stalls`,
    `${s.droppedFrames} frames dropped`,
    `first frame ${Math.round(s.firstFrameMs)} ms`,
    s.quality,
  ].filter(Boolean).join(' · ');
}

/** The bar below the video. It asks by a `wish` event and does nothing itself. */
export class VitrineControls extends LitElement {
  static override properties = { view: { attribute: false } };
  declare view: ControlsView | null;

  static override styles = [
    base,
    css`
      :host {
        display: block;
        padding: var(--v-6) var(--v-2) var(--v-1);
        background: linear-gradient(transparent, rgb(0 0 0 / 0.72));
        font-family: var(--v-font);
        color: #fff;
      }
      .bar {
        display: flex;
        align-items: center;
        gap: var(--v-1);
      }
      .space {
        flex: 1;
      }
      button,
      select {
        min-inline-size: var(--v-target);
        block-size: var(--v-target);
        padding: 0 var(--v-2);
        border: 0;
        border-radius: var(--v-radius-s);
        background: none;
        font-size: var(--v-text-s);
      }
      button {
        display: inline-grid;
        grid-auto-flow: column;
        place-items: center;
        gap: var(--v-2);
      }
      button:hover,
      select:hover {
        background: rgb(255 255 255 / 0.16);
      }
      select {
        max-inline-size: 9rem;
        appearance: none;
        text-align: center;
        text-align-last: center;
        text-overflow: ellipsis;
      }
      option {
        background: var(--v-surface);
        color: var(--v-ink);
      }
      .live {
        font-weight: 700;
        letter-spacing: 0.02em;
        white-space: nowrap;
      }
      .dot {
        inline-size: 0.55rem;
        block-size: 0.55rem;
        border-radius: 50%;
        background: var(--v-ink-2);
      }
      .live.edge .dot {
        background: var(--v-live);
      }
      input[type='range'] {
        inline-size: 5rem;
        block-size: var(--v-target);
        margin: 0;
        accent-color: #fff;
        background: none;
      }
      .volume {
        display: flex;
        align-items: center;
      }
      @container (max-width: 30rem) {
        input[type='range'] {
          display: none;
        }
      }
      @container (max-width: 17rem) {
        select {
          display: none;
        }
        button {
          min-inline-size: 2rem;
          padding: 0 var(--v-1);
        }
      }
    `,
  ];

  constructor() {
    super();
    this.view = null;
  }

  override render(): TemplateResult | typeof nothing {
    const v = this.view;
    if (!v) return nothing;
    const loudness = v.muted ? 0 : v.volume;
    return html`<div class="bar" role="group" aria-label="Player controls">
      ${this.button({ do: 'play' }, v.paused ? 'Play (space)' : 'Pause (space)', v.paused ? play : pause)}
      <div class="volume">
        ${this.button({ do: 'mute' }, loudness === 0 ? 'Sound on (M)' : 'Mute (M)', loudness === 0 ? silent : sound)}
        <input type="range" min="0" max="1" step="0.05" .value=${String(loudness)}
          aria-label="Volume" title="Volume (arrow up, arrow down)"
          @input=${(e: Event) => this.wish({ do: 'volume', to: Number((e.target as HTMLInputElement).value) })} />
      </div>
      <button class="live ${v.atEdge ? 'edge' : ''}" title="Back to live (L)"
        aria-label=${v.atEdge ? 'Live' : 'Back to live (L)'} @click=${() => this.wish({ do: 'live' })}>
        <span class="dot"></span>${v.atEdge ? 'Live' : 'Back to live'}
      </button>
      <span class="space"></span>
      ${v.qualities.length > 1 ? this.qualities(v) : nothing}
      ${this.button({ do: 'fullscreen' }, v.fullscreen ? 'Leave full screen (F)' : 'Full screen (F)', v.fullscreen ? shrink : expand)}
    </div>`;
  }

  private qualities(v: ControlsView): TemplateResult {
    return html`<select aria-label="Picture quality" title="Picture quality"
      @change=${(e: Event) => this.wish({ do: 'quality', name: (e.target as HTMLSelectElement).value })}>
      <option value="auto" ?selected=${v.quality === 'auto'}>Auto</option>
      ${v.qualities.map((q) => html`<option value=${q.name} ?selected=${v.quality === q.name}>${q.label}</option>`)}
    </select>`;
  }

  private button(wish: Wish, label: string, icon: TemplateResult): TemplateResult {
    return html`<button title=${label} aria-label=${label} @click=${() => this.wish(wish)}>${icon}</button>`;
  }

  private wish(wish: Wish): void {
    this.dispatchEvent(new CustomEvent<Wish>('wish', { detail: wish }));
  }
}
