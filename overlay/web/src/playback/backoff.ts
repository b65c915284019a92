const first = 250;
const most = 5000;

/** How long to wait (ms) before try n (from 0): 0.25 s, doubling, at most 5 s. */
export function delay(n: number): number {
  return Math.min(most, first * 2 ** Math.min(n, 16));
}
