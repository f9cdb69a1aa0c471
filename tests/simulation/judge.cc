#include "tests/simulation/judge.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <set>

#include "kubari/stock/v1/recalls.grpc.pb.h"
#include "libs/errors/errors.h"
#include "libs/ledger_audit/books.h"

namespace kubari::simulation {
namespace {

// (lot, place)
using Key = std::pair<std::string, std::string>;
using Lots = std::set<std::string>;

bool IsReal(pb::PlaceKind kind) {
  return kind == pb::PLACE_KIND_SHELF || kind == pb::PLACE_KIND_GROUP || kind == pb::PLACE_KIND_DELIVERY ||
         kind == pb::PLACE_KIND_TRANSIT;
}

// What goods on the way add up to, by what movements say they do.
struct Way {
  int64_t sent = 0, arrived = 0, missing = 0, returned = 0;
};

// All that follows from the movements, added up once more.
struct Model {
  ledger_audit::Books books;
  std::map<std::string, std::vector<std::string>> by_request;  // names, in order
  std::map<Key, Way> deliveries;                               // (delivery, lot)
  std::map<Key, Way> transfers;                                // (transfer, lot)
  // Of each transformation: what went in and came out of it, after all reversals.
  std::map<std::string, std::map<std::string, int64_t>> consumed, produced;

  void Add(const pb::FeedEntry& entry) {
    const pb::Movement& m = entry.movement();
    by_request[m.request_id()].push_back(m.name());
    Way& delivery = deliveries[{m.delivery(), m.lot()}];
    Way& transfer = transfers[{m.operation(), m.lot()}];
    switch (m.effect_kind()) {
      case pb::MOVEMENT_KIND_ISSUE:
      case pb::MOVEMENT_KIND_DIRECT:
      case pb::MOVEMENT_KIND_PASS_ON:
        delivery.sent += m.effect_items();
        break;
      case pb::MOVEMENT_KIND_CONFIRM:
        delivery.arrived += m.effect_items();
        break;
      case pb::MOVEMENT_KIND_SHORTAGE:
        (m.delivery().empty() ? transfer : delivery).missing += m.effect_items();
        break;
      case pb::MOVEMENT_KIND_RETURN:
        if (!m.delivery().empty()) delivery.returned += m.effect_items();
        break;
      case pb::MOVEMENT_KIND_SEND:
        transfer.sent += m.effect_items();
        break;
      case pb::MOVEMENT_KIND_ARRIVE:
        transfer.arrived += m.effect_items();
        break;
      case pb::MOVEMENT_KIND_CONSUME:
        consumed[m.operation()][m.lot()] += m.effect_items();
        break;
      case pb::MOVEMENT_KIND_PRODUCE:
        produced[m.operation()][m.lot()] += m.effect_items();
        break;
      default:
        break;
    }
  }

  // The lot and all that were made from it, or with `backward` all that it was made from.
  Lots Closure(const std::string& lot, bool backward) const {
    const auto& sources = backward ? produced : consumed;
    const auto& targets = backward ? consumed : produced;
    Lots found = {lot};
    for (std::vector<std::string> open = {lot}; !open.empty();) {
      const std::string one = open.back();
      open.pop_back();
      for (const auto& [transformation, lots] : sources) {
        const auto part = lots.find(one);
        if (part == lots.end() || part->second == 0 || targets.count(transformation) == 0) continue;
        for (const auto& [other, items] : targets.at(transformation)) {
          if (items != 0 && found.insert(other).second) open.push_back(other);
        }
      }
    }
    return found;
  }
};

class Questions {
 public:
  Questions(House& house, const Setting& setting, Verdict& verdict)
      : setting_(setting),
        verdict_(verdict),
        channel_(house.Connect()),
        stock_(pb::StockService::NewStub(channel_)),
        recalls_(pb::RecallsService::NewStub(channel_)) {}

