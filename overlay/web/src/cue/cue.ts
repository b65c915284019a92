// Cues as they come in the stream: docs/cues.md has the format. What this
// version does not know is ignored, so that a newer server can say more.

import { type Offer, type Product, isObject, number, readOffer, readProduct, text } from '../shelf/product';

/** How many products can be on show at once. */
export const maxOnShow = 3;

/** One product on show, as a state tells it: the rest is on the shelf. */
export interface Item {
  id: string;
  no: number;
  sku: string;
  product?: Product;
  offer?: Offer;
  soldOut?: boolean;
}

/** A timed fact about one product. */
export interface ProductCue {
  type: 'show' | 'hide' | 'offer' | 'soldout';
  id: string;
  item: Item;
}

/** All that is on show, re-announced at each segment start. */
export interface StateCue {
  type: 'state';
  on: Item[];
}

export type Cue = ProductCue | StateCue;

function readItem(v: unknown, id: string): Item | null {
  if (!isObject(v)) return null;
  const no = number(v['no']);
  if (no === null) return null;
  const item: Item = { id, no, sku: text(v['sku']) };
  const offer = readOffer(v['offer']);
  if (offer) item.offer = offer;
  if (v['soldout'] === true) item.soldOut = true;
  return item;
}

function readState(on: unknown): StateCue | null {
  if (!Array.isArray(on)) return null;
  const items: Item[] = [];
  for (const v of on.slice(0, maxOnShow)) {
    const item = readItem(v, isObject(v) ? text(v['id']) : '');
    if (item) items.push(item);
  }
  return { type: 'state', on: items };
}

function readProductCue(type: ProductCue['type'], v: Record<string, unknown>): ProductCue | null {
  const id = text(v['id']);
  const source = v['product'];
  const item = readItem(source, id);
  if (id === '' || item === null) return null;
  if (type === 'show') {
    const product = readProduct(source);
    if (product && product.title !== '') item.product = product;
  }
  const offer = readOffer(v['offer']);
  if (offer) item.offer = offer;
  if (type === 'soldout') item.soldOut = true;
  return { type, id, item };
}

/** Reads a cue from its JSON, or returns null if it is malformed or of an unknown type. */
export function readCue(json: string): Cue | null {
  let v: unknown;
  try {
    v = JSON.parse(json);
  } catch {
    return null;
  }
  if (!isObject(v)) return null;
  switch (v['type']) {
    case 'state':
      return readState(v['on']);
    case 'show':
    case 'hide':
    case 'offer':
    case 'soldout':
      return readProductCue(v['type'], v);
    default:
      return null;
  }
}
