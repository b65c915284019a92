import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { Poll } from '../playback/status';
import type { Product } from '../shelf/product';
import { base, tokens } from '../theme/tokens';
import { type Announcement, ApiError, ChannelApi } from './api';
import { Desk } from './desk';
import { formatElapsed, type Health, type OnShow } from './health';
import { digitPause, NumberKeys } from './keys';
import { door, header, healthList, notes, setup } from './panels';
import type { VitrineShelf } from './shelf';
import { consoleStyle, formStyle } from './style';

const askEvery = 1000;
const askLimit = 5000;

/** How many polls go by between two looks at the catalogue. */
const shelfEvery = 15;

/** Remembers whether the host wants the live picture. */
const pictureKey = 'vitrine.console.picture';

/** The host's console of one channel. */
export class VitrineConsole extends LitElement {
  static override properties = {
    channel: {}, health: { state: true }, products: { state: true }, lost: { state: true }, locked: { state: true },
    revision: { state: true }, pending: { state: true }, failure: { state: true }, picture: { state: true },
  };
  declare channel: string;
  declare private health: Health | null;
  declare private products: Product[] | null;
  declare private lost: boolean;
  declare private locked: boolean;
  declare private revision: number;
  declare private pending: string;
  declare private failure: string;
  declare private picture: boolean;

  static override styles = [tokens, base, formStyle, consoleStyle];

  private api: ChannelApi | null = null;
  private desk: Desk | null = null;
  private announcement: Announcement | null = null;
  private readonly keys = new NumberKeys();
  private keyTimer: ReturnType<typeof setTimeout> | undefined;
  private polls = 0;
  private readonly poll = new Poll((signal) => this.ask(signal), askLimit);

