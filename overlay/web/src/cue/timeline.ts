import type { Cue, Item } from './cue';

/** A cue at its place. `pts` is in seconds on the player's timeline. */
export interface Entry {
  pts: number;
  cue: Cue;
}

/** A product on show, and the entry that put it there. */
export interface Shown extends Item {
  cause: Entry;
}

/** What is on show at a time: from `from` until `until`, unless cues are added. */
export interface Scene {
  on: readonly Shown[];
  last: Entry | null;
  from: number;
  until: number;
}

/** How many entries are kept: more than half an hour of states at 2 s. */
export const maxEntries = 1024;

/** Two states closer than this are the same one, heard from two renditions or twice. */
const sameTime = 0.005;

function key(e: Entry): string {
  return e.cue.type === 'state' ? `state@${Math.round(e.pts / sameTime)}` : `${e.cue.type}:${e.cue.id}`;
}

/** At one time a state comes first: it is what the cues of that time act upon. */
function before(a: Entry, b: Entry): boolean {
  if (Math.abs(a.pts - b.pts) >= sameTime) return a.pts < b.pts;
  return a.cue.type === 'state' && b.cue.type !== 'state';
}

function apply(on: Shown[], e: Entry): Shown[] {
  const { cue } = e;
  if (cue.type === 'state') {
    return cue.on.map((item) => {
      const known = on.find((s) => s.no === item.no && s.id === item.id);
      return { ...item, ...(known?.product ? { product: known.product } : {}), cause: known?.cause ?? e };
    });
  }
  const at = on.findIndex((s) => s.no === cue.item.no);
  const old = on[at];
  switch (cue.type) {
    case 'show': // in the place of whatever was: a host who holds up more than one says so by the state
      return [{ ...cue.item, cause: e }];
    case 'hide':
      return on.filter((_, i) => i !== at);
    case 'offer':
    case 'soldout':
      if (!old) return on;
      return on.map((s, i) => {
        if (i !== at) return s;
        const next: Shown = { ...s };
        if (cue.item.offer) next.offer = cue.item.offer;
        if (cue.item.soldOut) next.soldOut = true;
        return next;
      });
  }
}

/**
 * All cues heard of, in the order of their times, and what they add up to at any
 * one of them. Cues come more than once (each rendition carries them, a seek
 * loads them again) and count once. It is bounded: the oldest are forgotten.
 */
export class CueTimeline {
  private entries: Entry[] = [];
  private keys = new Set<string>();
  private scene: Scene | null = null;

  get size(): number {
    return this.entries.length;
  }

  /** Adds a cue at pts seconds. Returns false if it was known or its time is none. */
  add(pts: number, cue: Cue): boolean {
    const e: Entry = { pts, cue };
    const k = key(e);
    if (!Number.isFinite(pts) || this.keys.has(k)) return false;
    let i = this.entries.length;
    while (i > 0 && before(e, this.entries[i - 1]!)) i--;
    this.entries.splice(i, 0, e);
    this.keys.add(k);
    if (this.entries.length > maxEntries) this.keys.delete(key(this.entries.shift()!));
    this.scene = null;
    return true;
  }

  /** Forgets everything: another show begins. */
  clear(): void {
    this.entries = [];
    this.keys.clear();
    this.scene = null;
  }

  /** Says what is on show at t seconds. */
  at(t: number): Scene {
    const cached = this.scene;
    if (cached && t >= cached.from && t < cached.until) return cached;
    const n = this.countUntil(t);
    let first = n;
    // Two states back, so that what an earlier one caused keeps its cause.
    for (let states = 0; first > 0 && states < 2; ) {
      first--;
      if (this.entries[first]!.cue.type === 'state') states++;
    }
    let on: Shown[] = [];
    for (let i = first; i < n; i++) on = apply(on, this.entries[i]!);
    this.scene = {
      on,
      last: this.entries[n - 1] ?? null,
      from: this.entries[n - 1]?.pts ?? -Infinity,
      until: this.entries[n]?.pts ?? Infinity,
    };
    return this.scene;
  }

  /** How many entries have a time of t or before. */
  private countUntil(t: number): number {
    let lo = 0;
    let hi = this.entries.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (this.entries[mid]!.pts <= t) lo = mid + 1;
      else hi = mid;
    }
    return lo;
  }
}
