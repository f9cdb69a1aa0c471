#include "libs/fairflow/standing_shares.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "libs/fairflow/sharing.h"

namespace kubari::fairflow {

class StandingShares::Work : public Sharing {
 public:
  Work(Network& network, Shared& shared) : Sharing(network, shared), changing_(network) {
    Run(nullptr);
    for (const int32_t urgency : network_.urgency) last_class_ = std::max(last_class_, urgency);
    kinds_into_.resize(network_.bins());
    for (size_t arc = 0; arc < network_.head.size(); ++arc)
      kinds_into_[network_.head[arc]].push_back(network_.tail[arc]);
    for (size_t i = 0, count = settled_.size(); i < count; ++i) {
      if (settled_[i].tie.stuck) TakeApart(i);
    }
    for (Settled& settled : settled_) SetLabel(settled);
    for (int kind = 0; kind < network_.kinds(); ++kind) {
      if (network_.supply[kind] == 0) part_of_[KindNode(kind)] = kIdle;
    }
    has_floors_ = std::any_of(network_.floor.begin(), network_.floor.end(), [](int64_t floor) { return floor > 0; });
  }

  void SetCases(int lot, int64_t cases) {
    const int kind = network_.kind_of[lot];
    int64_t more = (cases - network_.cases[lot]) * network_.value[lot];
    changing_.cases[lot] = cases;
    changing_.supply[kind] += more;
    // Of what not all goes out anyway there may be more, or less of what stays: nothing else changes.
    if (!unsaved_.empty() && unsaved_[lot] > 0 && unsaved_[lot] + more > 0) {
      unsaved_[lot] += more;
      flow_.left[kind] += more;
      return;
    }
    if (!unsaved_.empty()) unsaved_[lot] = 0;  // until it is known again
    if (part_of_[KindNode(kind)] == kIdle && more > 0) {
      part_of_[KindNode(kind)] = Label(settled_.size());
      settled_.push_back({Part{.kinds = {KindNode(kind)}}, {}});
    }
    if (more != 0) Touch(KindNode(kind));
    const int64_t from_what_stays = std::max(more, -flow_.left[kind]);
    flow_.left[kind] += from_what_stays;
    more -= from_what_stays;
    for (int64_t arc = network_.arc_begin[kind]; more < 0; ++arc) {
      const int64_t amount = std::min(flow_.on_arc[arc], -more);
      TakeBack(static_cast<int32_t>(arc), amount);
      more += amount;
    }
    if (network_.supply[kind] == 0) BecomeIdle(kind);
  }

  void SetRoom(int bin, int64_t room) {
    for (const Filling& filling : filled_by_[bin]) {
      const int64_t amount = std::min(flow_.on_arc[filling.arc], flow_.into_bin[bin] - room);
      if (amount <= 0) continue;
      TakeBack(filling.arc, amount);
      flow_.left[filling.kind - first_kind_] += amount;
      Touch(filling.kind);
    }
    changing_.room[bin] = room;
    if (flow_.into_bin[bin] > 0) Touch(first_bin_ + bin);
    Touch(network_.group_of[bin]);
  }

  int AddLot(int64_t cases, int64_t value, int32_t urgency, const std::vector<int32_t>& bins) {
    const int lot = network_.lots(), kind = network_.kinds();
    changing_.cases.push_back(0);
    changing_.value.push_back(value);
    changing_.urgency.push_back(urgency);
    changing_.kind_of.push_back(kind);
    changing_.lot_index.push_back(lot);
    changing_.lot_rank.push_back(lot);
    changing_.supply.push_back(0);
    changing_.lots_of.push_back({lot});
    for (const int32_t bin : bins) {
      changing_.head.push_back(bin);
      changing_.tail.push_back(kind);
      kinds_into_[bin].push_back(kind);
    }
    std::sort(changing_.head.end() - static_cast<int64_t>(bins.size()), changing_.head.end());
    changing_.arc_begin.push_back(static_cast<int64_t>(network_.head.size()));
    flow_.on_arc.resize(network_.head.size(), 0);
    flow_.left.push_back(0);
    listed_.resize(network_.head.size(), 0);
    part_of_.push_back(kIdle);
    distance_.push_back(kElsewhere);
    next_.push_back(0);
    nodes_ = first_kind_ + network_.kinds();
    if (!unsaved_.empty()) unsaved_.push_back(0);
    if (urgency > last_class_) {  // what was of the last class no longer is
      last_class_ = urgency;
      for (Settled& settled : settled_) settled.urgent = settled.tie.stuck;
    }
    SetCases(lot, cases);
    return lot;
  }

