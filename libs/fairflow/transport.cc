#include "libs/fairflow/transport.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "libs/fairflow/auction.h"
#include "libs/fairflow/mixed.h"
#include "libs/fairflow/simplex.h"

namespace kubari::fairflow {
namespace {

using Wide = __int128;

constexpr int64_t kPlenty = int64_t{1} << 60;
// Which arcs of a lot are chosen: so many of the best, so many of the other good ones by a hash. Lots that stand in the
// same place would all choose the same few otherwise, and learn nothing of the prices beyond.
struct Choice {
  size_t best, hashed;
};
constexpr Choice kFirst = {24, 40}, kPaying = {8, 0};
// An arc is good if by guessed prices it costs at most so many errors too much.
constexpr int64_t kSlack = 8;
// One of so many arcs that a lot had is still there in the next auction, good or not.
constexpr uint64_t kSome = 8;
// Precision of the auction over what the problem holds of the pairs, and of those from which the simplex method starts.
constexpr int64_t kCoarse = 64, kFine = 400;
// How often arcs beyond the problem's are chosen by guessed prices, before the simplex method begins.
constexpr int kGuesses = 3;
// Lots are priced in so many turns, with the newest potentials each time.
constexpr int kTurns = 8;

int64_t UnitCost(int64_t metres, int64_t value) { return (metres << kCostBits) / value; }

class Carrying {
 public:
  Carrying(Problem& problem, const Network& network, const Shared& shared, const MoreArcs* more, int64_t tolerance_ppm)
      : problem_(problem), network_(network), shared_(shared), more_(more), exact_(tolerance_ppm == 0), simplex_({}) {
    for (const int32_t urgency : network_.urgency) class_of_.emplace(urgency, 0);
    int classes = 0;
    for (auto& [urgency, number] : class_of_) number = classes++;
    SetSupplies(tolerance_ppm);
  }

  Carried Run() {
    SetOrder();
    TakeWrittenArcs();
    Worth worth = Auction(MakeMarket(), more_ == nullptr ? kFine : kCoarse);
    for (int guess = 0; more_ != nullptr && guess < kGuesses; ++guess) {
      TakeGoodArcs(worth, true);
      worth = Auction(MakeMarket(), kFine, &worth);
    }
    // Prices that the auction did not come to the end with say too little about which arcs are good: what is left out
    // by them is missed, and costs many pivots when it comes back.
    const bool all = more_ == nullptr && !worth.settled;
    if (!all) TakeGoodArcs(worth, false);
    std::vector<int64_t> guess = std::move(worth.seller);  // in the order of the nodes
    guess.insert(guess.end(), worth.bin.begin(), worth.bin.begin() + network_.bins());
    guess.insert(guess.end(), worth.group.begin(), worth.group.end());
    guess.push_back(0);
    simplex_ = Simplex(supply_, std::move(guess), worth.error);
    first_arc_ = simplex_.arcs();
    AddChosenArcs();
    if (all) {
      simplex_.Run();
    } else {
      AddWhatPays();
    }
    return Result();
  }

 private:
  // Nodes: lots; bins; groups; for each urgency class a shelf for what stays; one that takes what groups have beyond
  // the tolerance.
  int BinNode(int bin) const { return network_.lots() + bin; }
  int GroupNode(int group) const { return network_.lots() + network_.bins() + group; }
  int Shelf(int urgency_class) const { return GroupNode(network_.groups()) + urgency_class; }
  int ShelfOf(int lot) const { return Shelf(class_of_.at(network_.urgency[lot])); }
  int RestNode() const { return Shelf(static_cast<int>(class_of_.size())); }

  int64_t Amount(int lot) const { return network_.cases[lot] * network_.value[lot]; }
  // Lots that are given out whole; of the others those of a class may stand in for each other.
  bool Whole(int lot) const { return !shared_.ties[shared_.tie_of_kind[network_.kind_of[lot]]].stuck; }

  void SetSupplies(int64_t tolerance_ppm) {
    supply_.assign(RestNode() + 1, 0);
    for (int lot = 0; lot < network_.lots(); ++lot) {
      const int64_t stays = Whole(lot) ? 0 : Amount(lot) - shared_.saved[lot];
      supply_[lot] = Whole(lot) ? shared_.saved[lot] : Amount(lot);
      supply_[ShelfOf(lot)] -= stays;
    }
    for (int group = 0; group < network_.groups(); ++group) {
      const int64_t fair = shared_.flow.to_group[group];
      const Wide level = network_.history[group] + fair;
      const Wide least = level * (1'000'000 - tolerance_ppm) / 1'000'000 - network_.history[group];
      const int64_t fixed = static_cast<int64_t>(std::clamp<Wide>(least, std::min(fair, network_.floor[group]), fair));
      fixed_.push_back(fixed);
      supply_[GroupNode(group)] = -fixed;
      supply_[RestNode()] -= fair - fixed;
    }
  }

