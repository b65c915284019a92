// What is for sale, as the shelf and the cues name it.

/** A numbered product. Prices are decimal strings, as the catalogue holds them. */
export interface Product {
  no: number;
  sku: string;
  title: string;
  price: string;
  currency: string;
  image: string;
  url: string;
}

/** A price for a time or a quantity: `ends` in media time (s), `left` in pieces. */
export interface Offer {
  price?: string;
  ends?: number;
  left?: number;
}

/** The highest number a product can have on a shelf. */
export const maxNumber = 9999;

const maxText = 2048;

type Fields = Record<string, unknown>;

export function isObject(v: unknown): v is Fields {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

export function text(v: unknown): string {
  return typeof v === 'string' ? v.slice(0, maxText) : '';
}

/** Reads a product's number, or returns null if it is none. */
export function number(v: unknown): number | null {
  return typeof v === 'number' && Number.isInteger(v) && v > 0 && v <= maxNumber ? v : null;
}

/** Returns v if it is an http(s) address or a path, else the empty string: nothing else may be a link. */
export function address(v: unknown): string {
  const s = text(v);
  if (/^https?:\/\//i.test(s)) return s;
  return s.startsWith('/') && !s.startsWith('//') ? s : '';
}

/** Reads a product from foreign JSON, or returns null if it has no number. */
export function readProduct(v: unknown): Product | null {
  if (!isObject(v)) return null;
  const no = number(v['no']);
  if (no === null) return null;
  return {
    no,
    sku: text(v['sku']),
    title: text(v['title']),
    price: text(v['price']),
    currency: text(v['currency']),
    image: address(v['image']),
    url: address(v['url']),
  };
}

/** Reads an offer from foreign JSON, or returns undefined if there is none. */
export function readOffer(v: unknown): Offer | undefined {
  if (!isObject(v)) return undefined;
  const offer: Offer = {};
  if (typeof v['price'] === 'string') offer.price = text(v['price']);
  if (typeof v['ends'] === 'number' && Number.isFinite(v['ends'])) offer.ends = v['ends'];
  if (typeof v['left'] === 'number' && v['left'] >= 0) offer.left = Math.floor(v['left']);
  return offer;
}
