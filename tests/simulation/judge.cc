#include "tests/simulation/judge.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <set>

#include "libs/ledger_audit/books.h"

namespace kubari::simulation {
namespace {

using ledger_audit::Books;
// (lot, place)
using Key = std::pair<std::string, std::string>;
using Lots = std::set<std::string>;

class Judging {
 public:
  Judging(const Answers& answers, const Setting& setting, const Journal& journal, Verdict& verdict)
      : answers_(answers), setting_(setting), journal_(journal), verdict_(verdict) {}

  void All() {
    for (const std::string& question : answers_.unanswered) Problem(question);
    AddUp();
    Feed();
    Requests();
    Balances();
    Reservations();
    Deliveries();
    Transfers();
    Traces();
    Recalls();
    for (const std::string& complaint : journal_.complaints()) Problem(complaint);
  }

 private:
  void Problem(std::string what) { verdict_.problems.push_back(std::move(what)); }
  void Expect(bool holds, const std::string& otherwise) {
    if (!holds) Problem(otherwise);
  }

  // The ledger by itself.
  void AddUp() {
    ledger_audit::Adder adder(setting_.network, books_, verdict_.problems);
    for (const pb::FeedEntry& entry : answers_.feed) {
      adder.Add(entry);
      ++verdict_.kinds[entry.movement().kind()];
    }
    adder.Finish();
    verdict_.movements = static_cast<int64_t>(answers_.feed.size());
  }

  // The feed is the ledger in order, whoever reads it in whatever steps.
  void Feed() {
    Expect(answers_.feed.size() == answers_.in_short_steps.size(),
           absl::StrCat("the feed has ", answers_.feed.size(), " entries, read in short steps ",
                        answers_.in_short_steps.size()));
    for (size_t i = 0; i < std::min(answers_.feed.size(), answers_.in_short_steps.size()); ++i) {
      if (answers_.feed[i].SerializeAsString() == answers_.in_short_steps[i].SerializeAsString()) continue;
      Problem(absl::StrCat("position ", i, " differs when it is read again"));
      return;
    }
  }

  // What a phone was told is there, once; what it was refused is not; nothing else is there, but what the service does
  // by itself when a reservation's time runs out.
  void Requests() {
    for (const auto& [request, heard] : journal_.requests()) {
      const auto recorded = books_.requests.find(request);
      if (heard.movements && !heard.movements->empty() &&
          (recorded == books_.requests.end() || recorded->second != *heard.movements)) {
        Problem(absl::StrCat("told ", absl::StrJoin(*heard.movements, ","), " but recorded ",
                             recorded == books_.requests.end() ? "nothing" : absl::StrJoin(recorded->second, ","), ": ",
                             request, " of ", heard.what));
      }
      Expect(heard.movements || heard.unknown > 0 || recorded == books_.requests.end(),
             absl::StrCat("refused (", heard.refusal, ") and recorded all the same: ", request, " of ", heard.what));
    }
    for (const pb::FeedEntry& entry : answers_.feed) {
      const pb::Movement& m = entry.movement();
      const bool asked = journal_.requests().count(m.request_id()) > 0;
      Expect(asked != (m.kind() == pb::MOVEMENT_KIND_EXPIRE),
             absl::StrCat("nobody asked for ", m.name(), ": request ", m.request_id()));
    }
  }

  void Balances() {
    std::map<Key, Books::Balance> left = books_.balances;
    for (const pb::Balance& told : answers_.balances) {
      const Key key = {told.lot().name(), told.place().name()};
      Expect(told.free() == told.on_hand() - told.reserved(), absl::StrCat(key.first, ": free is not what is free"));
      const auto found = left.find(key);
      if (found == left.end() || found->second.on_hand == 0) {
        Problem(absl::StrCat(key.first, " at ", key.second, " should not be listed, or not again"));
        continue;
      }
      Expect(found->second.on_hand == told.on_hand() && found->second.reserved == told.reserved(),
             absl::StrCat(key.first, " at ", key.second, ": told ", told.on_hand(), " on hand and ", told.reserved(),
                          " reserved, by the movements ", found->second.on_hand, " and ", found->second.reserved));
      left.erase(found);
    }
    for (const auto& [key, balance] : left) {
      if (books_.places.at(key.second) == pb::PLACE_KIND_SHELF)
        Expect(balance.on_hand == 0, absl::StrCat(key.first, " at ", key.second, " is not listed"));
    }
  }