  constructor() {
    super();
    this.channel = '';
    this.health = null;
    this.products = null;
    this.lost = false;
    this.locked = false;
    this.revision = 0;
    this.pending = '';
    this.failure = '';
    this.picture = (localStorage.getItem(pictureKey) ?? (innerWidth >= 960 ? 'open' : '')) === 'open';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.onKey);
    clearTimeout(this.keyTimer);
    this.poll.stop();
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('channel') || this.channel === '') return;
    this.poll.stop();
    this.api = new ChannelApi(this.channel);
    this.desk = new Desk(this.api, () => { this.revision++; });
    this.poll.start();
  }

  private async ask(signal: AbortSignal): Promise<number> {
    const { api, desk } = this;
    if (!api || !desk) return askEvery;
    try {
      const h = await api.health(signal);
      if (this.products === null || this.polls++ % shelfEvery === 0) this.products = await api.products(signal);
      desk.report(h.on);
      this.revision++; // the shelf looks at the desk
      this.announcement ??= { title: h.title, poster: h.poster, starts_at: h.startsAt || null };
      this.health = h;
      this.lost = false;
      this.locked = false;
    } catch (e) {
      const status = e instanceof ApiError ? e.status : 0;
      if (status === 401 || status === 403) this.locked = true;
      else this.lost = true;
    }
    return askEvery;
  }

  private get enabled(): boolean {
    return !this.lost && (this.health?.state === 'live' || this.health?.state === 'waiting');
  }

  private readonly onKey = (e: KeyboardEvent): void => {
    const at = e.composedPath()[0];
    if (e.ctrlKey || e.metaKey || e.altKey || at instanceof HTMLInputElement || this.locked) return;
    if (e.key === '/') {
      if (this.shelf?.find()) e.preventDefault();
      return;
    }
    if (!this.enabled || !this.products) return;
    const typed = this.keys.press(e.key, e.timeStamp, this.products.map((p) => p.no));
    clearTimeout(this.keyTimer);
    this.pending = '';
    if (!typed) {
      this.keys.clear();
    } else if ('number' in typed) {
      this.choose(typed.number);
    } else {
      this.pending = typed.pending;
      this.keyTimer = setTimeout(() => {
        this.pending = '';
        const due = this.keys.due(Infinity);
        if (due !== null) this.choose(due);
      }, digitPause);
    }
  };

  private get shelf(): VitrineShelf | null {
    return this.renderRoot.querySelector('vitrine-shelf');
  }

  private choose(no: number): void {
    if (this.products?.some((p) => p.no === no)) {
      this.failure = '';
      void this.desk?.toggle(no);
    } else {
      this.failure = `There is no number ${no} on the shelf.`;
      setTimeout(() => { this.failure = ''; }, 3000);
    }
  }

  protected override render(): TemplateResult {
    const { health } = this;
    if (this.locked) return door(this.channel);
    const failed = this.desk?.failure;
    return html`
      ${header(this.channel, health, Date.now())}
      <main class=${health && !this.onAir(health) ? 'idle' : ''}>
        ${notes(this.lost, failed ? `Number ${failed.no}: ${failed.text}` : this.failure, health)}
        ${health && this.onAir(health) ? this.seen() : nothing}
        <section class="goods" aria-label="Shelf">
          <vitrine-shelf .products=${this.products} .desk=${this.desk} .revision=${this.revision}
            ?enabled=${this.enabled} .pending=${this.pending}></vitrine-shelf>
          ${this.enabled && this.products?.length ? html`<p class="keys">Keys 1 to 9 show a product, two digits quickly make 10 to 99. Again hides it. Slash finds.</p>` : nothing}
        </section>
        ${health ? this.side(health) : nothing}
      </main>
      ${this.confirm()}
    `;
  }

  private onAir(h: Health): boolean {
    return h.state === 'live' || h.state === 'waiting';
  }

  private seen(): TemplateResult {
    const on = this.desk?.on ?? [];
    return html`<section class="seen" aria-label="What viewers see">
      <h2>Viewers see</h2>
      ${on.length === 0 ? html`<p class="nothing">No product. Tap one to show it.</p>` : [...on].reverse().map((o) => this.seenRow(o))}
    </section>`;
  }

  private seenRow(o: OnShow): TemplateResult {
    const product = this.products?.find((p) => p.no === o.no) ?? null;
    const since = Number.isNaN(o.since) ? '' : formatElapsed(Date.now() - o.since);
    return html`<div class="row">
      <vitrine-card compact .view=${{ no: o.no, product: product && { ...product, url: '' } }}></vitrine-card>
      <button class="plain" ?disabled=${!this.enabled} title="Take number ${o.no} off" @click=${() => void this.desk?.toggle(o.no)}>
        Hide<span class="time">${since}</span>
      </button>
    </div>`;
  }

  private side(h: Health): TemplateResult {
    return html`<div class="side">
      ${this.onAir(h) ? this.livePicture() : setup(h)}
      ${this.onAir(h) || h.ingest ? html`<details ?open=${innerWidth >= 960}><summary>Health</summary><div class="inside">${healthList(h)}</div></details>` : nothing}
      <details ?open=${!this.onAir(h) && innerWidth >= 960}><summary>Announcement, shown off air</summary><div class="inside">
        <vitrine-announcement .value=${this.announcement} .save=${(a: Announcement) => this.announce(a)}></vitrine-announcement>
      </div></details>
      ${h.watchURL ? html`<p class="quiet"><a href=${h.watchURL} target="_blank" rel="noopener">Open the page that viewers see</a></p>` : nothing}
      ${this.onAir(h) ? html`<button class="danger" @click=${() => this.dialog.showModal()}>End show</button>` : nothing}
    </div>`;
  }

  private livePicture(): TemplateResult {
    return html`<details ?open=${this.picture} @toggle=${(e: Event) => {
      this.picture = (e.target as HTMLDetailsElement).open;
      localStorage.setItem(pictureKey, this.picture ? 'open' : '');
    }}><summary>Live picture</summary><div class="inside">
      ${this.picture ? html`<vitrine-player bare channel=${this.channel}></vitrine-player>` : nothing}
    </div></details>`;
  }

  private get dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector('dialog')!;
  }

  private confirm(): TemplateResult {
    return html`<dialog aria-labelledby="sure">
      <p id="sure">End the show?</p>
      <p>It ends for everyone who watches, ${this.health?.viewers ?? 0} now. Then stop streaming in OBS too.</p>
      <div class="choices">
        <button class="plain" autofocus @click=${() => this.dialog.close()}>Keep going</button>
        <button class="danger sure" @click=${() => void this.end()}>End show</button>
      </div>
    </dialog>`;
  }

  private async announce(a: Announcement): Promise<void> {
    await this.api!.announce(a);
    this.announcement = a;
  }

  private async end(): Promise<void> {
    this.dialog.close();
    try {
      await this.api!.end();
      this.poll.now();
    } catch (e) {
      this.failure = `The show goes on: ${e instanceof ApiError ? e.message : String(e)}`;
    }
  }
}
