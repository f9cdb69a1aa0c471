// The warehouses of the network, for choosing one.
import { api } from '../api/clients';
import { everything } from '../api/everything';
import { Loaded } from '../api/load.svelte';
import type { Warehouse } from '../gen/kubari/stock/v1/catalogue_pb';

export const loadWarehouses = (): Promise<Warehouse[]> =>
  everything(async (pageToken) => {
    const answer = await api.stock.listWarehouses({ pageSize: 200, pageToken });
    return { items: answer.warehouses, next: answer.nextPageToken };
  });

export class Warehouses extends Loaded<Warehouse[]> {
  constructor() {
    super(loadWarehouses);
  }

  of(name: string): string {
    return this.data?.find((one) => one.name === name)?.displayName ?? '';
  }
}