  void Reservations() {
    for (const auto& [name, expected] : books_.reservations) {
      const auto told = answers_.reservations.find(name);
      if (told == answers_.reservations.end()) {
        Problem(absl::StrCat(name, " is not known"));
        continue;
      }
      Expect(told->second.items() == expected.items && told->second.open_items() == expected.open(),
             absl::StrCat(name, ": told ", told->second.open_items(), " of ", told->second.items(),
                          " open, by the movements ", expected.open(), " of ", expected.items));
    }
  }

  void Deliveries() {
    std::map<std::string, std::map<std::string, Books::DeliveryLine>> deliveries;
    for (const auto& [key, line] : books_.deliveries) {
      if (line.issued > 0) deliveries[key.first][key.second] = line;
    }
    for (const auto& [name, told] : answers_.deliveries)
      Expect(deliveries.count(name) > 0, absl::StrCat(name, " was not issued, or not any more"));
    for (const auto& [name, lines] : deliveries) {
      const auto told = answers_.deliveries.find(name);
      if (told == answers_.deliveries.end()) {
        Problem(absl::StrCat(name, " is not known"));
        continue;
      }
      int64_t open = 0;
      for (const auto& [lot, line] : lines) open += line.open();
      Expect((told->second.state() == pb::DELIVERY_STATE_CONFIRMED) == (open == 0),
             absl::StrCat(name, ": its state and its lines disagree"));
      std::map<std::string, std::string> shown, expected;
      const auto figures = [](int64_t a, int64_t b, int64_t c, int64_t d) {
        return absl::StrCat(a, " issued, ", b, " confirmed, ", c, " short, ", d, " returned");
      };
      for (const auto& [lot, line] : lines)
        expected[lot] = figures(line.issued, line.confirmed, line.missing, line.returned);
      for (const pb::DeliveryLine& line : told->second.lines())
        shown[line.lot().name()] =
            figures(line.issued_items(), line.confirmed_items(), line.short_items(), line.returned_items());
      CompareLines(name, shown, expected);
    }
  }

  void Transfers() {
    std::map<std::string, std::map<std::string, Books::TransferLine>> transfers;
    for (const auto& [key, line] : books_.transfers) {
      if (line.sent > 0) transfers[key.first][key.second] = line;
    }
    for (const auto& [name, told] : answers_.transfers)
      Expect(transfers.count(name) > 0, absl::StrCat(name, " was not sent, or not any more"));
    for (const auto& [name, lines] : transfers) {
      const auto told = answers_.transfers.find(name);
      if (told == answers_.transfers.end()) {
        Problem(absl::StrCat(name, " is not known"));
        continue;
      }
      int64_t open = 0;
      for (const auto& [lot, line] : lines) open += line.open();
      Expect((told->second.state() == pb::TRANSFER_STATE_ARRIVED) == (open == 0),
             absl::StrCat(name, ": its state and its lines disagree"));
      std::map<std::string, std::string> shown, expected;
      const auto figures = [](int64_t a, int64_t b, int64_t c) {
        return absl::StrCat(a, " sent, ", b, " arrived, ", c, " short");
      };
      for (const auto& [lot, line] : lines) expected[lot] = figures(line.sent, line.arrived, line.missing);
      for (const pb::TransferLine& line : told->second.lines())
        shown[line.lot().name()] = figures(line.sent_items(), line.arrived_items(), line.short_items());
      CompareLines(name, shown, expected);
    }
  }

  void CompareLines(const std::string& name, const std::map<std::string, std::string>& shown,
                    const std::map<std::string, std::string>& expected) {
    const auto list = [](const std::map<std::string, std::string>& lines) {
      return absl::StrJoin(lines, "; ", absl::PairFormatter(": "));
    };
    Expect(shown == expected,
           absl::StrCat(name, " differs from its movements: told ", list(shown), ", recorded ", list(expected)));
  }

