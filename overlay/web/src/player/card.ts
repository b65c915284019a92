import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import type { Offer, Product } from '../shelf/product';
import { formatPrice } from '../shelf/price';
import { forward } from '../theme/icons';
import { base } from '../theme/tokens';

/** What a card shows: a number always, the rest as far as it is known. */
export interface CardView {
  no: number;
  product: Product | null;
  offer?: Offer | undefined;
  soldOut?: boolean | undefined;
}

/** Says a card in one sentence, for those who hear it. */
export function sentence(v: CardView, locale?: string): string {
  const p = v.product;
  const price = p ? formatPrice(v.offer?.price ?? p.price, p.currency, locale) : '';
  return [`Number ${v.no}`, p?.title, v.soldOut ? 'sold out' : price].filter(Boolean).join(', ');
}

/** The product on show. It is one link to the shop, or plain where there is none. */
export class VitrineCard extends LitElement {
  static override properties = {
    view: { attribute: false },
    compact: { type: Boolean, reflect: true },
    broken: { state: true },
  };
  declare view: CardView | null;
  declare compact: boolean;
  declare broken: string;

  static override styles = [
    base,
    css`
      :host {
        display: block;
        container-type: inline-size;
        font-family: var(--v-font);
        color: var(--v-print);
      }
      .card {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: center;
        gap: var(--v-3);
        min-height: 6rem;
        padding: var(--v-2);
        padding-inline-end: var(--v-3);
        border-radius: var(--v-radius);
        background: var(--v-paper);
        box-shadow: var(--v-shadow);
        color: inherit;
        text-decoration: none;
      }
      .picture {
        position: relative;
        display: grid;
        place-items: center;
        inline-size: 5rem;
        block-size: 5rem;
        border-radius: var(--v-radius-s);
        background: var(--v-paper-2);
        color: var(--v-print-2);
        overflow: hidden;
      }
      img {
        inline-size: 100%;
        block-size: 100%;
        object-fit: cover;
      }
      .blank {
        background: var(--v-accent);
      }
      .no {
        position: absolute;
        inset-block-start: 0;
        inset-inline-start: 0;
        min-inline-size: 1.75rem;
        padding: 0.1rem 0.4rem;
        border-end-end-radius: var(--v-radius-s);
        background: var(--v-accent);
        color: var(--v-on-accent);
        font-size: var(--v-text-m);
        font-weight: 800;
        font-variant-numeric: tabular-nums;
        line-height: 1.35;
        text-align: center;
      }
      .blank .no {
        position: static;
        background: none;
        font-size: 2.25rem;
        line-height: 1;
        letter-spacing: -0.03em;
      }
      .words {
        min-inline-size: 0;
      }
      .title {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow: hidden;
        font-size: var(--v-text-m);
        font-weight: 600;
        line-height: 1.3;
        overflow-wrap: break-word;
        hyphens: auto;
      }
      .price {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 var(--v-2);
        margin-block-start: var(--v-1);
        font-size: var(--v-text-l);
        font-weight: 800;
        font-variant-numeric: tabular-nums;
        line-height: 1.2;
      }
      s,
      .left {
        color: var(--v-print-2);
        font-size: var(--v-text-s);
        font-weight: 500;
      }
      .gone .picture img {
        filter: grayscale(1);
        opacity: 0.6;
      }
      .go {
        display: grid;
        place-items: center;
        inline-size: 2.25rem;
        block-size: 2.25rem;
        border-radius: 50%;
        background: var(--v-print);
        color: var(--v-paper);
      }
      .go svg {
        inline-size: 1.1rem;
        block-size: 1.1rem;
      }
      :host(:dir(rtl)) .go svg {
        transform: scaleX(-1);
      }
      a.card:hover .go {
        background: var(--v-accent);
        color: var(--v-on-accent);
      }
      :host([compact]) .card {
        min-height: 3.25rem;
        gap: var(--v-2);
        padding: var(--v-1);
        padding-inline-end: var(--v-2);
      }
      :host([compact]) .picture {
        inline-size: 2.75rem;
        block-size: 2.75rem;
      }
      :host([compact]) .no {
        min-inline-size: 1.25rem;
        padding: 0 0.25rem;
        font-size: var(--v-text-xs);
      }
      :host([compact]) .blank .no {
        font-size: var(--v-text-l);
      }
      :host([compact]) .title {
        -webkit-line-clamp: 1;
        font-size: var(--v-text-s);
      }
      :host([compact]) .price {
        margin: 0;
        font-size: var(--v-text-s);
      }
      :host([compact]) .go {
        display: none;
      }
      @container (max-width: 17rem) {
        .card {
          min-height: 4.5rem;
          gap: var(--v-2);
        }
        .picture {
          inline-size: 3.5rem;
          block-size: 3.5rem;
        }
        .go {
          display: none;
        }
      }
      @container (max-width: 9rem) {
        .picture > :not(.no) {
          display: none;
        }
        .blank .no,
        :host([compact]) .blank .no {
          font-size: var(--v-text-m);
        }
        .picture,
        :host([compact]) .picture {
          inline-size: 2rem;
          block-size: 2rem;
        }
        .no {
          position: static;
          border-radius: var(--v-radius-s);
        }
      }
    `,
  ];

  constructor() {
    super();
    this.view = null;
    this.compact = false;
    this.broken = '';
  }

  override render(): TemplateResult | typeof nothing {
    const { view } = this;
    if (!view) return nothing;
    const gone = view.soldOut ? 'card gone' : 'card';
    const link = view.product?.url;
    const label = `${sentence(view, this.locale)}. Opens the shop in a new tab`;
    return link
      ? html`<a class=${gone} href=${link} target="_blank" rel="noopener" aria-label=${label}>
          ${this.inside(view)}<span class="go">${forward}</span>
        </a>`
      : html`<div class=${gone}>${this.inside(view)}</div>`;
  }

  private get locale(): string | undefined {
    return this.closest('[lang]')?.getAttribute('lang') || undefined;
  }

  private inside(view: CardView): TemplateResult {
    const p = view.product;
    const image = p && p.image !== '' && p.image !== this.broken ? p.image : '';
    return html`
      <span class="picture ${image === '' ? 'blank' : ''}">
        ${image === '' ? nothing : html`<img src=${image} alt="" decoding="async" @error=${() => { this.broken = image; }} />`}
        <span class="no">${view.no}</span>
      </span>
      <span class="words">
        <span class="title" dir="auto">${p?.title || `Number ${view.no}`}</span>
        <span class="price">${this.price(view)}</span>
      </span>
    `;
  }

  private price(view: CardView): TemplateResult | typeof nothing {
    const p = view.product;
    if (!p) return nothing;
    const full = formatPrice(p.price, p.currency, this.locale);
    if (view.soldOut) return html`<span>Sold out</span>`;
    const now = view.offer?.price ? formatPrice(view.offer.price, p.currency, this.locale) : full;
    return html`<span>${now}</span>${now === full ? nothing : html`<s>${full}</s>`}${view.offer?.left === undefined
      ? nothing
      : html`<span class="left">${view.offer.left} left</span>`}`;
  }
}