  // Who could have what, as a market: shelves are bins and groups of their own.
  Market MakeMarket() const {
    Market market;
    const int classes = static_cast<int>(class_of_.size());
    market.bin_begin = network_.bin_begin;
    market.room = network_.room;
    market.room.resize(network_.bins() + classes, kPlenty);
    market.wanted = shared_.flow.to_group;
    for (int shelf = 0; shelf < classes; ++shelf) {
      market.wanted.push_back(-supply_[Shelf(shelf)]);
      market.bin_begin.push_back(network_.bins() + shelf + 1);
    }
    market.begin.reserve(network_.lots() + 1);
    for (int lot = 0; lot < network_.lots(); ++lot) {
      market.amount.push_back(supply_[lot]);
      for (const Arc& arc : arcs_of_[lot])
        market.offers.push_back({arc.bin, UnitCost(arc.metres, network_.value[lot])});
      if (!Whole(lot)) market.offers.push_back({network_.bins() + class_of_.at(network_.urgency[lot]), 0});
      market.begin.push_back(static_cast<int64_t>(market.offers.size()));
    }
    return market;
  }

  // ── Arcs. Canonical numbers, by bin; those of a lot without food do not count.

  // At fixed totals nothing flows between ties.
  int32_t TieOfLot(int lot) const { return exact_ ? shared_.tie_of_kind[network_.kind_of[lot]] : 0; }

  void SetOrder() {
    bins_of_tie_.resize(exact_ ? shared_.ties.size() : 1);
    for (int bin = 0; bin < network_.bins(); ++bin) {
      tie_of_bin_.push_back(exact_ ? ReachedTie(network_, shared_, bin) : 0);
      if (tie_of_bin_[bin] >= 0) bins_of_tie_[tie_of_bin_[bin]].push_back(bin);
    }
    for (int lot = 0; lot < network_.lots(); ++lot) {
      if (Amount(lot) > 0) order_.push_back(lot);
    }
    std::stable_sort(order_.begin(), order_.end(), [this](int a, int b) { return TieOfLot(a) < TieOfLot(b); });
  }

  void TakeWrittenArcs() {
    arcs_of_.resize(network_.lots());
    for (const int lot : order_) {
      const int index = network_.lot_index[lot];
      arcs_of_[lot].reserve(problem_.arc_begin[index + 1] - problem_.arc_begin[index]);
      for (int64_t i = problem_.arc_begin[index]; i < problem_.arc_begin[index + 1]; ++i) {
        Arc arc = problem_.arcs[i];
        arc.bin = network_.bin_rank[arc.bin];
        if (tie_of_bin_[arc.bin] == TieOfLot(lot)) arcs_of_[lot].push_back(arc);
      }
      SortByBin(arcs_of_[lot]);
    }
  }
  static void SortByBin(std::vector<Arc>& arcs) {
    const auto by_bin = [](const Arc& a, const Arc& b) { return a.bin < b.bin; };
    if (!std::is_sorted(arcs.begin(), arcs.end(), by_bin)) std::sort(arcs.begin(), arcs.end(), by_bin);
  }

  // For each lot the arcs that stage B used, so that there is a flow, and good ones by guessed prices. For another
  // auction also some of those that it had, always the same: its coarse rounds need a choice that is wider than the
  // last error, or sellers outbid each other for what there is too little of among good arcs.
  void TakeGoodArcs(const Worth& worth, bool and_some) {
    std::vector<char> used(network_.bins(), 0);
    const auto here = [&](int lot) { return worth.seller[lot] - kSlack * worth.error; };
    Price(1, 0, kFirst, here, worth.bin, [&](int lot, std::vector<Arc>& good) {
      const int kind = network_.kind_of[lot];
      const auto mark = [&](char mark) {
        for (int64_t arc = network_.arc_begin[kind]; arc < network_.arc_begin[kind + 1]; ++arc) {
          if (shared_.flow.on_arc[arc] > 0) used[network_.head[arc]] = mark;
        }
      };
      mark(1);
      for (const Arc& arc : arcs_of_[lot]) {
        if (used[arc.bin] != 0 || (and_some && Hash(lot, arc.bin) % kSome == 0)) good.push_back(arc);
      }
      mark(0);
      SortByBin(good);
      const auto same = [](const Arc& a, const Arc& b) { return a.bin == b.bin; };
      good.erase(std::unique(good.begin(), good.end(), same), good.end());
      arcs_of_[lot] = good;
    });
  }

