#include "services/stock/handlers/stocktake_answers.h"

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

pb::Count ToProto(const std::string& stocktake_id, const Line::Counted& counted) {
  const Count& count = counted.count;
  pb::Count out;
  out.set_name(absl::StrCat("stocktakes/", stocktake_id, "/counts/", count.id));
  out.set_mode(count.mode);
  out.set_cases(count.cases);
  out.set_items_per_case(count.items_per_case);
  out.set_loose_items(count.loose_items);
  out.set_items(count.items());
  out.set_actor(count.actor);
  SetTime(count.counted_time, out.mutable_counted_time());
  SetTime(count.recorded_time, out.mutable_recorded_time());
  out.set_ledger_position(count.ledger_position);
  out.set_void_(counted.is_void);
  out.set_note(count.note);
  out.set_expected_items(counted.expected_items);
  return out;
}

}  // namespace

absl::Status CheckOwn(const rpc::Call& call, const Stocktake& stocktake) {
  if (call.scope.whole_network || call.scope.Includes(stocktake.organisation_id)) return absl::OkStatus();
  return auth::NotYourOrganisation(ids::Name("stocktakes", stocktake.id));
}

absl::StatusOr<Stocktake> FindOwn(pg::Transaction& tx, const rpc::Call& call, const std::string& name, Hold hold) {
  ASSIGN_OR_RETURN(Stocktake stocktake, stocktakes::Find(tx, IdOf(name), hold));
  RETURN_IF_ERROR(CheckOwn(call, stocktake));
  return stocktake;
}

pb::Stocktake ToProto(const Stocktake& stocktake) {
  pb::Stocktake out = stocktake.figures;
  out.set_name(ids::Name("stocktakes", stocktake.id));
  out.set_title(stocktake.title);
  out.set_warehouse(ids::Name("warehouses", stocktake.warehouse_id));
  out.set_warehouse_display_name(stocktake.warehouse_display_name);
  out.set_state(stocktake.state);
  SetTime(stocktake.open_time, out.mutable_open_time());
  SetTime(stocktake.state_time, out.mutable_state_time());
  out.set_opened_by(stocktake.opened_by);
  out.set_place_count(stocktake.place_count);
  return out;
}

void SetFigures(const std::vector<StocktakeLine>& lines, pb::Stocktake& out) {
  Figures figures;
  std::set<std::string> places;
  for (const StocktakeLine& line : lines) {
    figures.Add(line.line);
    if (line.line.counted()) places.insert(line.place_id);
  }
  out.set_counted_lines(figures.counted);
  out.set_equal_lines(figures.equal);
  out.set_different_lines(figures.different);
  out.set_conflict_lines(figures.conflict);
  out.set_uncounted_lines(figures.uncounted);
  out.set_posted_lines(figures.posted);
  out.set_left_out_lines(figures.left_out);
  out.set_unsettled_lines(figures.unsettled);
  out.set_counted_places(static_cast<int>(places.size()));
}

absl::StatusOr<pb::Stocktake> Describe(pg::Transaction& tx, const Stocktake& stocktake) {
  pb::Stocktake out = ToProto(stocktake);
  ASSIGN_OR_RETURN(const std::vector<std::string> places, stocktakes::PlacesOf(tx, stocktake.id));
  for (const std::string& place : places) out.add_places()->set_name(ids::Name("places", place));
  if (!IsClosed(stocktake.state)) {
    ASSIGN_OR_RETURN(const std::vector<StocktakeLine> lines, stocktakes::Lines(tx, {stocktake.id}, {}));
    SetFigures(lines, out);
  }
  return out;
}

absl::Status ShowPlaces(const Context& context, const rpc::Call& call, pb::Stocktake& stocktake) {
  std::set<std::string> ids;
  for (const pb::Place& place : stocktake.places()) ids.insert(IdOf(place.name()));
  ASSIGN_OR_RETURN(const auto places, context.catalogue.Places(call.principal.network_id, ids, call.deadline));
  const View view(context.catalogue, call);
  for (pb::Place& place : *stocktake.mutable_places()) {
    if (const auto found = places.find(IdOf(place.name())); found != places.end()) {
      place = view.ToProto(found->second, nullptr);
    }
  }
  return absl::OkStatus();
}

pb::StocktakeLine ToProto(const std::string& network_id, const StocktakeLine& stocktake_line) {
  const Line& line = stocktake_line.line;
  pb::StocktakeLine out;
  out.mutable_lot()->set_name(ids::Name("lots", stocktake_line.lot_id));
  out.mutable_place()->set_name(ids::Name("places", stocktake_line.place_id));
  out.set_state(line.state);
  for (const Line::Counted& counted : line.counts) *out.add_counts() = ToProto(stocktake_line.stocktake_id, counted);
  out.set_counted_items(line.counted_items);
  out.set_expected_items(line.expected_items);
  out.set_difference_items(line.difference_items);
  out.set_reserved_items(line.reserved_items);
  out.set_reason(line.reason);
  out.set_note(line.note);
  if (line.last_adjustment >= 0) {
    out.set_movement(ids::Name("movements", MovementId(network_id, line.last_adjustment)));
  }
  out.set_conflict(line.conflict);
  if (line.counted()) SetTime(line.counted_time, out.mutable_counted_time());
  return out;
}

absl::Status ShowLines(const Context& context, const rpc::Call& call, const std::vector<pb::StocktakeLine*>& lines) {
  std::set<std::string> lot_ids, place_ids;
  for (const pb::StocktakeLine* line : lines) {
    lot_ids.insert(IdOf(line->lot().name()));
    place_ids.insert(IdOf(line->place().name()));
  }
  const std::string& network = call.principal.network_id;
  ASSIGN_OR_RETURN(const auto lots, context.catalogue.Lots(network, lot_ids, call.deadline));
  ASSIGN_OR_RETURN(const auto places, context.catalogue.Places(network, place_ids, call.deadline));
  const View view(context.catalogue, call);
  for (pb::StocktakeLine* line : lines) {
    const auto lot = lots.find(IdOf(line->lot().name()));
    const auto place = places.find(IdOf(line->place().name()));
    if (lot != lots.end()) *line->mutable_lot() = view.ToProto(lot->second);
    if (place != places.end()) *line->mutable_place() = view.ToProto(place->second, nullptr);
  }
  return absl::OkStatus();
}

absl::Status CloseStocktake(pg::Transaction& tx, Stocktake& stocktake, pb::StocktakeState state, absl::Time now,
                            const std::vector<StocktakeLine>& lines) {
  SetFigures(lines, stocktake.figures);
  std::vector<KeptLine> kept;
  kept.reserve(lines.size());
  for (const StocktakeLine& line : lines) {
    kept.push_back({.place_id = line.place_id,
                    .place_code = line.place_code,
                    .lot_id = line.lot_id,
                    .lot_code = line.lot_code,
                    .facts = ToProto(tx.network_id(), line)});
    kept.back().facts.clear_lot();
    kept.back().facts.clear_place();
  }
  stocktake.state = state;
  stocktake.state_time = now;
  return stocktakes::Close(tx, stocktake.id, state, now, stocktake.figures, kept);
}

}  // namespace kubari::stock
