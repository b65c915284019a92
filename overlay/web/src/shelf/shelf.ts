import { type Product, isObject, readProduct } from './product';

/** The most products that are read from a shelf. */
export const maxProducts = 5000;

/** Reads the products of a shelf.json, or of the API's answer. What is no product is left out. */
export function readShelf(v: unknown): Product[] {
  const list = isObject(v) ? v['products'] : v;
  if (!Array.isArray(list)) return [];
  const products: Product[] = [];
  for (const row of list.slice(0, maxProducts)) {
    const p = readProduct(row);
    if (p) products.push(p);
  }
  return products;
}

/** How long (ms) after a look at the shelf an unknown number leads to another one. */
const lookAgain = 2000;

/**
 * What the player knows of the products: what the cues said, else what the shelf
 * says. An unknown number makes it look at the shelf again.
 */
export class Shelf {
  private shelf = new Map<number, Product>();
  private told = new Map<number, Product>();
  private lookedAt = -Infinity;
  private looking: Promise<void> | null = null;

  constructor(
    private readonly url: string,
    private readonly changed: () => void,
    private readonly get: typeof fetch = (...a) => fetch(...a),
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** Notes a product that came whole in a cue. */
  learn(p: Product): void {
    this.told.set(p.no, p);
  }

  /** Returns product no, or null if it is not known (yet): then it is looked for. */
  find(no: number, sku: string): Product | null {
    const told = this.match(this.told.get(no), sku);
    const listed = this.match(this.shelf.get(no), sku);
    if (!listed) void this.load();
    if (!told) return listed;
    // A product too long for its cue lost its optional fields: the shelf has them.
    return listed ? { ...told, image: told.image || listed.image, url: told.url || listed.url } : told;
  }

  /** Loads the shelf, at most once in a while. */
  load(): Promise<void> {
    if (this.looking) return this.looking;
    if (this.now() - this.lookedAt < lookAgain) return Promise.resolve();
    this.looking = this.read().finally(() => {
      this.lookedAt = this.now();
      this.looking = null;
    });
    return this.looking;
  }

  private async read(): Promise<void> {
    try {
      const r = await this.get(this.url);
      if (!r.ok) return;
      const products = readShelf(await r.json());
      this.shelf = new Map(products.map((p) => [p.no, p]));
      this.changed();
    } catch {
      // The next unknown number asks again.
    }
  }

  private match(p: Product | undefined, sku: string): Product | null {
    return p && (sku === '' || p.sku === '' || p.sku === sku) ? p : null;
  }
}
