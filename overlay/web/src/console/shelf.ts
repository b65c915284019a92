import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Product } from '../shelf/product';
import { formatPrice } from '../shelf/price';
import { search } from '../theme/icons';
import { base } from '../theme/tokens';
import type { Desk, Mark } from './desk';

/** From this many products on there is a search field. */
const searchFrom = 10;

/** Tells whether a product is meant by what was typed: its number, or words of its title or sku. */
export function matches(p: Product, typed: string): boolean {
  const words = typed.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const hay = `${p.title} ${p.sku}`.toLocaleLowerCase();
  return words.every((w) => String(p.no).startsWith(w) || hay.includes(w));
}

const labels: Record<Mark, string> = { off: '', on: 'On show', showing: 'Showing…', hiding: 'Hiding…', failed: 'Not done' };

/** The shelf as big numbered tiles: a tap shows a product, another tap hides it. */
export class VitrineShelf extends LitElement {
  static override properties = {
    products: { attribute: false }, desk: { attribute: false }, enabled: { type: Boolean },
    pending: {}, revision: { attribute: false }, typed: { state: true }, broken: { state: true },
  };
  declare products: Product[] | null;
  declare desk: Desk | null;
  declare enabled: boolean;
  /** Digits typed so far, while another one may follow. */
  declare pending: string;
  declare revision: number;
  declare private typed: string;
  declare private broken: ReadonlySet<string>;

  static override styles = [
    base,
    css`
      :host {
        display: block;
        min-inline-size: 0;
      }
      .find {
        position: relative;
        margin-block-end: var(--v-3);
      }
      .find svg {
        position: absolute;
        inset-block-start: 0.7rem;
        inset-inline-start: var(--v-3);
        inline-size: 1.25rem;
        block-size: 1.25rem;
        color: var(--v-ink-2);
        pointer-events: none;
      }
      input {
        inline-size: 100%;
        min-block-size: var(--v-target);
        padding: 0 var(--v-3);
        padding-inline-start: 2.6rem;
        border: 1px solid var(--v-line);
        border-radius: var(--v-radius);
        background: var(--v-surface);
        font-size: var(--v-text-m);
      }
      input::placeholder {
        color: var(--v-ink-2);
        opacity: 1;
      }
      .tiles {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(8rem, 100%), 1fr));
        gap: var(--v-2);
        margin: 0;
        padding: 0;
        list-style: none;
      }
      @media (min-width: 60rem) {
        .tiles {
          grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr));
          gap: var(--v-3);
        }
      }
      li {
        display: grid;
      }
      .tile {
        position: relative;
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        grid-template-rows: auto 1fr auto;
        gap: var(--v-1) var(--v-2);
        min-block-size: 8.5rem;
        padding: var(--v-3);
        border: 1px solid var(--v-line);
        border-radius: var(--v-radius);
        background: var(--v-surface);
        text-align: start;
        touch-action: manipulation;
      }
      .tile:not(:disabled):hover {
        background: var(--v-raised);
      }
      .tile:not(:disabled):active {
        transform: scale(0.98);
      }
      .tile:disabled {
        cursor: default;
        background: none;
        color: var(--v-ink-2);
      }
      .tile:disabled img {
        opacity: 0.6;
      }
      .no {
        font-size: var(--v-text-xl);
        font-weight: 800;
        font-variant-numeric: tabular-nums;
        line-height: 1.1;
        letter-spacing: -0.02em;
      }
      img {
        inline-size: 2.75rem;
        block-size: 2.75rem;
        border-radius: var(--v-radius-s);
        object-fit: cover;
        background: var(--v-raised);
      }
      .title {
        grid-column: 1 / -1;
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow: hidden;
        align-self: start;
        font-size: var(--v-text-s);
        line-height: 1.35;
        overflow-wrap: anywhere;
      }
      .foot {
        grid-column: 1 / -1;
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 0 var(--v-2);
        color: var(--v-ink-2);
        font-size: var(--v-text-s);
        font-variant-numeric: tabular-nums;
      }
      .mark {
        font-weight: 700;
      }
      .on,
      .hiding {
        border-color: var(--v-accent);
        background: var(--v-accent);
        color: var(--v-on-accent);
      }
      .on.tile:not(:disabled):hover {
        background: color-mix(in srgb, var(--v-accent), white 15%);
      }
      .on .foot,
      .hiding .foot {
        color: inherit;
      }
      .hiding,
      .showing {
        border-style: dashed;
      }
      .hiding {
        opacity: 0.7;
      }
      .showing {
        border-color: var(--v-accent);
        box-shadow: inset 0 0 0 1px var(--v-accent);
      }
      .showing .mark {
        color: var(--v-accent);
      }
      .failed {
        border-color: var(--v-bad);
        box-shadow: inset 0 0 0 1px var(--v-bad);
      }
      .failed .mark {
        color: var(--v-bad);
      }
      .meant {
        outline: 2px solid var(--v-ink);
        outline-offset: 2px;
      }
      .none {
        margin: 0;
        padding: var(--v-5) var(--v-4);
        border: 1px dashed var(--v-line);
        border-radius: var(--v-radius);
        color: var(--v-ink-2);
        line-height: 1.5;
        text-align: center;
      }
    `,
  ];

