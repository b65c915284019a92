import type { LevelDetails, Part } from 'hls.js';

/** Buffered ranges and playlists differ by this much (s) at most: rounding. */
const slack = 0.01;

type PartList = Pick<LevelDetails, 'partList'>;

function covered(ranges: TimeRanges, p: Part): boolean {
  for (let i = 0; i < ranges.length; i++) {
    if (p.start >= ranges.start(i) - slack && p.end <= ranges.end(i) + slack) return true;
  }
  return false;
}

/**
 * Marks the sound's parts as loaded that are buffered. If a playlist comes while
 * a part is on its way, hls.js 1.7.4 may not know of it any more that it has it.
 * At a segment's end that the playlist puts a fraction of a millisecond late (its
 * dates are whole milliseconds) it then waits for that part, for seconds, and the
 * picture halts. Only for sound: each of its parts can begin.
 */
export function recall(details: PartList, buffered: TimeRanges): void {
  const parts = details.partList ?? [];
  const known = parts.find((p) => p.loaded);
  if (!known) return;
  for (const p of parts) {
    if (!p.loaded && !p.gap && covered(buffered, p)) p.elementaryStreams = { ...known.elementaryStreams };
  }
}
