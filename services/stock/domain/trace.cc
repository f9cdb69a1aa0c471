#include "services/stock/domain/trace.h"

#include "libs/errors/macros.h"

namespace kubari::stock {
namespace {

// Each lot that went in with each that came out.
void AddLinks(const std::string& transformation_id, const std::vector<Transformed>& lots, std::vector<LotLink>& links) {
  for (const Transformed& in : lots) {
    if (in.consumed <= 0) continue;
    for (const Transformed& out : lots) {
      if (out.produced > 0) {
        links.push_back({in.lot_id, out.lot_id, transformation_id, in.consumed, out.produced});
      }
    }
  }
}

}  // namespace

absl::StatusOr<Lineage> Follow(
    const std::vector<std::string>& seeds, Direction direction, int limit,
    absl::FunctionRef<absl::StatusOr<std::vector<Transformed>>(const std::vector<std::string>& lots)> step) {
  Lineage lineage;
  std::set<std::string> seen, transformations;
  std::vector<std::string> frontier;
  const auto visit = [&](const std::string& lot) {
    if (seen.count(lot) > 0) return;
    if (static_cast<int>(seen.size()) >= limit) {
      lineage.incomplete = true;
      return;
    }
    seen.insert(lot);
    lineage.lots.push_back(lot);
    frontier.push_back(lot);
  };
  for (const std::string& seed : seeds) visit(seed);
  std::vector<LotLink> links;
  while (!frontier.empty()) {
    ASSIGN_OR_RETURN(const std::vector<Transformed> found, step(frontier));
    frontier.clear();
    std::map<std::string, std::vector<Transformed>> fresh;
    for (const Transformed& one : found) {
      if (transformations.count(one.transformation_id) == 0) fresh[one.transformation_id].push_back(one);
    }
    for (const auto& [transformation_id, lots] : fresh) {
      transformations.insert(transformation_id);
      const size_t before = links.size();
      AddLinks(transformation_id, lots, links);
      for (size_t i = before; i < links.size(); ++i) {
        visit(direction == Direction::kForward ? links[i].to_lot : links[i].from_lot);
      }
    }
  }
  // The other ingredients of a kit are not what was asked for, nor are neighbours that were left out at the limit.
  for (LotLink& link : links) {
    if (seen.count(link.from_lot) > 0 && seen.count(link.to_lot) > 0) lineage.links.push_back(std::move(link));
  }
  return lineage;
}

std::vector<LotLink> LinksOf(const std::vector<Movement>& movements) {
  std::map<std::string, std::map<std::string, Transformed>> by_transformation;  // by lot
  for (const Movement& m : movements) {
    const bool in = m.effect_kind == pb::MOVEMENT_KIND_CONSUME;
    if (!in && m.effect_kind != pb::MOVEMENT_KIND_PRODUCE) continue;
    Transformed& one = by_transformation[m.operation_id][m.lot_id];
    one.lot_id = m.lot_id;
    (in ? one.consumed : one.produced) += m.effect_items();
  }
  std::vector<LotLink> links;
  for (const auto& [transformation_id, by_lot] : by_transformation) {
    std::vector<Transformed> lots;
    for (const auto& [lot_id, one] : by_lot) lots.push_back(one);
    AddLinks(transformation_id, lots, links);
  }
  return links;
}

}  // namespace kubari::stock