  // Calls take(lot, arcs) for every turns-th lot that has any, with some of the arcs over which a unit would gain more
  // worth than the way costs.
  template <typename WorthOfLot, typename Take>
  void Price(int turns, int turn, Choice choice, const WorthOfLot& worth_of_lot,
             const std::vector<int64_t>& worth_of_bin, const Take& take) {
    constexpr int64_t kNothing = -(int64_t{1} << 62);
    std::vector<int64_t> worth(network_.bins(), kNothing);  // by bin of the problem: in the tie of the lots at hand
    int64_t most_worth = kNothing;
    int32_t tie = -1;
    std::vector<Arc> arcs;
    std::vector<Priced> priced;
    for (size_t i = turn; i < order_.size(); i += turns) {
      const int lot = order_[i];
      if (TieOfLot(lot) != tie) {
        if (tie >= 0) {
          for (const int32_t bin : bins_of_tie_[tie]) worth[network_.bin_index[bin]] = kNothing;
        }
        tie = TieOfLot(lot);
        most_worth = kNothing;
        for (const int32_t bin : bins_of_tie_[tie]) {
          worth[network_.bin_index[bin]] = worth_of_bin[bin];
          most_worth = std::max(most_worth, worth_of_bin[bin]);
        }
      }
      const Wish wish(worth, most_worth, worth_of_lot(lot), network_.value[lot]);
      arcs.clear();
      FindArcs(network_.lot_index[lot], wish, arcs);
      priced.clear();
      for (const Arc& arc : arcs) {
        priced.push_back({UnitCost(arc.metres, network_.value[lot]) - worth[arc.bin], arc});
        priced.back().arc.bin = network_.bin_rank[arc.bin];
      }
      Choose(lot, choice, priced);
      arcs.clear();
      for (const Priced& one : priced) arcs.push_back(one.arc);
      take(lot, arcs);
    }
  }

  struct Priced {
    int64_t key;
    Arc arc;  // canonical
    friend bool operator<(const Priced& a, const Priced& b) {
      return std::tie(a.key, a.arc.bin) < std::tie(b.key, b.arc.bin);
    }
  };

  // Keys are reduced costs.
  static void Choose(int lot, const Choice& choice, std::vector<Priced>& priced) {
    if (priced.size() <= choice.best + choice.hashed) return;
    const auto others = priced.begin() + static_cast<int64_t>(choice.best);
    std::nth_element(priced.begin(), others, priced.end());
    if (choice.hashed > 0) {
      for (auto other = others; other != priced.end(); ++other) {
        other->key = static_cast<int64_t>(Hash(lot, other->arc.bin) >> 1);
      }
      std::nth_element(others, others + static_cast<int64_t>(choice.hashed), priced.end());
    }
    priced.resize(choice.best + choice.hashed);
  }

  static uint64_t Hash(int lot, int bin) {
    return Mixed(static_cast<uint64_t>(lot) << 32 | static_cast<uint32_t>(bin));
  }

  void FindArcs(int lot, const Wish& wish, std::vector<Arc>& arcs) const {
    if (more_ != nullptr) return more_->Of(lot, wish, arcs);
    for (int64_t i = problem_.arc_begin[lot]; i < problem_.arc_begin[lot + 1]; ++i) {
      if (wish(problem_.arcs[i])) arcs.push_back(problem_.arcs[i]);
    }
  }

  struct Candidate {
    int32_t from, to;
    int32_t metres;
    int64_t capacity;
  };
  void Add(const Candidate& arc) {
    simplex_.Add(arc.from, arc.to, arc.capacity, arc.metres == 0 ? 0 : UnitCost(arc.metres, network_.value[arc.from]));
    metres_.push_back(arc.metres);
  }

  // The simplex looks at arcs block by block. Arcs that compete for the same things should not stand together there, so
  // the list is taken in strides; that makes a fifth of the pivots.
  void AddChosenArcs() {
    const std::vector<Candidate> arcs = Candidates();
    size_t stride = 10;
    while (stride * stride < arcs.size()) ++stride;
    for (size_t first = 0; first < stride; ++first) {
      for (size_t i = first; i < arcs.size(); i += stride) Add(arcs[i]);
    }
  }

