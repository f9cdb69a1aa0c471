#include "services/stock/handlers/recall_view.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"
#include "services/stock/view.h"

namespace kubari::stock {

absl::StatusOr<std::vector<pb::Lot>> ShowLots(const Context& context, const rpc::Call& call,
                                              const std::vector<std::string>& lots) {
  ASSIGN_OR_RETURN(const auto found,
                   context.catalogue.Lots(call.principal.network_id, {lots.begin(), lots.end()}, call.deadline));
  std::vector<Lot> in_order;
  for (const std::string& id : lots) {
    if (const auto lot = found.find(id); lot != found.end()) in_order.push_back(lot->second);
  }
  return View(context.catalogue, call).Lots(in_order);
}

absl::StatusOr<std::vector<pb::LotHolder>> ShowHolders(const Context& context, const rpc::Call& call,
                                                       const std::vector<trace::Holding>& holdings) {
  std::set<std::string> lot_ids, place_ids;
  for (const trace::Holding& holding : holdings) {
    lot_ids.insert(holding.lot_id);
    place_ids.insert(holding.place_id);
  }
  const std::string& network = call.principal.network_id;
  ASSIGN_OR_RETURN(const auto lots, context.catalogue.Lots(network, lot_ids, call.deadline));
  ASSIGN_OR_RETURN(const auto places, context.catalogue.Places(network, place_ids, call.deadline));
  const View view(context.catalogue, call);
  std::vector<pb::LotHolder> shown;
  for (const trace::Holding& holding : holdings) {
    const auto lot = lots.find(holding.lot_id);
    const auto place = places.find(holding.place_id);
    if (lot == lots.end() || place == places.end()) continue;
    pb::LotHolder& one = shown.emplace_back();
    *one.mutable_lot() = view.ToProto(lot->second);
    *one.mutable_place() = view.ToProto(place->second, &lot->second);
    one.set_items(holding.on_hand);
    one.set_reserved(holding.reserved);
  }
  std::vector<pb::Lot*> each;
  for (pb::LotHolder& one : shown) each.push_back(one.mutable_lot());
  RETURN_IF_ERROR(view.TellRecalls(each));
  return shown;
}

std::vector<std::string> NewestFirst() {
  return {absl::StrCat(absl::ToUnixMicros(absl::FromCivil(absl::CivilYear(9999), absl::UTCTimeZone()))),
          "ffffffff-ffff-ffff-ffff-ffffffffffff"};
}

std::vector<std::string> KeyOfTime(absl::Time time, const std::string& id) {
  return {absl::StrCat(absl::ToUnixMicros(time)), id};
}

absl::StatusOr<absl::Time> TimeOfKey(const std::string& key) {
  int64_t micros = 0;
  constexpr int64_t kYear9999 = 253'370'764'800'000'000;
  if (!absl::SimpleAtoi(key, &micros) || micros < 0 || micros > kYear9999) return paging::InvalidToken();
  return absl::FromUnixMicros(micros);
}

}  // namespace kubari::stock
