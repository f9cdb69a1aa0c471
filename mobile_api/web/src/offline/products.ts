// Products by what a scan or a person knows of them. Pure.
import type { Product } from '../gen/kubari/stock/v1/catalogue_pb';
import { checkDigit } from '../scan/code';

export class Products {
  readonly byName = new Map<string, Product>();
  #byGtin = new Map<string, Product>();
  #byCase = new Map<string, Product>();
  #folded?: { text: string; product: Product }[];

  constructor(products: Product[]) {
    for (const product of products) {
      this.byName.set(product.name, product);
      if (product.gtin) this.#byGtin.set(product.gtin, product);
      if (product.caseGtin) this.#byCase.set(product.caseGtin, product);
    }
  }

  /** As the item's own number, as the case's own number, or as a case made from the item's number; in this order. */
  byCode(gtin: string): { product: Product; isCase: boolean } | undefined {
    const item = this.#byGtin.get(gtin);
    if (item) return { product: item, isCase: false };
    const ofCase = this.#byCase.get(gtin) ?? this.#byGtin.get(itemOfCase(gtin));
    return ofCase && { product: ofCase, isCase: true };
  }

  /** Up to `most` with `query` in name, kana, maker or number. */
  find(query: string, most: number): Product[] {
    const wanted = folded(query);
    if (!wanted) return [];
    this.#folded ??= [...this.byName.values()].map((product) => ({
      text: folded([product.displayName, product.nameKana, product.maker, product.gtin, product.caseGtin].join('\n')),
      product,
    }));
    const found: Product[] = [];
    for (const { text, product } of this.#folded) {
      if (text.includes(wanted) && found.push(product) === most) break;
    }
    return found;
  }
}

/** Width, case and kind of kana do not matter. */
export function folded(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[ァ-ヶ]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 0x60))
    .trim();
}

/** An ITF-14 that was made from the item's number by an indicator digit 1–8 in front: the item's GTIN; else "". */
function itemOfCase(gtin: string): string {
  if (!/^[1-8]\d{13}$/.test(gtin)) return '';
  const digits = `0${gtin.slice(1, 13)}`;
  return `${digits}${checkDigit(digits)}`;
}