  std::vector<Candidate> Candidates() const {
    std::vector<Candidate> arcs;
    for (int bin = 0; bin < network_.bins(); ++bin) {
      arcs.push_back({BinNode(bin), GroupNode(network_.group_of[bin]), 0, network_.room[bin]});
    }
    for (int group = 0; group < network_.groups() && !exact_; ++group) {
      arcs.push_back({GroupNode(group), RestNode(), 0, std::min(network_.cap[group] - fixed_[group], kPlenty)});
    }
    for (int lot = 0; lot < network_.lots(); ++lot) {
      if (Amount(lot) == 0) continue;
      if (!Whole(lot)) arcs.push_back({lot, ShelfOf(lot), 0, kPlenty});
      for (const Arc& arc : arcs_of_[lot]) arcs.push_back({lot, BinNode(arc.bin), arc.metres, kPlenty});
    }
    return arcs;
  }

  // Asks lots for arcs that would pay and puts them to use, a part of the lots at a time: once at the lowest price for
  // what is not shipped, while that moves little; then, when all is shipped, until none of them has any.
  void AddWhatPays() {
    simplex_.Settle();
    for (int turn = 0; turn < kTurns; ++turn) {
      if (AddWhatPays(turn)) simplex_.Settle();
    }
    simplex_.Run();
    for (int turn = 0, idle = 0; idle < kTurns; turn = (turn + 1) % kTurns) {
      if (AddWhatPays(turn)) {
        idle = 0;
        simplex_.Run();
      } else {
        ++idle;
      }
    }
  }

  bool AddWhatPays(int turn) {
    ++carried_.rounds;
    std::vector<int64_t> worth;
    for (int bin = 0; bin < network_.bins(); ++bin) worth.push_back(simplex_.Potential(BinNode(bin)));
    bool any = false;
    const auto here = [this](int lot) { return simplex_.Potential(lot); };
    Price(kTurns, turn, kPaying, here, worth, [&](int lot, const std::vector<Arc>& paying) {
      for (const Arc& arc : paying) {
        Add({lot, BinNode(arc.bin), arc.metres, kPlenty});
        arcs_of_[lot].push_back(arc);
        any = true;
      }
    });
    return any;
  }

  Carried Result() {
    carried_.pivots = simplex_.Pivots();
    carried_.used = static_cast<int64_t>(metres_.size());
    for (size_t i = 0; i < metres_.size(); ++i) {
      const int arc = first_arc_ + static_cast<int>(i);
      if (simplex_.From(arc) >= network_.lots() || simplex_.To(arc) >= GroupNode(0)) continue;
      if (const int64_t amount = simplex_.Flow(arc); amount > 0) {
        carried_.parts.push_back({simplex_.From(arc), simplex_.To(arc) - BinNode(0), metres_[i], amount});
      }
    }
    std::sort(carried_.parts.begin(), carried_.parts.end(),
              [](const auto& a, const auto& b) { return std::pair(a.lot, a.bin) < std::pair(b.lot, b.bin); });
    Wide case_metres = 0;  // in 2^-14
    for (const Carried::Part& part : carried_.parts) {
      case_metres += Wide{part.amount} * UnitCost(part.metres, network_.value[part.lot]);
    }
    carried_.case_metres = static_cast<int64_t>(case_metres >> kCostBits);
    if (more_ != nullptr) AddArcs(problem_, NewArcs());
    return std::move(carried_);
  }

  std::vector<NewArc> NewArcs() const {
    std::vector<NewArc> added;
    for (const int lot : order_) {
      for (Arc arc : arcs_of_[lot]) {
        arc.bin = network_.bin_index[arc.bin];
        added.push_back({network_.lot_index[lot], arc});
      }
    }
    return added;
  }

  Problem& problem_;
  const Network& network_;
  const Shared& shared_;
  const MoreArcs* const more_;
  const bool exact_;
  std::map<int32_t, int> class_of_;  // by urgency
  std::vector<int64_t> fixed_;       // by group: what it gets in any case
  std::vector<int64_t> supply_;      // by node
  std::vector<int32_t> tie_of_bin_;
  std::vector<std::vector<int32_t>> bins_of_tie_;
  std::vector<int32_t> order_;             // lots with food, by tie
  std::vector<std::vector<Arc>> arcs_of_;  // by lot: that were chosen so far
  Simplex simplex_;
  int first_arc_ = 0;            // of ours in the simplex
  std::vector<int32_t> metres_;  // of each of them
  Carried carried_;
};

}  // namespace

Carried Carry(Problem& problem, const Network& network, const Shared& shared, const MoreArcs* more,
              int64_t tolerance_ppm) {
  return Carrying(problem, network, shared, more, tolerance_ppm).Run();
}

}  // namespace kubari::fairflow
