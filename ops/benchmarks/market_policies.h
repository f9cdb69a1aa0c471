// Claims and sealed bids as policies of ops/bench allocation: the rules of services/allocation/domain/market.h with
// simple, truthful groups, on libs/fairflow alone.
//
//   const ClaimPolicy claims(250);  rows.push_back({"claims", year.Live(claims, 0)});
//   rows.push_back({"sealed bids", year.Live(BidPolicy(), 0)});
//
// A call is one day. BidPolicy keeps the accounts of shares from call to call: copy a fresh one for each year.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "libs/fairflow/solve.h"

namespace kubari::bench {

// What is left of a problem while groups choose.
class Choosing {
 public:
  explicit Choosing(const fairflow::Problem& problem) : problem_(problem), food_(problem.groups.size()) {
    for (const fairflow::Bin& bin : problem.bins) room_.push_back(bin.capacity);
    for (const fairflow::Lot& lot : problem.lots) left_.push_back(lot.cases);
    bins_.resize(problem.groups.size());
    for (size_t lot = 0; lot < problem.lots.size(); ++lot) {
      for (int64_t arc = problem.arc_begin[lot]; arc < problem.arc_begin[lot + 1]; ++arc) {
        const int bin = problem.arcs[arc].bin;
        bins_[problem.bins[bin].group].emplace_back(static_cast<int>(lot), bin);
      }
    }
    // What ends first, first.
    for (auto& choices : bins_) {
      std::stable_sort(choices.begin(), choices.end(), [&](const auto& a, const auto& b) {
        return problem.lots[a.first].urgency < problem.lots[b.first].urgency;
      });
    }
  }

  // The group takes what it may have, soonest date first, up to so much food; only urgent lots if said so.
  void Take(int group, int64_t most, bool urgent_only) {
    for (const auto& [lot, bin] : bins_[group]) {
      const fairflow::Lot& facts = problem_.lots[lot];
      if (urgent_only && facts.urgency > kUrgentDays) break;
      const int64_t cases = std::min({left_[lot], room_[bin] / facts.value, most / facts.value});
      if (cases < std::max<int64_t>(1, facts.min_cases)) continue;
      left_[lot] -= cases;
      room_[bin] -= cases * facts.value;
      food_[group] += cases * facts.value;
      most -= cases * facts.value;
      lines_.push_back({lot, bin, cases});
    }
  }

  // What is urgent and left goes by fair share, as the service does when a run has closed.
  std::vector<fairflow::Line> Finish() {
    fairflow::Problem rest = problem_;
    for (size_t lot = 0; lot < rest.lots.size(); ++lot)
      rest.lots[lot].cases = rest.lots[lot].urgency > kUrgentDays ? 0 : left_[lot];
    for (size_t bin = 0; bin < rest.bins.size(); ++bin) rest.bins[bin].capacity = room_[bin];
    for (size_t group = 0; group < rest.groups.size(); ++group) rest.groups[group].history += food_[group];
    if (const absl::StatusOr<fairflow::Plan> plan = fairflow::Solve(rest); plan.ok()) {
      for (const fairflow::PlannedLine& planned : plan->lines) lines_.push_back(planned.line);
    }
    return std::move(lines_);
  }

  int64_t food(int group) const { return food_[group]; }

 private:
  static constexpr int kUrgentDays = 14;
  const fairflow::Problem& problem_;
  std::vector<int64_t> room_, left_, food_;
  std::vector<std::vector<std::pair<int, int>>> bins_;  // by group: lot and bin
  std::vector<fairflow::Line> lines_;
};

// First come, first served, in an order that is drawn for the day, up to the cap; then urgent food beyond it.
class ClaimPolicy {
 public:
  explicit ClaimPolicy(int allowance_permille) : allowance_permille_(allowance_permille) {}

  std::vector<fairflow::Line> operator()(const fairflow::Problem& problem) const {
    const absl::StatusOr<fairflow::Plan> fair = fairflow::Solve(problem);
    if (!fair.ok()) return {};
    uint64_t day = 0;
    for (const fairflow::Group& group : problem.groups) day += static_cast<uint64_t>(group.history);
    const auto drawn = [&](int group) {
      const uint64_t x = (day << 16 | static_cast<uint32_t>(group)) * 0x9E3779B97F4A7C15;
      return x ^ x >> 29;
    };
    std::vector<int> order(problem.groups.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) { return drawn(a) < drawn(b); });
    Choosing choosing(problem);
    for (const int group : order) {
      const fairflow::Level& level = fair->groups[group].fair;
      const auto share =
          static_cast<int64_t>(static_cast<__int128>(level.food) * problem.groups[group].weight / level.weight);
      const int64_t own = std::max<int64_t>(0, share - problem.groups[group].history);
      choosing.Take(group, own + own / 1000 * allowance_permille_, /*urgent_only=*/false);
    }
    for (const int group : order) choosing.Take(group, std::numeric_limits<int64_t>::max() / 2, /*urgent_only=*/true);
    return choosing.Finish();
  }

 private:
  int allowance_permille_;
};

// Every group has shares by weight, wants half as much again as its part of today's food, and bids all it has for that:
// who won less before has more shares, bids more for each case, and comes first. All that is spent comes back by
// weight.
class BidPolicy {
 public:
  std::vector<fairflow::Line> operator()(const fairflow::Problem& problem) const {
    const auto groups = static_cast<int>(problem.groups.size());
    if (accounts_->empty()) {
      for (const fairflow::Group& group : problem.groups) accounts_->push_back(static_cast<double>(group.weight));
    }
    double food = 0, weights = 0;
    for (const fairflow::Lot& lot : problem.lots) food += static_cast<double>(lot.cases * lot.value);
    std::vector<bool> receives(groups);
    for (const fairflow::Arc& arc : problem.arcs) receives[problem.bins[arc.bin].group] = true;
    for (int group = 0; group < groups; ++group) {
      if (receives[group]) weights += static_cast<double>(problem.groups[group].weight);
    }
    std::vector<int> order(groups);
    std::iota(order.begin(), order.end(), 0);
    const auto price = [&](int group) {
      return (*accounts_)[group] / static_cast<double>(problem.groups[group].weight);
    };
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return price(a) > price(b); });
    Choosing choosing(problem);
    double spent = 0, all = 0;
    for (const int group : order) {
      all += static_cast<double>(problem.groups[group].weight);
      if (!receives[group] || food == 0) continue;
      const double wants = 1.5 * food * static_cast<double>(problem.groups[group].weight) / weights;
      choosing.Take(group, static_cast<int64_t>(wants), /*urgent_only=*/false);
      const double pays = (*accounts_)[group] * std::min(1.0, static_cast<double>(choosing.food(group)) / wants);
      (*accounts_)[group] -= pays;
      spent += pays;
    }
    for (int group = 0; group < groups; ++group)
      (*accounts_)[group] += spent * static_cast<double>(problem.groups[group].weight) / all;
    return choosing.Finish();
  }

 private:
  std::shared_ptr<std::vector<double>> accounts_ = std::make_shared<std::vector<double>>();
};

}  // namespace kubari::bench
