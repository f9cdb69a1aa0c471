#include "libs/fairflow/simplex.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kubari::fairflow {
namespace {

constexpr int64_t kPlenty = int64_t{1} << 62;
// After so many blocks without an arc at odds with the potentials, the others of the next one are looked at so often.
constexpr int kFew = 4, kLooks = 10;
// How the price rises for what is not shipped.
constexpr int64_t kRise = 16;

}  // namespace

Simplex::Simplex(std::vector<int64_t> supply) : supply_(std::move(supply)), root_(static_cast<int>(supply_.size())) {
  next_arc_ = root_;
  guess_.assign(root_, 0);
  // An artificial arc for each node to or from a root of its own; Run() sets the price that drives them out.
  for (int node = 0; node < root_; ++node) {
    const bool out = supply_[node] >= 0;
    artificial_.push_back(Add(out ? node : root_, out ? root_ : node, kPlenty, 0));
  }
}

Simplex::Simplex(std::vector<int64_t> supply, std::vector<int64_t> guess, int64_t error) : Simplex(std::move(supply)) {
  guess_ = std::move(guess);
  first_price_ = error + 1;
}

int Simplex::Add(int from, int to, int64_t capacity, int64_t cost) {
  from_.push_back(from);
  to_.push_back(to);
  capacity_.push_back(capacity);
  cost_.push_back(cost);
  flow_.push_back(0);
  state_.push_back(kEmpty);
  most_cost_ = std::max(most_cost_, cost);
  return static_cast<int>(from_.size()) - 1;
}

// The root is a market that takes what is too much and has what is wanted, at the potentials that were guessed, less or
// more a price for its trouble. At a low price what is nearly right is put right nearby, which moves small trees only;
// the price rises until nobody goes to the market any more. No path costs more than the last price.
bool Simplex::Run() {
  do {
    Settle();
  } while (Raise());
  return Shipped();
}

void Simplex::Settle() {
  if (tree_.empty()) {
    MakeFirstTree();
    SetPrice(first_price_ > 0 ? first_price_ : LastPrice());
    TakeCheapestArcs();
  }
  for (int entering = FindEntering(); entering >= 0; entering = FindEntering()) Pivot(entering);
}

bool Simplex::Raise() {
  const int64_t last = LastPrice();
  if (Shipped() || price_ >= last) return false;
  SetPrice(price_ > last / kRise ? last : price_ * kRise);
  return true;
}

int64_t Simplex::LastPrice() const {
  int64_t most_guess = 0;
  for (const int64_t guess : guess_) most_guess = std::max(most_guess, std::abs(guess));
  return (most_cost_ + 1) * (root_ + 1) + 2 * most_guess;
}

bool Simplex::Shipped() const {
  return std::all_of(artificial_.begin(), artificial_.end(), [this](int arc) { return flow_[arc] == 0; });
}

// All supply goes to the root and all demand comes from it.
void Simplex::MakeFirstTree() {
  tree_.resize(root_ + 1);
  height_.resize(root_ + 1);
  inner_potential_.assign(root_ + 1, 0);
  height_[root_].base = root_;
  tree_[root_].children = 1;  // it is never a leaf
  for (int node = 0; node < root_; ++node) {
    const int arc = artificial_[node];
    flow_[arc] = std::abs(supply_[node]);
    state_[arc] = kInTree;
    height_[node].base = root_;
    Attach(node, root_, arc);
  }
}

// A good start (LEMON has a similar one): every node that takes nothing itself passes on over the arc that is cheapest
// by the guess; then every node that has something to give does so over its own.
void Simplex::TakeCheapestArcs() {
  std::vector<int32_t> cheapest(root_, -1);
  for (int arc = root_; arc < arcs(); ++arc) {
    int32_t& best = cheapest[from_[arc]];
    if (best < 0 || cost_[arc] - guess_[to_[arc]] < cost_[best] - guess_[to_[best]]) best = arc;
  }
  for (const bool gives : {false, true}) {
    for (int node = 0; node < root_; ++node) {
      const int32_t arc = cheapest[node];
      if (arc >= 0 && (supply_[node] > 0) == gives && state_[arc] == kEmpty && ReducedCost(arc) < 0) Pivot(arc);
    }
  }
}

