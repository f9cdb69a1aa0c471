// gRPC ⇄ handlers, one line per RPC.
#pragma once

#include "kubari/stock/v1/stock.grpc.pb.h"
#include "libs/rpc/dispatcher.h"
#include "services/stock/handlers/movements.h"
#include "services/stock/handlers/picks.h"
#include "services/stock/handlers/pictures.h"
#include "services/stock/handlers/products.h"
#include "services/stock/handlers/reading.h"
#include "services/stock/handlers/reservations.h"
#include "services/stock/handlers/rules.h"
#include "services/stock/handlers/warehouses.h"

namespace kubari::stock {

class StockService final : public v1::StockService::CallbackService {
 public:
  // `dispatcher` must outlive it.
  StockService(rpc::Dispatcher& dispatcher, const Context& context, int max_waiting_readers)
      : dispatcher_(dispatcher),
        products_(context),
        pictures_(context),
        warehouses_(context),
        movements_(context),
        reservations_(context),
        picks_(context),
        rules_(context),
        reading_(context, max_waiting_readers) {}

  KUBARI_RPC_TO(products_, v1::StockService, CreateProduct)
  KUBARI_RPC_TO(products_, v1::StockService, GetProduct)
  KUBARI_RPC_TO(products_, v1::StockService, ListProducts)
  KUBARI_RPC_TO(pictures_, v1::StockService, SetProductPicture)
  KUBARI_RPC_TO(pictures_, v1::StockService, GetProductPicture)
  KUBARI_RPC_TO(products_, v1::StockService, LookUpCode)
  KUBARI_RPC_TO(products_, v1::StockService, ImportProducts)
  KUBARI_RPC_TO(products_, v1::StockService, GetImportTemplate)
  KUBARI_RPC_TO(warehouses_, v1::StockService, CreateWarehouse)
  KUBARI_RPC_TO(warehouses_, v1::StockService, ListWarehouses)
  KUBARI_RPC_TO(warehouses_, v1::StockService, CreatePlace)
  KUBARI_RPC_TO(warehouses_, v1::StockService, ListPlaces)
  KUBARI_RPC_TO(warehouses_, v1::StockService, ImportWarehouses)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, ReceiveStock)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, TransferStock)
  KUBARI_RPC_LATER_TO(reservations_, v1::StockService, ReserveStock)
  KUBARI_RPC_LATER_TO(reservations_, v1::StockService, VoidReservation)
  KUBARI_RPC_TO(reservations_, v1::StockService, ExtendReservation)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, IssueStock)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, ConfirmReceipt)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, DiscardStock)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, ReverseMovement)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, SendTransfer)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, ReceiveTransfer)
  KUBARI_RPC_TO(reading_, v1::StockService, GetTransfer)
  KUBARI_RPC_TO(reading_, v1::StockService, ListTransfers)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, DeliverDirect)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, PassOn)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, ReturnStock)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, AdjustStock)
  KUBARI_RPC_LATER_TO(movements_, v1::StockService, TransformStock)
  KUBARI_RPC_TO(movements_, v1::StockService, RecordMovements)
  KUBARI_RPC_TO(picks_, v1::StockService, SuggestPicks)
  KUBARI_RPC_TO(rules_, v1::StockService, GetStockRules)
  KUBARI_RPC_TO(rules_, v1::StockService, UpdateStockRules)
  KUBARI_RPC_TO(reading_, v1::StockService, GetLot)
  KUBARI_RPC_TO(reading_, v1::StockService, ListLots)
  KUBARI_RPC_TO(reading_, v1::StockService, ListBalances)
  KUBARI_RPC_TO(reading_, v1::StockService, ListHoldings)
  KUBARI_RPC_TO(reservations_, v1::StockService, GetReservation)
  KUBARI_RPC_TO(reservations_, v1::StockService, ListReservations)
  KUBARI_RPC_TO(reading_, v1::StockService, ListMovements)
  KUBARI_RPC_TO(reading_, v1::StockService, GetDelivery)
  KUBARI_RPC_TO(reading_, v1::StockService, ListDeliveries)
  KUBARI_RPC_TO(reading_, v1::StockService, TraceLot)
  KUBARI_RPC_TO(reading_, v1::StockService, ReadFeed)

 private:
  rpc::Dispatcher& dispatcher_;
  ProductsHandler products_;
  PicturesHandler pictures_;
  WarehousesHandler warehouses_;
  MovementsHandler movements_;
  ReservationsHandler reservations_;
  PicksHandler picks_;
  RulesHandler rules_;
  ReadingHandler reading_;
};

}  // namespace kubari::stock
