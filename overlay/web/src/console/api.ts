import { isObject, text, type Product } from '../shelf/product';
import { readShelf } from '../shelf/shelf';
import { readHealth, type Health } from './health';

/** The most a request may take (ms). */
const limit = 8000;

/** An answer other than yes. `status` is 0 if there was none at all. */
export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** The announcement shown off air. */
export interface Announcement {
  title: string;
  poster: string;
  starts_at: string | null;
}

/** The API of one channel, as its console uses it. Every method throws an {@link ApiError}. */
export class ChannelApi {
  private readonly root: string;

  constructor(channel: string) {
    this.root = `/api/v1/channels/${encodeURIComponent(channel)}`;
  }

  async health(signal: AbortSignal): Promise<Health> {
    return readHealth(await this.call('GET', '', undefined, signal));
  }

  async products(signal?: AbortSignal): Promise<Product[]> {
    return readShelf(await this.call('GET', '/products', undefined, signal));
  }

  /** Puts product no on show, or takes it off. Returns the numbers then on show. */
  async cue(type: 'show' | 'hide', product: number): Promise<number[]> {
    const v = await this.call('POST', '/cues', { type, product });
    const on = isObject(v) && Array.isArray(v['on']) ? v['on'] : [];
    return on.flatMap((o) => (isObject(o) && typeof o['no'] === 'number' ? [o['no']] : []));
  }

  async announce(a: Announcement): Promise<void> {
    const { starts_at, ...rest } = a;
    await this.call('PUT', '', starts_at === null ? rest : a);
  }

  async end(): Promise<void> {
    await this.call('POST', '/end');
  }

  private async call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
    const timeout = AbortSignal.timeout(limit);
    const init: RequestInit = { method, cache: 'no-store', signal: signal ? AbortSignal.any([signal, timeout]) : timeout };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { 'Content-Type': 'application/json' };
    }
    let r: Response;
    try {
      r = await fetch(this.root + path, init);
    } catch {
      throw new ApiError(0, 'The server does not answer.');
    }
    if (!r.ok) throw new ApiError(r.status, await problem(r));
    if (r.status === 204) return null;
    return r.json().catch(() => { throw new ApiError(r.status, 'The server gave an answer that is not JSON.'); });
  }
}

/** Reads the sentence out of a problem+json answer. */
async function problem(r: Response): Promise<string> {
  const v: unknown = await r.json().catch(() => null);
  const said = isObject(v) ? text(v['detail']) || text(v['title']) : '';
  return said || `The server answered ${r.status}.`;
}