  int64_t Resolve() {
    int64_t looked_at = 0;
    if (has_floors_ && !touched_.empty()) {
      for (size_t i = 0; i < settled_.size(); ++i) touched_.insert(static_cast<int32_t>(i));
    }
    while (!touched_.empty()) {
      const size_t before = settled_.size();
      Part part = Gather();
      looked_at += static_cast<int64_t>(part.groups.size() + part.bins.size() + part.kinds.size());
      Share(std::move(part));
      for (size_t i = before, count = settled_.size(); i < count; ++i) {
        if (settled_[i].tie.stuck) TakeApart(i);
      }
      for (size_t i = before; i < settled_.size(); ++i) SetLabel(settled_[i]);
      for (const auto& [group, food] : owed_) {
        if (PieceOf(group) < static_cast<int32_t>(before) && flow_.to_group[group] != food) Touch(group);
      }
      for (size_t i = before; i < settled_.size(); ++i) LookAround(static_cast<int32_t>(i), before);
      if (touched_.empty()) break;
      for (size_t i = before; i < settled_.size(); ++i) touched_.insert(static_cast<int32_t>(i));
    }
    owed_.clear();
    return looked_at;
  }

  void Tell() {
    // Numbered as ShareFood() does: what is stuck, then from the richest; what has no food last.
    std::vector<int32_t> order;
    for (size_t i = 0; i < settled_.size(); ++i) {
      if (!settled_[i].part.groups.empty() || !settled_[i].part.kinds.empty()) order.push_back(static_cast<int32_t>(i));
    }
    std::stable_sort(order.begin(), order.end(), [this](int32_t a, int32_t b) {
      const Tie &left = settled_[a].tie, &right = settled_[b].tie;
      return left.stuck != right.stuck ? left.stuck : !left.stuck && Less(right.level, left.level);
    });
    std::vector<int32_t> tie_of(settled_.size(), -1);
    shared_.ties.clear();
    for (const int32_t i : order) {
      const Tie& tie = settled_[i].tie;
      if (shared_.ties.empty() || !tie.stuck || !shared_.ties.back().stuck) shared_.ties.push_back(tie);
      tie_of[i] = static_cast<int32_t>(shared_.ties.size()) - 1;
    }
    const auto none = static_cast<int32_t>(shared_.ties.size());
    shared_.ties.push_back({});
    const auto tie_of_node = [&](int32_t node) {
      if (IsBin(node) && flow_.into_bin[node - first_bin_] == 0) node = network_.group_of[node - first_bin_];
      return part_of_[node] == kIdle || tie_of[PieceOf(node)] < 0 ? none : tie_of[PieceOf(node)];
    };
    for (auto* ties : {&shared_.tie_of_group, &shared_.tie_of_bin, &shared_.tie_of_kind}) ties->clear();
    for (int node = 0; node < nodes_; ++node) {
      auto& ties = IsGroup(node) ? shared_.tie_of_group : IsBin(node) ? shared_.tie_of_bin : shared_.tie_of_kind;
      ties.push_back(tie_of_node(node));
    }
    SetSaved();
  }

 private:
  // Kinds without food belong nowhere.
  static constexpr int32_t kIdle = std::numeric_limits<int32_t>::min();

  int32_t KindNode(int kind) const { return first_kind_ + kind; }
  int32_t PieceOf(int32_t node) const { return -1 - part_of_[node]; }
  void Touch(int32_t node) { touched_.insert(PieceOf(node)); }

  void BecomeIdle(int kind) {
    part_of_[KindNode(kind)] = kIdle;
    for (const int32_t lot : network_.lots_of[kind]) {
      if (!unsaved_.empty()) unsaved_[lot] = 0;
    }
  }

  void TakeBack(int32_t arc, int64_t amount) {
    if (amount == 0) return;
    const int32_t bin = network_.head[arc], group = network_.group_of[bin];
    Touch(first_bin_ + bin);
    // A group elsewhere may well get it back.
    if (part_of_[group] == part_of_[first_bin_ + bin]) {
      Touch(group);
    } else {
      owed_.emplace(group, flow_.to_group[group]);
    }
    flow_.on_arc[arc] -= amount;
    flow_.into_bin[bin] -= amount;
    flow_.to_group[group] -= amount;
    if (flow_.on_arc[arc] == 0) emptied_.push_back(arc);
  }

