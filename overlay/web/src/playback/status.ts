import { address, isObject, text } from '../shelf/product';

/** Where a channel is: never on air, live, its encoder awaited, or over. */
export type State = 'off' | 'live' | 'waiting' | 'ended';

/** What status.json says of a channel. */
export interface Status {
  state: State;
  title: string;
  poster: string;
  /** When the next show begins (ms since the Unix epoch), or null if nobody said. */
  startsAt: number | null;
  show: string;
}

const states: readonly string[] = ['off', 'live', 'waiting', 'ended'];

/** Reads a status from foreign JSON, or returns null if it is none. */
export function readStatus(v: unknown): Status | null {
  if (!isObject(v) || !states.includes(text(v['state']))) return null;
  const at = Date.parse(text(v['starts_at']));
  return {
    state: v['state'] as State,
    title: text(v['title']),
    poster: address(v['poster']),
    startsAt: Number.isNaN(at) ? null : at,
    show: text(v['show']),
  };
}

/**
 * Asks again and again until stopped. `ask` returns how long to wait (ms) before
 * the next time; each time may take at most `limit` ms. One question at a time.
 */
export class Poll {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: AbortController | null = null;
  private started = false;

  constructor(
    private readonly ask: (signal: AbortSignal) => Promise<number>,
    private readonly limit: number,
  ) {}

  start(): void {
    if (this.started) return;
    this.started = true;
    void this.run();
  }

  stop(): void {
    this.started = false;
    clearTimeout(this.timer);
    this.running?.abort();
    this.running = null;
  }

  /** Asks now rather than later. */
  now(): void {
    if (!this.started || this.running) return;
    clearTimeout(this.timer);
    void this.run();
  }

  private async run(): Promise<void> {
    const running = new AbortController();
    this.running = running;
    const overdue = setTimeout(() => running.abort(), this.limit);
    const wait = await this.ask(running.signal);
    clearTimeout(overdue);
    if (this.running !== running) return; // stopped, perhaps started again
    this.running = null;
    this.timer = setTimeout(() => void this.run(), wait);
  }
}
