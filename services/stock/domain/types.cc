#include "services/stock/domain/types.h"

#include <absl/strings/str_cat.h>

#include "libs/ids/ids.h"

namespace kubari::stock {
namespace {

// The namespace of stand-in places; a constant for ever, since ids derived from it are in ledgers.
constexpr char kPlaceNamespace[] = "6f1c3f0e-52b7-4c5b-9d0e-8f1f5f2f7a10";

}  // namespace

std::string Lot::Origin() const {
  return absl::StrCat(facts.product(), "|", facts.offer_line().empty() ? facts.donor() : facts.offer_line(), "|",
                      static_cast<int>(facts.good_until().kind()), "|", facts.good_until().date(), "|",
                      facts.donor_lot_number());
}

int64_t Delivery::issued() const {
  int64_t sum = 0;
  for (const auto& [lot, line] : lines) sum += line.issued;
  return sum;
}

int64_t Delivery::open() const {
  int64_t sum = 0;
  for (const auto& [lot, line] : lines) sum += line.open();
  return sum;
}

std::string StandInPlaceId(const std::string& network_id, pb::PlaceKind kind, const std::string& party) {
  return ids::DeriveV5(kPlaceNamespace, absl::StrCat(network_id, "/", pb::PlaceKind_Name(kind), "/", party));
}

Place StandInPlace(const std::string& network_id, pb::PlaceKind kind, const std::string& party,
                   const std::string& display_name) {
  return {.id = StandInPlaceId(network_id, kind, party), .kind = kind, .party = party, .display_name = display_name};
}

}  // namespace kubari::stock