  // All that is touched as one part. Bins without food go where their groups are.
  Part Gather() {
    const int32_t label = ++parts_;
    Part all;
    for (const int32_t piece : touched_) {
      Part part = std::move(settled_[piece].part);
      settled_[piece].part = {};
      const int32_t old = Label(static_cast<size_t>(piece));
      for (const int32_t group : part.groups) part_of_[group] = label, all.groups.push_back(group);
      for (const int32_t node : part.bins) {
        if (part_of_[node] == old && flow_.into_bin[node - first_bin_] > 0)
          part_of_[node] = label, all.bins.push_back(node);
      }
      for (const int32_t node : part.kinds) {
        if (part_of_[node] == old) part_of_[node] = label, all.kinds.push_back(node);
      }
    }
    touched_.clear();
    for (const int32_t group : all.groups) {
      for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin) {
        if (flow_.into_bin[bin] == 0) part_of_[first_bin_ + bin] = label, all.bins.push_back(first_bin_ + bin);
      }
    }
    for (const int32_t node : all.bins) {
      const int32_t group = network_.group_of[node - first_bin_];
      if (part_of_[group] != label) owed_.emplace(group, flow_.to_group[group]);
    }
    for (auto* nodes : {&all.groups, &all.bins, &all.kinds}) std::sort(nodes->begin(), nodes->end());
    for (const int32_t node : all.kinds) {
      for (const int32_t lot : network_.lots_of[node - first_kind_]) {
        if (!unsaved_.empty()) unsaved_[lot] = 0;
      }
    }
    return all;
  }

  // The piece falls into those that no way connects.
  void TakeApart(size_t piece) {
    Part whole = std::move(settled_[piece].part);
    settled_[piece].part = {};
    const Tie tie = settled_[piece].tie;
    const int32_t old = Label(piece);
    whole.ForEach([&](int32_t first) {
      if (part_of_[first] != old) return;
      const int32_t label = Label(settled_.size());
      Part part;
      queue_.assign(1, first);
      part_of_[first] = label;
      const auto go_on = [&](int32_t node) {
        if (part_of_[node] == old) part_of_[node] = label, queue_.push_back(node);
      };
      for (size_t i = 0; i < queue_.size(); ++i) {
        const int32_t node = queue_[i];
        if (IsGroup(node)) {
          part.groups.push_back(node);
          for (int bin = network_.bin_begin[node]; bin < network_.bin_begin[node + 1]; ++bin) go_on(first_bin_ + bin);
        } else if (IsBin(node)) {
          part.bins.push_back(node);
          go_on(network_.group_of[node - first_bin_]);
          for (const int32_t kind : kinds_into_[node - first_bin_]) go_on(KindNode(kind));
        } else {
          part.kinds.push_back(node);
          const int kind = node - first_kind_;
          for (int64_t arc = network_.arc_begin[kind]; arc < network_.arc_begin[kind + 1]; ++arc)
            go_on(first_bin_ + network_.head[arc]);
        }
      }
      const bool urgent = UrgentFoodStays(part);
      settled_.push_back({std::move(part), tie, urgent});
    });
  }
  bool UrgentFoodStays(const Part& part) const {
    for (const int32_t node : part.kinds) {
      for (const int32_t lot : network_.lots_of[node - first_kind_]) {
        if (unsaved_[lot] > 0 && network_.urgency[lot] < last_class_) return true;
      }
    }
    return false;
  }

  // Food can move from one to the other. Is that no improvement? It is none towards a level that is not lower, nor
  // among what is stuck, if all that stays is of the last class.
  static bool MayStay(const Settled& from, const Settled& to) {
    if (from.tie.stuck) return to.tie.stuck && !from.urgent;
    return to.tie.stuck || !(to.label < from.label);
  }
  const Settled& At(int32_t node) const { return settled_[PieceOf(node)]; }
  Unit LastUnit(int group) const { return {{LevelOf(group).food - 1, network_.weight[group]}, group}; }
  Unit NextUnit(int group) const { return {LevelOf(group), group}; }

  // From where a group's food can be taken: from its piece, or from itself if it is richer.
  Settled Giving(int group) const {
    Settled giving{.tie = At(group).tie, .urgent = At(group).urgent, .label = At(group).label};
    giving.label = std::max(giving.label, LastUnit(group));
    return giving;
  }
  // Where more food for it would be: in its piece, or with itself if it is poorer.
  Settled Taking(int group) const {
    Settled taking{.tie = At(group).tie, .urgent = At(group).urgent, .label = At(group).label};
    if (flow_.to_group[group] >= network_.cap[group]) return taking;
    if (taking.tie.stuck || NextUnit(group) < taking.label) taking.label = NextUnit(group);
    taking.tie.stuck = false;
    return taking;
  }

