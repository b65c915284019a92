/** How long (ms) a digit waits for another one that makes a larger number of it. */
export const digitPause = 600;

/** What a key press came to. */
export type Typed = { number: number } | { pending: string } | null;

/**
 * Makes product numbers of digits: 7 is seven at once if no number on the shelf
 * begins with 7 and goes on; else it waits for a second digit.
 */
export class NumberKeys {
  private digits = '';
  private at = -Infinity;

  /**
   * Takes a key pressed at now (ms), given the numbers on the shelf. Returns the
   * number typed, or the digits that wait for more (ask {@link due} after
   * digitPause), or null if the key is no digit.
   */
  press(key: string, now: number, numbers: Iterable<number>): Typed {
    if (!/^[0-9]$/.test(key)) return null;
    const begun = now - this.at < digitPause ? this.digits : '';
    const digits = begun + key;
    this.at = now;
    if (digits === '0') {
      this.digits = '';
      return null;
    }
    const longer = [...numbers].some((n) => String(n).length > digits.length && String(n).startsWith(digits));
    if (longer) {
      this.digits = digits;
      return { pending: digits };
    }
    this.digits = '';
    return { number: Number(digits) };
  }

  /** Returns the number that waited long enough, or null. */
  due(now: number): number | null {
    if (this.digits === '' || now - this.at < digitPause) return null;
    const n = Number(this.digits);
    this.digits = '';
    return n;
  }

  /** Forgets the digits that wait. */
  clear(): void {
    this.digits = '';
  }
}