void Simplex::SetPrice(int64_t price) {
  if (price <= price_) return;
  price_ = price;
  for (int node = 0; node < root_; ++node) {
    const int arc = artificial_[node];
    cost_[arc] = from_[arc] == node ? price - guess_[node] : price + guess_[node];
  }
  SetPotentials();
}

// The arc that is most at odds with the potentials, among the next block in which there is any. Where there are few, as
// after some arcs were added, the others of that block come next: that saves most of the looking.
int Simplex::FindEntering() {
  int best = -1;
  int64_t most = 0;
  if (looks_left_ > 0) {
    --looks_left_;
    size_t kept = 0;
    for (const int arc : candidates_) {
      const int64_t gain = -state_[arc] * ReducedCost(arc);
      if (gain <= 0) continue;
      candidates_[kept++] = arc;
      if (gain > most) {
        most = gain;
        best = arc;
      }
    }
    candidates_.resize(kept);
    if (best >= 0) return best;
  }
  candidates_.clear();
  // Artificial arcs come first and never come back.
  const int arcs = static_cast<int>(from_.size()) - root_;
  const int block = std::max(50, static_cast<int>(std::sqrt(static_cast<double>(arcs))));
  int rest = block, looked = 0;
  for (; looked < arcs; ++looked) {
    const int64_t gain = -state_[next_arc_] * ReducedCost(next_arc_);
    if (gain > 0) {
      candidates_.push_back(next_arc_);
      if (gain > most) {
        most = gain;
        best = next_arc_;
      }
    }
    if (++next_arc_ == root_ + arcs) next_arc_ = root_;
    if (--rest == 0) {
      if (best >= 0) break;
      rest = block;
    }
  }
  looks_left_ = looked >= kFew * block ? kLooks : 0;
  return best;
}

int Simplex::CommonAncestor(int a, int b) const {
  if (IsLeaf(a)) a = tree_[a].parent;
  if (IsLeaf(b)) b = tree_[b].parent;
  while (a != b) {
    if (tree_[a].depth >= tree_[b].depth) {
      a = tree_[a].parent;
    } else {
      b = tree_[b].parent;
    }
  }
  return a;
}

// How much more the arc between a node and its parent can carry up (or down).
int64_t Simplex::Room(int node, bool up) const {
  const int arc = tree_[node].arc;
  return Upwards(node) == up ? capacity_[arc] - flow_[arc] : flow_[arc];
}

void Simplex::Shift(int node, bool up, int64_t amount) {
  flow_[tree_[node].arc] += Upwards(node) == up ? amount : -amount;
}

// Flow goes round the cycle that the entering arc closes, until an arc of it is empty or full; that one leaves the
// tree. Of several it is the last one met from the top of the cycle on, which keeps the tree strongly feasible.
void Simplex::Pivot(int entering) {
  ++pivots_;
  const bool empty = state_[entering] == kEmpty;
  const int first = empty ? from_[entering] : to_[entering];
  const int second = empty ? to_[entering] : from_[entering];
  const int top = CommonAncestor(first, second);
  int64_t amount = capacity_[entering];
  int leaving = -1;
  bool on_first_side = false;
  for (int node = first; node != top; node = tree_[node].parent) {
    if (const int64_t room = Room(node, false); room < amount) amount = room, leaving = node, on_first_side = true;
  }
  for (int node = second; node != top; node = tree_[node].parent) {
    if (const int64_t room = Room(node, true); room <= amount) amount = room, leaving = node, on_first_side = false;
  }
  if (amount > 0) {
    flow_[entering] += empty ? amount : -amount;
    for (int node = first; node != top; node = tree_[node].parent) Shift(node, false, amount);
    for (int node = second; node != top; node = tree_[node].parent) Shift(node, true, amount);
  }
  if (leaving < 0) {
    state_[entering] = empty ? kFull : kEmpty;
    return;
  }
  const int left = tree_[leaving].arc;
  state_[left] = flow_[left] == 0 ? kEmpty : kFull;
  state_[entering] = kInTree;
  MoveSubtree(on_first_side ? first : second, leaving, on_first_side ? second : first, entering);
}