  // After the piece was settled.
  void SetLabel(Settled& settled) const {
    settled.label = settled.part.least;
    for (const int32_t group : settled.part.groups) {
      bool given = false;  // from this piece
      for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin)
        given |= part_of_[first_bin_ + bin] == part_of_[group] && flow_.into_bin[bin] > 0;
      if (given) settled.label = std::max(settled.label, LastUnit(group));
    }
  }

  // Touches what lies around a piece, was settled before, and may not stay as it is.
  void LookAround(int32_t piece, size_t before) {
    const Settled& here = settled_[piece];
    const Part& part = here.part;
    const int32_t label = Label(static_cast<size_t>(piece));
    const auto outside = [&](int32_t node) {
      return part_of_[node] != kIdle && PieceOf(node) < static_cast<int32_t>(before);
    };
    const auto check = [&](const Settled& from, const Settled& to, int32_t other) {
      if (!MayStay(from, to)) Touch(other);
    };
    // Food that comes into a bin ends with its group or with those who fill it.
    const auto into_others = [&](int bin) {
      const int32_t node = first_bin_ + bin, group = network_.group_of[bin];
      if (flow_.into_bin[bin] > 0 && outside(node)) check(here, At(node), node);
      if (flow_.into_bin[bin] < network_.room[bin] && outside(group)) check(here, Taking(group), group);
    };
    const auto from_others = [&](int bin) {
      const int32_t node = first_bin_ + bin, group = network_.group_of[bin];
      for (const int32_t kind : kinds_into_[bin]) {
        const int32_t other = KindNode(kind);
        if (!outside(other)) continue;
        if (flow_.into_bin[bin] > 0) check(At(other), At(node), other);
        if (flow_.into_bin[bin] < network_.room[bin]) check(At(other), Taking(group), other);
      }
    };
    const auto between = [&](int group, int bin) {  // in two pieces
      const int32_t node = first_bin_ + bin;
      if (flow_.into_bin[bin] == 0 || part_of_[node] == part_of_[group] || (!outside(node) && !outside(group))) return;
      const int32_t other = outside(node) ? node : group;
      check(Giving(group), At(node), other);
      if (flow_.into_bin[bin] < network_.room[bin]) check(At(node), Taking(group), other);
    };
    for (const int32_t node : part.kinds) {
      const int kind = node - first_kind_;
      for (int64_t arc = network_.arc_begin[kind]; arc < network_.arc_begin[kind + 1]; ++arc)
        into_others(network_.head[arc]);
    }
    for (const int32_t node : part.bins) {
      if (part_of_[node] != label) continue;
      from_others(node - first_bin_);
      between(network_.group_of[node - first_bin_], node - first_bin_);
    }
    for (const int32_t group : part.groups) {
      for (int bin = network_.bin_begin[group]; bin < network_.bin_begin[group + 1]; ++bin) {
        between(group, bin);
        if (part_of_[first_bin_ + bin] != label) from_others(bin);
      }
    }
  }

  Network& changing_;  // network_
  bool has_floors_ = false;
  int32_t last_class_ = std::numeric_limits<int32_t>::min();
  std::vector<std::vector<int32_t>> kinds_into_;  // by bin
  std::set<int32_t> touched_;                     // places in settled_
  std::map<int32_t, int64_t> owed_;               // what groups had whose bins were solved without them
};

StandingShares::StandingShares(Network network)
    : network_(std::move(network)), work_(std::make_unique<Work>(network_, shared_)) {}
StandingShares::~StandingShares() = default;
void StandingShares::SetCases(int lot, int64_t cases) { work_->SetCases(lot, cases); }
void StandingShares::SetRoom(int bin, int64_t room) { work_->SetRoom(bin, room); }
int StandingShares::AddLot(int64_t cases, int64_t value, int32_t urgency, std::vector<int32_t> bins) {
  return work_->AddLot(cases, value, urgency, bins);
}
int64_t StandingShares::Resolve() { return work_->Resolve(); }
const Shared& StandingShares::Tell() {
  work_->Tell();
  return shared_;
}

}  // namespace kubari::fairflow
