import { type ChannelApi, ApiError } from './api';
import type { OnShow } from './health';

/** What a tile says of its product. */
export type Mark = 'off' | 'on' | 'showing' | 'hiding' | 'failed';

/** How long (ms) a failure stays on its tile. */
const failureShown = 6000;

/** How long (ms) an answer of the API outweighs a poll that may be older. */
const settle = 1500;

/**
 * The host's hand on the show: what is on, what was just asked for, and what
 * went wrong. It answers at once and is corrected by the server.
 */
export class Desk {
  /** What is on show, oldest first. */
  on: OnShow[] = [];
  failure: { no: number; text: string } | null = null;
  private readonly asked = new Map<number, 'show' | 'hide'>();
  private answeredAt = -Infinity;
  private failureTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly api: Pick<ChannelApi, 'cue'>,
    private readonly changed: () => void,
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** Takes what a poll says is on show. */
  report(on: OnShow[]): void {
    if (this.asked.size > 0 || this.now() - this.answeredAt < settle) return;
    this.on = on;
  }

  mark(no: number): Mark {
    const asked = this.asked.get(no);
    if (asked) return asked === 'show' ? 'showing' : 'hiding';
    if (this.failure?.no === no) return 'failed';
    return this.isOn(no) ? 'on' : 'off';
  }

  isOn(no: number): boolean {
    return this.on.some((o) => o.no === no);
  }

  /** Shows product no, or hides it if it is on show. A product whose answer is awaited stays as asked. */
  async toggle(no: number): Promise<void> {
    if (this.asked.has(no)) return;
    const type = this.isOn(no) ? 'hide' : 'show';
    this.asked.set(no, type);
    if (this.failure?.no === no) this.failure = null;
    this.changed();
    try {
      const numbers = await this.api.cue(type, no);
      this.answeredAt = this.now();
      this.on = numbers.map((n) => this.on.find((o) => o.no === n) ?? { id: '', no: n, since: this.now() });
    } catch (e) {
      this.fail(no, e instanceof ApiError ? e.message : String(e));
    }
    this.asked.delete(no);
    this.changed();
  }

  private fail(no: number, text: string): void {
    this.failure = { no, text };
    clearTimeout(this.failureTimer);
    this.failureTimer = setTimeout(() => {
      this.failure = null;
      this.changed();
    }, failureShown);
  }
}
