// A minimum cost flow by the primal network simplex method: a spanning tree of arcs, improved one arc at a time.
//
// Textbook: Ahuja, Magnanti, Orlin, "Network Flows" (1993), chapter 11; the tree stays strongly feasible (Cunningham
// 1976), so that the method ends without drawing lots, and arcs are looked at block by block (Grigoriadis 1986). The
// result is a vertex: only arcs of the tree carry flow between their bounds. That is why few cases have to be divided
// afterwards.
#pragma once

#include <cstdint>
#include <vector>

namespace kubari::fairflow {

class Simplex {
 public:
  // Nodes 0 … nodes - 1; supplies (negative: demands) sum to zero.
  explicit Simplex(std::vector<int64_t> supply);
  // The same with a guess of the potentials, between −2^58 and 2^58, and of how far it is off (≥ 0). A good one saves
  // most of the pivots; any one leads to the optimum.
  Simplex(std::vector<int64_t> supply, std::vector<int64_t> guess, int64_t error);

  // cost ≥ 0, capacity ≥ 0. Arcs may be added after Run() too; it then goes on from where it was. Returns the arc's
  // number.
  int Add(int from, int to, int64_t capacity, int64_t cost);

  // False: the supplies cannot be shipped.
  bool Run();

  // Run() by hand, for who adds arcs meanwhile: to the optimum at a price for what is not shipped; to a higher price.
  // False: all is shipped, or no price would help.
  void Settle();
  bool Raise();

  int arcs() const { return static_cast<int>(from_.size()); }
  int From(int arc) const { return from_[arc]; }
  int To(int arc) const { return to_[arc]; }
  int64_t Flow(int arc) const { return flow_[arc]; }
  // cost + potential(from) − potential(to) ≥ 0 on every arc that could carry more: what proves the optimum.
  int64_t Potential(int node) const { return inner_potential_[height_[node].base] + height_[node].offset; }
  int64_t Pivots() const { return pivots_; }

 private:
  // An arc outside the tree is empty or full.
  enum State : int8_t { kFull = -1, kInTree = 0, kEmpty = 1 };

  // Most nodes are leaves, and most of the work is to move subtrees. So leaves stand in no list of children, and their
  // potential is told by the parent's: a subtree moves without touching them. The root counts as an inner node.
  struct TreeNode {
    int parent = -1, arc = -1;
    int children = 0;                                // leaves included
    int depth = 0;                                   // of an inner node
    int first_inner = -1, next = -1, previous = -1;  // inner nodes among the children; siblings among those
  };
  struct Height {  // potential = inner_potential_[base] + offset
    int64_t offset = 0;
    int32_t base = 0;  // itself, or the parent of a leaf
  };

  void MakeFirstTree();
  int64_t LastPrice() const;
  void SetPrice(int64_t price);
  bool Shipped() const;
  void TakeCheapestArcs();
  void SetPotentials();
  int FindEntering();
  void Pivot(int entering);
  int CommonAncestor(int a, int b) const;
  bool Upwards(int node) const { return from_[tree_[node].arc] == node; }
  int64_t Room(int node, bool up) const;
  void Shift(int node, bool up, int64_t amount);
  bool IsLeaf(int node) const { return height_[node].base != node; }
  Height HeightOfLeaf(int node) const;
  void BecomeInner(int node);
  void BecomeLeaf(int node);
  void Link(int node);
  void Unlink(int node);
  void Detach(int node);
  void Attach(int node, int parent, int arc);
  void MoveSubtree(int from, int to, int new_parent, int arc);
  int64_t ReducedCost(int arc) const { return cost_[arc] + Potential(from_[arc]) - Potential(to_[arc]); }

  std::vector<int64_t> supply_, guess_;
  std::vector<int32_t> from_, to_;
  std::vector<int64_t> capacity_, cost_, flow_;
  std::vector<int8_t> state_;
  std::vector<TreeNode> tree_;
  std::vector<Height> height_;
  std::vector<int64_t> inner_potential_;
  std::vector<int32_t> artificial_;  // by node
  std::vector<int> stack_;
  int root_;
  int64_t most_cost_ = 0;
  int64_t price_ = 0, first_price_ = 0;  // of the artificial arcs; 0: none yet
  int next_arc_ = 0;
  std::vector<int32_t> candidates_;  // at odds with the potentials when they were last looked at
  int looks_left_ = 0;
  int64_t pivots_ = 0;
};

}  // namespace kubari::fairflow