  // Asks as the auditor, until there is an answer. Unset (and a problem): refused.
  template <typename Service, typename Request, typename Response>
  bool Ask(grpc::Status (Service::*method)(grpc::ClientContext*, const Request&, Response*), Service& stub,
           const Request& request, Response& response) {
    for (int tries = 0; tries < 100; ++tries) {
      grpc::ClientContext context;
      context.set_wait_for_ready(true);
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
      context.AddMetadata("authorization", "Bearer " + setting_.Auditor());
      const grpc::Status status = (stub.*method)(&context, request, &response);
      if (status.ok()) return true;
      if (status.error_code() == grpc::StatusCode::UNAVAILABLE ||
          status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
        continue;
      Problem(absl::StrCat(request.GetTypeName(), " {", request.ShortDebugString(),
                           "} was refused: ", status.error_message()));
      return false;
    }
    Problem(absl::StrCat(request.GetTypeName(), ": no answer"));
    return false;
  }
  void Problem(std::string what) { verdict_.problems.push_back(std::move(what)); }

  pb::StockService::Stub& stock() { return *stock_; }
  pb::RecallsService::Stub& recalls() { return *recalls_; }

 private:
  const Setting& setting_;
  Verdict& verdict_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<pb::StockService::Stub> stock_;
  const std::unique_ptr<pb::RecallsService::Stub> recalls_;
};

std::vector<pb::FeedEntry> ReadFeed(Questions& questions, int page_size) {
  std::vector<pb::FeedEntry> entries;
  pb::ReadFeedRequest request;
  request.set_page_size(page_size);
  while (true) {
    pb::ReadFeedResponse response;
    if (!questions.Ask(&pb::StockService::Stub::ReadFeed, questions.stock(), request, response) ||
        response.entries().empty())
      return entries;
    entries.insert(entries.end(), response.entries().begin(), response.entries().end());
    request.set_position(response.next_position());
  }
}

// The feed is the ledger in order, whoever reads it in whatever steps.
void CheckFeed(Questions& questions, const std::vector<pb::FeedEntry>& feed) {
  const std::vector<pb::FeedEntry> again = ReadFeed(questions, 7);
  if (again.size() != feed.size()) {
    questions.Problem(absl::StrCat("the feed has ", feed.size(), " entries, read in small steps ", again.size()));
    return;
  }
  for (size_t i = 0; i < feed.size(); ++i) {
    if (feed[i].SerializeAsString() != again[i].SerializeAsString()) {
      questions.Problem(absl::StrCat("position ", i, " differs when it is read again"));
      return;
    }
  }
}

// What a phone was told is there, once; what it was refused is not; nothing else is there.
void CheckJournal(Questions& questions, const Model& model, const Journal& journal) {
  for (const auto& [request, heard] : journal) {
    const auto recorded = model.by_request.find(request);
    if (heard.movements && !heard.movements->empty() &&
        (recorded == model.by_request.end() || recorded->second != *heard.movements)) {
      questions.Problem(absl::StrCat(
          "told ", absl::StrJoin(*heard.movements, ","), " but recorded ",
          recorded == model.by_request.end() ? "nothing" : absl::StrJoin(recorded->second, ","), ": ", heard.what));
    }
    if (!heard.movements && heard.unknown == 0 && recorded != model.by_request.end()) {
      questions.Problem(absl::StrCat("refused (", heard.refusal, ") and recorded all the same: ", heard.what));
    }
  }
  for (const auto& [request, movements] : model.by_request) {
    if (journal.count(request) == 0) questions.Problem(absl::StrCat("nobody asked for request ", request));
  }
}

void CheckBalances(Questions& questions, const Setting& setting, const Model& model) {
  std::map<Key, std::string> told, expected;
  for (const std::string& warehouse : setting.warehouses) {
    pb::ListBalancesRequest request;
    request.set_warehouse(warehouse);
    request.set_page_size(20);
    pb::ListBalancesResponse response;
    do {
      response.Clear();
      if (!questions.Ask(&pb::StockService::Stub::ListBalances, questions.stock(), request, response)) return;
      for (const pb::Balance& balance : response.balances()) {
        if (balance.free() != balance.on_hand() - balance.reserved())
          questions.Problem("free is not on hand less reserved");
        const std::string figure = absl::StrCat(balance.on_hand(), " on hand, ", balance.reserved(), " reserved");
        if (!told.emplace(Key{balance.lot().name(), balance.place().name()}, figure).second)
          questions.Problem("a balance is listed twice");
      }
      request.set_page_token(response.next_page_token());
    } while (!response.next_page_token().empty());
  }
  for (const auto& [key, balance] : model.books.balances) {
    const auto place = model.books.places.find(key.second);
    if (place == model.books.places.end() || place->second != pb::PLACE_KIND_SHELF || balance.on_hand == 0) continue;
    expected[key] = absl::StrCat(balance.on_hand, " on hand, ", balance.reserved, " reserved");
  }
  for (const auto& [key, figure] : expected) {
    if (told[key] != figure)
      questions.Problem(
          absl::StrCat(key.first, " at ", key.second, ": ", figure, " by the movements, told: ", told[key]));
  }
  for (const auto& [key, figure] : told) {
    if (!figure.empty() && expected.count(key) == 0)
      questions.Problem(absl::StrCat(key.first, " at ", key.second, " should not be listed"));
  }
}

void CheckReservations(Questions& questions, const Model& model) {
  for (const auto& [name, expected] : model.books.reservations) {
    pb::GetReservationRequest request;
    request.set_name(name);
    pb::Reservation told;
    if (!questions.Ask(&pb::StockService::Stub::GetReservation, questions.stock(), request, told)) return;
    if (told.items() != expected.items || told.open_items() != expected.open()) {
      questions.Problem(absl::StrCat(name, ": ", expected.open(), " of ", expected.items,
                                     " open by the movements, told ", told.open_items(), " of ", told.items()));
    }
  }
}

void CheckDeliveries(Questions& questions, const Model& model) {
  std::map<std::string, int64_t> sent;
  for (const auto& [key, way] : model.deliveries) sent[key.first] += way.sent;
  for (const auto& [name, items] : sent) {
    if (name.empty() || items == 0) continue;
    pb::GetDeliveryRequest request;
    request.set_name(name);
    pb::Delivery told;
    if (!questions.Ask(&pb::StockService::Stub::GetDelivery, questions.stock(), request, told)) return;
    int64_t open = 0;
    std::set<std::string> lots;
    for (const pb::DeliveryLine& line : told.lines()) {
      lots.insert(line.lot().name());
      const auto found = model.deliveries.find({name, line.lot().name()});
      const Way way = found == model.deliveries.end() ? Way{} : found->second;
      open += way.sent - way.arrived - way.missing - way.returned;
      if (line.issued_items() != way.sent || line.confirmed_items() != way.arrived ||
          line.short_items() != way.missing || line.returned_items() != way.returned) {
        questions.Problem(
            absl::StrCat(name, " line of ", line.lot().name(), " differs from its movements: ", line.issued_items(),
                         "/", line.confirmed_items(), "/", line.short_items(), "/", line.returned_items(), " told, ",
                         way.sent, "/", way.arrived, "/", way.missing, "/", way.returned, " recorded"));
      }
    }
    for (const auto& [key, way] : model.deliveries) {
      if (key.first == name && way.sent > 0 && lots.count(key.second) == 0)
        questions.Problem(absl::StrCat(name, " lacks ", key.second));
    }
    if ((told.state() == pb::DELIVERY_STATE_CONFIRMED) != (open == 0))
      questions.Problem(absl::StrCat(name, ": state and lines disagree"));
  }
}

void CheckTransfers(Questions& questions, const Model& model) {
  std::map<std::string, std::map<std::string, Way>> transfers;
  for (const auto& [key, way] : model.transfers) {
    if (way.sent != 0) transfers[key.first][key.second] = way;
  }
  for (const auto& [name, lines] : transfers) {
    pb::GetTransferRequest request;
    request.set_name(name);
    pb::Transfer told;
    if (!questions.Ask(&pb::StockService::Stub::GetTransfer, questions.stock(), request, told)) return;
    for (const pb::TransferLine& line : told.lines()) {
      const auto found = lines.find(line.lot().name());
      if (found == lines.end()
              ? line.sent_items() != 0
              : line.sent_items() != found->second.sent || line.arrived_items() != found->second.arrived ||
                    line.short_items() != found->second.missing) {
        questions.Problem(absl::StrCat(name, " line of ", line.lot().name(), " differs from its movements"));
      }
    }
    if (told.lines_size() < static_cast<int>(lines.size())) questions.Problem(absl::StrCat(name, " lacks lines"));
  }
}

// Nothing is missing from a trace, and nothing is in it that does not belong there.
void CheckTraces(Questions& questions, const Model& model) {
  int checked = 0;
  for (const auto& [lot, facts] : model.books.lots) {
    if (++checked > 8) break;
    pb::TraceForwardRequest forward;
    forward.mutable_goods()->add_lots(lot);
    pb::TraceResponse told;
    if (!questions.Ask(&pb::RecallsService::Stub::TraceForward, questions.recalls(), forward, told)) return;
    const Lots expected = model.Closure(lot, /*backward=*/false);
    Lots lots;
    for (const pb::Lot& one : told.lots()) lots.insert(one.name());
    if (lots != expected) {
      questions.Problem(absl::StrCat("forward from ", lot, ": told ", absl::StrJoin(lots, ","), ", recorded ",
                                     absl::StrJoin(expected, ",")));
    }
    std::map<Key, int64_t> holders;
    for (const pb::LotHolder& holder : told.holders())
      holders[{holder.lot().name(), holder.place().name()}] = holder.items();
    for (const auto& [key, balance] : model.books.balances) {
      const auto place = model.books.places.find(key.second);
      if (place == model.books.places.end() || !IsReal(place->second) || expected.count(key.first) == 0 ||
          balance.on_hand == 0)
        continue;
      if (holders[key] != balance.on_hand) {
        questions.Problem(absl::StrCat("forward from ", lot, ": ", key.second, " holds ", balance.on_hand, " of ",
                                       key.first, ", told ", holders[key]));
      }
    }
    pb::TraceBackwardRequest backward;
    backward.set_subject(lot);
    pb::TraceResponse back;
    if (!questions.Ask(&pb::RecallsService::Stub::TraceBackward, questions.recalls(), backward, back)) return;
    Lots sources;
    for (const pb::Lot& one : back.lots()) sources.insert(one.name());
    if (sources != model.Closure(lot, /*backward=*/true))
      questions.Problem(absl::StrCat("backward from ", lot, " is not complete"));
  }
}

}  // namespace

Verdict Judge(House& house, const Setting& setting, const Journal& journal) {
  Verdict verdict;
  Questions questions(house, setting, verdict);
  const std::vector<pb::FeedEntry> feed = ReadFeed(questions, 200);
  Model model;
  ledger_audit::Adder adder(setting.network, model.books, verdict.problems);
  for (const pb::FeedEntry& entry : feed) {
    adder.Add(entry);
    model.Add(entry);
    ++verdict.kinds[entry.movement().kind()];
  }
  adder.Finish();
  verdict.movements = static_cast<int64_t>(feed.size());
  CheckFeed(questions, feed);
  CheckJournal(questions, model, journal);
  CheckBalances(questions, setting, model);
  CheckReservations(questions, model);
  CheckDeliveries(questions, model);
  CheckTransfers(questions, model);
  CheckTraces(questions, model);
  return verdict;
}

}  // namespace kubari::simulation