// Arcs of the tree have no reduced cost.
Simplex::Height Simplex::HeightOfLeaf(int node) const {
  const int arc = tree_[node].arc;
  return {.offset = Upwards(node) ? -cost_[arc] : cost_[arc], .base = tree_[node].parent};
}

void Simplex::BecomeInner(int node) {
  inner_potential_[node] = Potential(node);
  height_[node] = {.offset = 0, .base = node};
  tree_[node].depth = tree_[tree_[node].parent].depth + 1;
  Link(node);
}

void Simplex::BecomeLeaf(int node) {
  Unlink(node);
  height_[node] = HeightOfLeaf(node);
}

void Simplex::Link(int node) {
  TreeNode& n = tree_[node];
  n.previous = -1;
  n.next = tree_[n.parent].first_inner;
  if (n.next >= 0) tree_[n.next].previous = node;
  tree_[n.parent].first_inner = node;
}

void Simplex::Unlink(int node) {
  const TreeNode& n = tree_[node];
  if (n.previous >= 0) {
    tree_[n.previous].next = n.next;
  } else {
    tree_[n.parent].first_inner = n.next;
  }
  if (n.next >= 0) tree_[n.next].previous = n.previous;
}

void Simplex::Detach(int node) {
  const int parent = tree_[node].parent;
  if (!IsLeaf(node)) Unlink(node);
  if (--tree_[parent].children == 0) BecomeLeaf(parent);
}

void Simplex::Attach(int node, int parent, int arc) {
  if (tree_[parent].children++ == 0) BecomeInner(parent);
  tree_[node].parent = parent;
  tree_[node].arc = arc;
  if (IsLeaf(node)) {
    height_[node] = HeightOfLeaf(node);
  } else {
    Link(node);
  }
}

// The subtree below `to` is hung up at `from`, one of its nodes: the path between them turns round.
void Simplex::MoveSubtree(int from, int to, int new_parent, int arc) {
  if (IsLeaf(from) && from == to) {
    Detach(from);
    return Attach(from, new_parent, arc);
  }
  const int64_t reduced = ReducedCost(arc);
  const int64_t change = from_[arc] == from ? -reduced : reduced;
  // `from` stays an inner node meanwhile, so that all potentials in the subtree are the old ones until they are
  // changed.
  if (tree_[from].children++ == 0) BecomeInner(from);
  for (int node = from, parent = new_parent, by = arc;;) {
    const int old_parent = tree_[node].parent, old_arc = tree_[node].arc;
    Detach(node);
    Attach(node, parent, by);
    if (node == to) break;
    parent = node;
    by = old_arc;
    node = old_parent;
  }
  --tree_[from].children;
  stack_.assign(1, from);
  while (!stack_.empty()) {
    const int node = stack_.back();
    stack_.pop_back();
    tree_[node].depth = tree_[tree_[node].parent].depth + 1;
    inner_potential_[node] += change;
    for (int child = tree_[node].first_inner; child >= 0; child = tree_[child].next) stack_.push_back(child);
  }
}

// All anew, after costs changed.
void Simplex::SetPotentials() {
  stack_.assign(1, root_);
  while (!stack_.empty()) {
    const int parent = stack_.back();
    stack_.pop_back();
    for (int child = tree_[parent].first_inner; child >= 0; child = tree_[child].next) {
      inner_potential_[child] = inner_potential_[parent] + HeightOfLeaf(child).offset;
      stack_.push_back(child);
    }
  }
  for (int node = 0; node < root_; ++node) {
    if (IsLeaf(node)) height_[node] = HeightOfLeaf(node);
  }
}

}  // namespace kubari::fairflow
