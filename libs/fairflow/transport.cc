#include "libs/fairflow/transport.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "libs/fairflow/auction.h"
#include "libs/fairflow/simplex.h"

namespace kubari::fairflow {
namespace {

using Wide = __int128;

constexpr int64_t kPlenty = int64_t{1} << 60;
// Arcs that a lot may get in a round of pricing: by guessed prices, by those of the simplex method.
constexpr size_t kArcsByGuess = 16, kArcsByPrice = 8;
// So many rounds by guess, before the simplex method begins.
constexpr int kGuesses = 2;
// Costs are whole numbers of metres ÷ 2^14 for a milli-person-day, rounded down.
constexpr int kCostBits = 14;

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
    Worth worth = Auction(MakeMarket());
    // What pays by guessed prices is found now, before the simplex method has gone far another way.
    for (int round = 0; more_ != nullptr && round < kGuesses; ++round) {
      std::vector<NewArc> paying = ArcsThatPay([&](int lot) { return worth.seller[lot] - 2 * worth.error; },
                                               [&](int bin) { return worth.bin[bin]; }, kArcsByGuess);
      if (paying.empty()) break;
      AddArcs(problem_, std::move(paying));
      worth = Auction(MakeMarket());
    }
    std::vector<int64_t> guess = std::move(worth.seller);  // in the order of the nodes
    guess.insert(guess.end(), worth.bin.begin(), worth.bin.begin() + network_.bins());
    guess.insert(guess.end(), worth.group.begin(), worth.group.end());
    guess.push_back(0);
    simplex_ = Simplex(supply_, std::move(guess), worth.error);
    first_arc_ = simplex_.arcs();
    AddAllArcs();
    do {
      simplex_.Run();
      ++carried_.rounds;
    } while (more_ != nullptr && AddWhatWouldPay());
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
    market.offers.reserve(problem_.arcs.size() + network_.lots());
    market.begin.reserve(network_.lots() + 1);
    for (int lot = 0; lot < network_.lots(); ++lot) {
      market.amount.push_back(supply_[lot]);
      const int index = network_.lot_index[lot];
      for (int64_t i = problem_.arc_begin[index]; i < problem_.arc_begin[index + 1] && Amount(lot) > 0; ++i) {
        const int32_t bin = network_.bin_rank[problem_.arcs[i].bin];
        if (Useful(lot, bin)) market.offers.push_back({bin, UnitCost(problem_.arcs[i].metres, network_.value[lot])});
      }
      if (!Whole(lot)) market.offers.push_back({network_.bins() + class_of_.at(network_.urgency[lot]), 0});
      std::sort(market.offers.begin() + market.begin.back(), market.offers.end(),
                [](const Market::Offer& a, const Market::Offer& b) { return a.bin < b.bin; });
      market.begin.push_back(static_cast<int64_t>(market.offers.size()));
    }
    return market;
  }

  // At fixed totals nothing flows between ties.
  bool Useful(int lot, int32_t bin) const {
    return !exact_ || shared_.tie_of_bin[bin] == shared_.tie_of_kind[network_.kind_of[lot]];
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
  void AddAllArcs() {
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
      const size_t first = arcs.size();
      const int index = network_.lot_index[lot];
      for (int64_t i = problem_.arc_begin[index]; i < problem_.arc_begin[index + 1]; ++i) {
        const int32_t bin = network_.bin_rank[problem_.arcs[i].bin];
        if (Useful(lot, bin)) arcs.push_back({lot, BinNode(bin), problem_.arcs[i].metres, kPlenty});
      }
      std::sort(arcs.begin() + first, arcs.end(), [](const Candidate& a, const Candidate& b) { return a.to < b.to; });
    }
    return arcs;
  }

  // The best few arcs of each lot over which a unit would gain more worth than the way costs.
  template <typename WorthOfLot, typename WorthOfBin>
  std::vector<NewArc> ArcsThatPay(const WorthOfLot& worth_of_lot, const WorthOfBin& worth_of_bin, size_t most) {
    struct BinOfProblem {  // what it takes to refuse most arcs, side by side
      int64_t worth;
      int32_t tie;
    };
    std::vector<BinOfProblem> bins(network_.bins());
    for (int bin = 0; bin < network_.bins(); ++bin)
      bins[network_.bin_index[bin]] = {worth_of_bin(bin), shared_.tie_of_bin[bin]};
    std::vector<NewArc> paying;
    std::vector<Arc> arcs;
    std::vector<std::tuple<int64_t, int32_t, size_t>> best;  // reduced cost, bin, place in arcs
    carried_.priced = 0;
    for (int lot = 0; lot < network_.lots(); ++lot) {
      if (Amount(lot) == 0) continue;
      const int64_t here = worth_of_lot(lot), value = network_.value[lot];
      const int32_t tie = shared_.tie_of_kind[network_.kind_of[lot]];
      const auto pays = [&](const Arc& arc) {
        ++carried_.priced;
        const BinOfProblem& bin = bins[arc.bin];
        if (exact_ && bin.tie != tie) return false;
        // UnitCost(arc.metres, value) < bin.worth - here, without a division.
        return int64_t{arc.metres} << kCostBits < Wide{bin.worth - here} * value;
      };
      arcs.clear();
      more_->Of(network_.lot_index[lot], pays, arcs);
      best.clear();
      for (size_t i = 0; i < arcs.size(); ++i) {
        const int32_t bin = network_.bin_rank[arcs[i].bin];
        best.emplace_back(UnitCost(arcs[i].metres, value) - worth_of_bin(bin), bin, i);
      }
      const size_t many = std::min(most, best.size());
      std::partial_sort(best.begin(), best.begin() + many, best.end());
      for (size_t i = 0; i < many; ++i) paying.push_back({network_.lot_index[lot], arcs[std::get<2>(best[i])]});
    }
    return paying;
  }

  bool AddWhatWouldPay() {
    std::vector<NewArc> paying =
        ArcsThatPay([this](int lot) { return simplex_.Potential(lot); },
                    [this](int bin) { return simplex_.Potential(BinNode(bin)); }, kArcsByPrice);
    for (const NewArc& added : paying) {
      const int32_t bin = network_.bin_rank[added.arc.bin];
      Add({network_.lot_rank[added.lot], BinNode(bin), added.arc.metres, kPlenty});
    }
    const bool any = !paying.empty();
    if (any) AddArcs(problem_, std::move(paying));
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
    return std::move(carried_);
  }

  Problem& problem_;
  const Network& network_;
  const Shared& shared_;
  const MoreArcs* const more_;
  const bool exact_;
  std::map<int32_t, int> class_of_;  // by urgency
  std::vector<int64_t> fixed_;       // by group: what it gets in any case
  std::vector<int64_t> supply_;      // by node
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
