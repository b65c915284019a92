import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base } from '../theme/tokens';

/** What stands before the video while there is none. */
export interface CurtainView {
  kind: 'off' | 'ended' | 'waiting' | 'lost' | 'missing' | 'loading';
  title: string;
  poster: string;
  startsAt: number | null;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Says how long it is until the show, from days down to seconds; empty once it is due. */
export function countdown(ms: number): string {
  if (ms <= 0) return '';
  const s = Math.ceil(ms / second);
  const two = (n: number): string => String(n).padStart(2, '0');
  const clock = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  const hours = Math.floor(s / 3600);
  if (ms < hour) return clock;
  if (ms < day) return `${hours}:${clock}`;
  const days = Math.floor(hours / 24);
  return `${days} ${days === 1 ? 'day' : 'days'} ${hours % 24} h`;
}

function when(at: number): string {
  const sameDay = new Date(at).toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(undefined, sameDay
    ? { timeStyle: 'short' }
    : { weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' }).format(at);
}

/** The poster, and in plain words what the viewer waits for. */
export class VitrineCurtain extends LitElement {
  static override properties = { view: { attribute: false }, now: { state: true }, broken: { state: true } };
  declare view: CurtainView | null;
  declare now: number;
  declare broken: string;
  private timer: ReturnType<typeof setInterval> | undefined;

  static override styles = [
    base,
    css`
      :host {
        position: absolute;
        inset: 0;
        display: grid;
        overflow: hidden;
        font-family: var(--v-font);
        color: var(--v-ink);
        text-align: center;
      }
      .veil,
      img {
        position: absolute;
        inset: 0;
        inline-size: 100%;
        block-size: 100%;
      }
      img {
        object-fit: cover;
      }
      .off .veil,
      .ended .veil {
        background: radial-gradient(ellipse at 50% 40%, rgb(15 16 19 / 0.45), rgb(15 16 19 / 0.78));
      }
      .waiting .veil,
      .lost .veil {
        background: rgb(15 16 19 / 0.72);
      }
      .stage {
        position: relative;
        display: grid;
        min-block-size: 0;
        background: radial-gradient(ellipse 90% 70% at 50% 30%, #3b3226, #1d1b1a 55%, var(--v-ground));
      }
      .waiting.stage,
      .lost.stage,
      .loading.stage {
        background: none;
      }
      .words {
        position: relative;
        place-self: center;
        display: grid;
        gap: var(--v-3);
        justify-items: center;
        inline-size: 100%;
        max-inline-size: 48rem;
        padding: var(--v-4);
      }
      h1,
      p {
        margin: 0;
        overflow-wrap: anywhere;
        text-wrap: balance;
      }
      h1 {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 4;
        overflow: hidden;
        font-size: clamp(var(--v-text-l), 6cqi, var(--v-text-xxl));
        font-weight: 750;
        line-height: 1.15;
        letter-spacing: -0.015em;
      }
      p {
        color: var(--v-ink);
        font-size: clamp(var(--v-text-s), 2.6cqi, var(--v-text-l));
        line-height: 1.4;
      }
      .badge {
        padding: 0.15rem 0.6rem;
        border-radius: var(--v-radius-s);
        background: rgb(255 255 255 / 0.14);
        font-size: var(--v-text-xs);
        font-weight: 800;
        letter-spacing: 0.06em;
        line-height: 1.6;
      }
      .small {
        color: #d6d4cf;
        font-size: clamp(var(--v-text-s), 2cqi, var(--v-text-m));
      }
      .clock {
        font-size: clamp(var(--v-text-xl), 9cqi, 4.5rem);
        font-weight: 300;
        font-variant-numeric: tabular-nums;
        letter-spacing: -0.02em;
        line-height: 1.1;
      }
      .spin {
        inline-size: 2.5rem;
        block-size: 2.5rem;
        border: 3px solid rgb(255 255 255 / 0.25);
        border-block-start-color: var(--v-ink);
        border-radius: 50%;
        animation: turn 0.9s linear infinite;
      }
      .loading .spin {
        animation: turn 0.9s linear infinite, late 0.3s 0.5s both;
      }
      @keyframes turn {
        to {
          rotate: 1turn;
        }
      }
      @keyframes late {
        from {
          opacity: 0;
        }
      }
      @container (max-height: 14rem) {
        .small,
        .badge,
        .spin {
          display: none;
        }
        .words {
          gap: var(--v-1);
        }
      }
    `,
  ];

  constructor() {
    super();
    this.view = null;
    this.now = Date.now();
    this.broken = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.timer = setInterval(() => { this.now = Date.now(); }, second);
  }

  override disconnectedCallback(): void {
    clearInterval(this.timer);
    super.disconnectedCallback();
  }

  override render(): TemplateResult | typeof nothing {
    const { view } = this;
    if (!view) return nothing;
    const withPoster = (view.kind === 'off' || view.kind === 'ended') && view.poster !== '' && view.poster !== this.broken;
    return html`<div class="stage ${view.kind}">
      ${withPoster ? html`<img src=${view.poster} alt="" @error=${() => { this.broken = view.poster; }} />` : nothing}
      <div class="veil"></div>
      <div class="words" role="status">${this.words(view)}</div>
    </div>`;
  }

  private words(view: CurtainView): TemplateResult {
    switch (view.kind) {
      case 'loading':
        return html`<span class="spin"></span><span class="said">Loading</span>`;
      case 'waiting':
        return html`<span class="spin"></span><p>The host will be right back</p>`;
      case 'lost':
        return html`<span class="spin"></span><p>Connection lost. Trying again…</p>`;
      case 'missing':
        return html`<h1>There is no channel here</h1><p class="small">Look at the address again.</p>`;
      case 'ended':
        return html`<span class="badge">ENDED</span><h1 dir="auto">The show has ended</h1>
          ${view.startsAt !== null && view.startsAt > this.now
            ? this.next(view.startsAt, 'The next one begins')
            : html`<p class="small">Leave this page open: the next show starts here by itself.</p>`}`;
      case 'off':
        return html`<span class="badge">OFF AIR</span><h1 dir="auto">${view.title || 'The show has not begun yet'}</h1>
          ${view.startsAt !== null && view.startsAt > this.now
            ? this.next(view.startsAt, 'Begins')
            : html`${view.startsAt !== null ? html`<p>About to begin.</p>` : view.title ? html`<p>Not on air yet.</p>` : nothing}
                <p class="small">Leave this page open: it starts by itself.</p>`}`;
    }
  }

  private next(at: number, begins: string): TemplateResult {
    return html`<p>${begins} ${when(at)}</p>
      <p class="clock" role="timer" aria-live="off">${countdown(at - this.now)}</p>
      <p class="small">Leave this page open: it starts by itself.</p>`;
  }
}