  constructor() {
    super();
    this.products = null;
    this.desk = null;
    this.enabled = false;
    this.pending = '';
    this.revision = 0;
    this.typed = '';
    this.broken = new Set();
  }

  /** Goes to the search field. Returns false if there is none. */
  find(): boolean {
    const field = this.renderRoot.querySelector('input');
    field?.focus();
    return field !== null;
  }

  protected override render(): TemplateResult {
    const { products } = this;
    if (products === null) return html`<p class="none">Loading the shelf…</p>`;
    if (products.length === 0) {
      return html`<p class="none">The shelf is empty. Name a catalogue file for this channel in vitrine.yaml, or send one to the API.</p>`;
    }
    const found = products.filter((p) => matches(p, this.typed));
    return html`
      ${products.length < searchFrom ? nothing : this.field(products.length)}
      ${found.length === 0 ? html`<p class="none" role="status">Nothing on the shelf matches “${this.typed}”.</p>` : nothing}
      <ul class="tiles">${repeat(found, (p) => p.no, (p) => html`<li>${this.tile(p)}</li>`)}</ul>
    `;
  }

  private field(n: number): TemplateResult {
    return html`<div class="find">${search}
      <input type="search" .value=${this.typed} placeholder="Find among ${n} products" aria-label="Find a product (slash)"
        @input=${(e: Event) => { this.typed = (e.target as HTMLInputElement).value; }}
        @keydown=${this.onFieldKey} />
    </div>`;
  }

  private onFieldKey(e: KeyboardEvent): void {
    const field = e.target as HTMLInputElement;
    if (e.key === 'Escape') {
      this.typed = '';
      field.blur();
    }
    if (e.key !== 'Enter' || this.typed.trim() === '' || !this.products) return;
    const found = this.products.filter((p) => matches(p, this.typed));
    const exact = found.find((p) => String(p.no) === this.typed.trim());
    const meant = exact ?? (found.length === 1 ? found[0] : undefined);
    if (!meant || !this.enabled) return;
    this.typed = '';
    field.blur();
    void this.desk?.toggle(meant.no);
  }

  private tile(p: Product): TemplateResult {
    const mark = this.desk?.mark(p.no) ?? 'off';
    const shown = mark === 'on' || mark === 'hiding';
    const image = p.image !== '' && !this.broken.has(p.image);
    return html`<button class="tile ${mark} ${this.pending === String(p.no) ? 'meant' : ''}"
      ?disabled=${!this.enabled} aria-pressed=${shown} aria-busy=${mark === 'showing' || mark === 'hiding'}
      title=${p.title} @click=${() => void this.desk?.toggle(p.no)}>
      <span class="no">${p.no}</span>
      ${image ? html`<img src=${p.image} alt="" loading="lazy" decoding="async"
        @error=${() => { this.broken = new Set(this.broken).add(p.image); }} />` : html`<span></span>`}
      <span class="title" dir="auto">${p.title || p.sku}</span>
      <span class="foot"><span>${formatPrice(p.price, p.currency)}</span><span class="mark">${labels[mark]}</span></span>
    </button>`;
  }
}
