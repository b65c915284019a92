import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base } from '../theme/tokens';
import { type Announcement, ApiError } from './api';
import { formStyle } from './style';

/** Writes a time as a datetime-local field wants it, in the host's own zone. */
export function toLocal(iso: string): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return '';
  const d = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return d.toISOString().slice(0, 16);
}

/** Reads a datetime-local field as RFC 3339, or null if it is empty. */
export function fromLocal(local: string): string | null {
  const at = Date.parse(local);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** What viewers see off air: title, poster, and when the show begins. */
export class VitrineAnnouncement extends LitElement {
  static override properties = { value: { attribute: false }, save: { attribute: false }, said: { state: true }, bad: { state: true } };
  declare value: Announcement | null;
  declare save: ((a: Announcement) => Promise<void>) | null;
  declare private said: string;
  declare private bad: boolean;

  static override styles = [
    base,
    formStyle,
    css`
      form {
        display: grid;
        gap: var(--v-3);
      }
      .end {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--v-3);
      }
      .bad {
        color: var(--v-bad);
      }
      p {
        margin: 0;
        font-size: var(--v-text-s);
      }
    `,
  ];

  constructor() {
    super();
    this.value = null;
    this.save = null;
    this.said = '';
    this.bad = false;
  }

  protected override render(): TemplateResult | typeof nothing {
    const v = this.value;
    if (!v) return nothing;
    return html`<form @submit=${this.onSubmit} @input=${() => { this.said = ''; }}>
      <label>Title<input name="title" .value=${v.title} maxlength="200" autocomplete="off" dir="auto" /></label>
      <label>Poster, the address of a picture<input name="poster" inputmode="url" autocomplete="off" .value=${v.poster} placeholder="https://" /></label>
      <label>Begins<input name="starts_at" type="datetime-local" .value=${toLocal(v.starts_at ?? '')} /></label>
      <div class="end">
        <button class="main">Save</button>
        <p role="status" class=${this.bad ? 'bad' : ''}>${this.said}</p>
      </div>
    </form>`;
  }

  private async onSubmit(e: SubmitEvent): Promise<void> {
    e.preventDefault();
    const f = new FormData(e.target as HTMLFormElement);
    const a: Announcement = {
      title: String(f.get('title') ?? '').trim(),
      poster: String(f.get('poster') ?? '').trim(),
      starts_at: fromLocal(String(f.get('starts_at') ?? '')),
    };
    this.said = 'Saving…';
    this.bad = false;
    try {
      await this.save?.(a);
      this.said = 'Saved.';
    } catch (err) {
      this.bad = true;
      this.said = err instanceof ApiError ? err.message : String(err);
    }
  }
}
