// Prices as a buyer reads them.

const formats = new Map<string, Intl.NumberFormat | null>();

function format(currency: string, locale: string | undefined, whole: boolean): Intl.NumberFormat | null {
  const key = `${locale ?? ''}|${currency}|${whole}`;
  let f = formats.get(key);
  if (f === undefined) {
    try {
      f = new Intl.NumberFormat(locale, {
        style: 'currency',
        currency,
        ...(whole ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : {}),
      });
    } catch {
      f = null; // not a currency code
    }
    formats.set(key, f);
  }
  return f;
}

/**
 * Formats a decimal price such as "29.90" in its currency. Whole amounts lose
 * their ".00". A price that is no number is shown as it stands, an unknown
 * currency behind the number; an empty price gives the empty string.
 */
export function formatPrice(price: string, currency: string, locale?: string): string {
  const s = price.trim();
  if (s === '') return '';
  const value = Number(s);
  if (!Number.isFinite(value)) return s;
  const f = format(currency, locale, Number.isInteger(value));
  return f === null ? `${s} ${currency}`.trim() : f.format(value);
}