  // Nothing is missing from a trace, and nothing is in it that does not belong there.
  void Traces() {
    for (const auto& [lot, told] : answers_.forward) {
      const Lots expected = Closure(lot, /*backward=*/false);
      Expect(LotsIn(told) == expected, absl::StrCat("forward from ", lot, ": told ", absl::StrJoin(LotsIn(told), ","),
                                                    ", recorded ", absl::StrJoin(expected, ",")));
      std::map<Key, int64_t> holders;
      for (const pb::LotHolder& holder : told.holders())
        holders[{holder.lot().name(), holder.place().name()}] = holder.items();
      for (const auto& [key, balance] : books_.balances) {
        const pb::PlaceKind kind = books_.places.at(key.second);
        if (kind == pb::PLACE_KIND_DONOR || kind == pb::PLACE_KIND_WORKSHOP) continue;
        const int64_t there = expected.count(key.first) > 0 ? std::max<int64_t>(0, balance.on_hand) : 0;
        Expect(holders[key] == there, absl::StrCat("forward from ", lot, ": ", key.second, " holds ", there, " of ",
                                                   key.first, ", told ", holders[key]));
      }
    }
    for (const auto& [lot, told] : answers_.backward) {
      const Lots expected = Closure(lot, /*backward=*/true);
      Expect(LotsIn(told) == expected, absl::StrCat("backward from ", lot, ": told ", absl::StrJoin(LotsIn(told), ","),
                                                    ", recorded ", absl::StrJoin(expected, ",")));
    }
  }

  static Lots LotsIn(const pb::TraceResponse& trace) {
    Lots lots;
    for (const pb::Lot& lot : trace.lots()) lots.insert(lot.name());
    return lots;
  }

  // The lot and all that were made from it, or with `backward` all that it was made from.
  Lots Closure(const std::string& lot, bool backward) const {
    Lots found = {lot};
    for (std::vector<std::string> open = {lot}; !open.empty();) {
      const std::string one = open.back();
      open.pop_back();
      for (const auto& [name, made] : books_.transformations) {
        const auto& here = backward ? made.produced : made.consumed;
        const auto& there = backward ? made.consumed : made.produced;
        const auto part = here.find(one);
        if (part == here.end() || part->second == 0) continue;
        for (const auto& [other, items] : there) {
          if (items != 0 && found.insert(other).second) open.push_back(other);
        }
      }
    }
    return found;
  }

  // Nobody promises, hands over or makes other goods of what a recall stops.
  void Recalls() {
    for (const auto& [name, recall] : answers_.recalls) {
      const auto stop = journal_.stops().find(name);
      if (stop == journal_.stops().end()) continue;
      Lots stopped;
      for (const pb::Lot& lot : recall.lots()) stopped.insert(lot.name());
      for (const pb::FeedEntry& entry : answers_.feed) {
        const pb::Movement& m = entry.movement();
        const bool hands_on = m.kind() == pb::MOVEMENT_KIND_RESERVE || m.kind() == pb::MOVEMENT_KIND_ISSUE ||
                              m.kind() == pb::MOVEMENT_KIND_DIRECT || m.kind() == pb::MOVEMENT_KIND_PASS_ON ||
                              m.kind() == pb::MOVEMENT_KIND_CONSUME;
        if (!hands_on || stopped.count(m.lot()) == 0) continue;
        const auto heard = journal_.requests().find(m.request_id());
        const absl::Time recorded =
            absl::FromUnixSeconds(m.recorded_time().seconds()) + absl::Nanoseconds(m.recorded_time().nanos());
        Expect(heard == journal_.requests().end() || heard->second.first_sent <= stop->second.from ||
                   recorded >= stop->second.until,
               absl::StrCat(m.name(), " hands on ", m.lot(), ", which ", name, " stops"));
      }
    }
  }

  const Answers& answers_;
  const Setting& setting_;
  const Journal& journal_;
  Verdict& verdict_;
  Books books_;
};

}  // namespace

Verdict Judge(const Answers& answers, const Setting& setting, const Journal& journal) {
  Verdict verdict;
  Judging(answers, setting, journal, verdict).All();
  return verdict;
}

}  // namespace kubari::simulation
