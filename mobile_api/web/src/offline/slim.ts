// What of the services' answers stays on the phone: what a scan needs, and nothing about people or addresses.
import { create } from '@bufbuild/protobuf';

import { OfferSchema, type Offer } from '../gen/kubari/donors/v1/donors_pb';
import { LotSchema, ProductSchema, WarehouseSchema, type Lot, type Product, type Warehouse } from '../gen/kubari/stock/v1/catalogue_pb';
import { TransferSchema, type Transfer } from '../gen/kubari/stock/v1/ledger_pb';
import { BalanceSchema, type Balance } from '../gen/kubari/stock/v1/stock_pb';
import { StocktakeLineSchema, type StocktakeLine } from '../gen/kubari/stock/v1/stocktakes_pb';
import { ConditionsSchema } from '../gen/kubari/type/v1/food_pb';

export const slim = {
  product: (product: Product): Product => create(ProductSchema, { ...product, allergens: undefined, milliPersonDays: 0n }),
  warehouse: ({ name, code, displayName, organisation }: Warehouse): Warehouse => create(WarehouseSchema, { name, code, displayName, organisation }),
  balance: (balance: Balance): Balance => create(BalanceSchema, { ...balance, lot: balance.lot && lot(balance.lot) }),
  offer: (offer: Offer): Offer => create(OfferSchema, { ...offer, place: undefined, conditions: undefined }),
  transfer: (transfer: Transfer): Transfer =>
    create(TransferSchema, { ...transfer, lines: transfer.lines.map((line) => ({ ...line, lot: line.lot && lot(line.lot) })) }),
  line: (line: StocktakeLine): StocktakeLine => create(StocktakeLineSchema, { ...line, lot: line.lot && lot(line.lot) }),
  lot,
};

/** Of the conditions only those about days, which a phone can judge. */
function lot({ conditions, ...rest }: Lot): Lot {
  const { minRemainingDays = 0, pastBestBeforeAllowed = false } = conditions ?? {};
  return create(LotSchema, { ...rest, conditions: create(ConditionsSchema, { minRemainingDays, pastBestBeforeAllowed }), allergens: undefined, tags: [], parts: [] });
}
