#include "services/stock/handlers/recall_view.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "libs/eligibility/eligibility.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"
#include "libs/registry/parallel.h"
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

absl::StatusOr<std::vector<pb::Delivery>> ShowDeliveries(const Context& context, const rpc::Call& call,
                                                         const std::vector<Delivery>& deliveries) {
  View view(context.catalogue, call);
  ASSIGN_OR_RETURN(std::vector<pb::Delivery> shown, view.Deliveries(deliveries));
  std::set<std::string> receivers;
  for (const pb::Delivery& delivery : shown) {
    const bool nameless = delivery.source().kind() == pb::PLACE_KIND_GROUP && delivery.source().party().empty();
    if (nameless && call.scope.Includes(IdOf(delivery.group()))) receivers.insert(delivery.group());
  }
  std::set<std::string> hubs;
  for (const std::string& receiver : receivers) {
    // A register that does not answer keeps nothing else from being shown.
    const absl::StatusOr<groups::v1::Group> group = context.registers.GetGroup(call, receiver);
    if (group.ok() && !group->hub().empty()) hubs.insert(IdOf(group->hub()));
  }
  if (hubs.empty()) return shown;
  view.MayName(std::move(hubs));
  return view.Deliveries(deliveries);
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

namespace {

constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr size_t kDonors = 100;

template <typename Party>
std::vector<std::string> ContactsOf(const Party& party, absl::CivilDay today) {
  std::vector<std::string> contacts;
  for (const type::v1::Agreement& agreement : party.agreements()) {
    const std::string& contact = agreement.duties().recall_contact();
    const std::optional<eligibility::Period> period = eligibility::PeriodOf(agreement);
    const bool counts = period && period->Contains(today) && !contact.empty();
    if (counts && std::find(contacts.begin(), contacts.end(), contact) == contacts.end()) contacts.push_back(contact);
  }
  return contacts;
}

rpc::Call Soon(const rpc::Call& call) {
  rpc::Call soon = call;
  soon.deadline = std::min(call.deadline, absl::Now() + kPatience);
  return soon;
}

}  // namespace

void TellDonorContacts(const Context& context, const rpc::Call& call, pb::Recall& recall) {
  const auth::Principal& who = call.principal;
  if (!who.is_service && !who.HasRole(type::v1::ROLE_COORDINATOR) && !who.HasRole(type::v1::ROLE_WAREHOUSE_MANAGER) &&
      !who.HasRole(type::v1::ROLE_AUDITOR) && !who.HasRole(type::v1::ROLE_ADMINISTRATOR)) {
    return;
  }
  std::set<std::string> donors;
  for (const pb::Lot& lot : recall.lots()) {
    for (const std::string& donor : eligibility::DonorsOf(lot)) donors.insert(donor);
  }
  donors.erase("");
  recall.set_contacts_incomplete(donors.size() > kDonors || recall.lots_size() < recall.lot_count());
  std::vector<std::string> names(donors.begin(), donors.end());
  names.resize(std::min(names.size(), kDonors));
  const rpc::Call soon = Soon(call);
  std::vector<absl::StatusOr<donors::v1::Donor>> found(names.size(), absl::UnknownError("not asked"));
  (void)kubari::registry::ForEachInParallel(names.size(), [&](size_t i) {
    found[i] = context.registers.GetDonor(soon, names[i]);
    return absl::OkStatus();
  });
  const absl::CivilDay today = calendar::Today(context.clock.Now(), ZoneOf(call));
  for (const auto& donor : found) {
    if (!donor.ok()) {
      recall.set_contacts_incomplete(true);
      continue;
    }
    pb::RecallContact& told = *recall.add_contacts();
    told.set_donor(donor->name());
    told.set_donor_display_name(donor->display_name());
    for (const std::string& contact : ContactsOf(*donor, today)) told.add_contacts(contact);
  }
  std::sort(recall.mutable_contacts()->begin(), recall.mutable_contacts()->end(),
            [](const pb::RecallContact& a, const pb::RecallContact& b) { return a.donor_display_name() < b.donor_display_name(); });
}

void TellHolderContacts(const Context& context, const rpc::Call& call, std::vector<pb::RecallNotice>& notices) {
  if (!call.scope.whole_network) return;
  std::vector<pb::RecallNotice*> waiting;
  for (pb::RecallNotice& notice : notices) {
    const bool group = ids::IdFromName("groups", notice.holder()).has_value();
    const bool settled = notice.has_acknowledge_time() && notice.open_items() == 0;
    if (group && !settled && notice.recall_state() == pb::RECALL_STATE_OPEN) waiting.push_back(&notice);
  }
  const rpc::Call soon = Soon(call);
  const absl::CivilDay today = calendar::Today(context.clock.Now(), ZoneOf(call));
  (void)kubari::registry::ForEachInParallel(waiting.size(), [&](size_t i) {
    const auto group = context.registers.GetGroup(soon, waiting[i]->holder());
    if (!group.ok()) return absl::OkStatus();
    for (const std::string& contact : ContactsOf(*group, today)) waiting[i]->add_holder_contacts(contact);
    return absl::OkStatus();
  });
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
