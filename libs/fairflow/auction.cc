#include "libs/fairflow/auction.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace kubari::fairflow {
namespace {

// The first ε against the mean cost, and how it falls.
constexpr int64_t kFirst = 2, kFalls = 4;
// The first one against the last error, if prices are given.
constexpr int64_t kAgain = 16;
// A round ends when all but a 500th is sold; what is left is a matter for the simplex method. If sellers have to bid
// more often than this on average, smaller ε cost more than they save.
constexpr int64_t kUnsold = 500, kMostBids = 16;
// Nobody bids beyond, so that the simplex method can count with what comes out.
constexpr int64_t kDearest = int64_t{1} << 58;

class Auctioning {
 public:
  explicit Auctioning(const Market& market) : market_(market) {
    bids_.resize(market.room.size());
    group_of_.resize(market.room.size());
    in_bin_.resize(market.room.size());
    price_.assign(market.room.size(), 0);
    in_group_.resize(market.wanted.size());
    base_.assign(market.wanted.size(), 0);
    for (size_t group = 0; group < market.wanted.size(); ++group) {
      for (int bin = market.bin_begin[group]; bin < market.bin_begin[group + 1]; ++bin)
        group_of_[bin] = static_cast<int32_t>(group);
    }
  }

  Worth Run(int64_t precision, const Worth* start) {
    unsigned __int128 costs = 0;
    for (const Market::Offer& offer : market_.offers) costs += static_cast<uint64_t>(offer.cost);
    const auto mean = static_cast<int64_t>(costs / std::max<size_t>(1, market_.offers.size()));
    const int64_t last = mean / precision + 1;
    epsilon_ = mean * kFirst + 1;
    if (start != nullptr && start->settled) {
      epsilon_ = std::min(epsilon_, start->error * kAgain);
      for (size_t group = 0; group < base_.size(); ++group) base_[group] = -start->group[group];
    }
    for (;; epsilon_ = std::max(last, epsilon_ / kFalls)) {
      Round();
      if (epsilon_ == last || left_to_bid_ <= 0) break;
    }
    return Result();
  }

 private:
  struct Bid {
    int64_t price;
    int32_t seller;
    int64_t amount;
    // For a heap with the lowest on top.
    friend bool operator<(const Bid& a, const Bid& b) {
      return a.price != b.price ? a.price > b.price : a.seller > b.seller;
    }
  };

  // Everything is sold anew; groups start from the prices of the round before.
  void Round() {
    for (auto& bids : bids_) bids.clear();
    std::fill(in_bin_.begin(), in_bin_.end(), 0);
    std::fill(in_group_.begin(), in_group_.end(), 0);
    for (size_t group = 0; group < base_.size(); ++group) SetPrices(static_cast<int>(group));
    unsold_ = market_.amount;
    all_unsold_ = 0;
    waiting_.clear();
    waits_.assign(unsold_.size(), 0);
    for (size_t seller = 0; seller < unsold_.size(); ++seller) {
      all_unsold_ += unsold_[seller];
      Wait(static_cast<int32_t>(seller));
    }
    const int64_t enough = all_unsold_ / kUnsold;
    left_to_bid_ = kMostBids * static_cast<int64_t>(unsold_.size());
    std::vector<int32_t> now;
    while (!waiting_.empty() && all_unsold_ > enough && left_to_bid_ > 0) {
      now.clear();
      now.swap(waiting_);
      for (const int32_t seller : now) {
        waits_[seller] = 0;
        while (unsold_[seller] > 0 && Sell(seller)) {
        }
        if (unsold_[seller] > 0) Wait(seller);
      }
    }
    for (size_t group = 0; group < base_.size(); ++group) base_[group] = SetPrices(static_cast<int>(group));
  }

  void Wait(int32_t seller) {
    if (waits_[seller] != 0 || market_.begin[seller] == market_.begin[seller + 1] || unsold_[seller] == 0) return;
    waits_[seller] = 1;
    waiting_.push_back(seller);
  }

  // One bid. False: nothing was cheap enough to make way.
  bool Sell(int32_t seller) {
    --left_to_bid_;
    constexpr int64_t kNone = std::numeric_limits<int64_t>::min();
    int64_t best = kNone, second = kNone;
    int32_t bin = -1;
    for (int64_t i = market_.begin[seller]; i < market_.begin[seller + 1]; ++i) {
      const Market::Offer& offer = market_.offers[i];
      const int64_t worth = -price_[offer.bin] - offer.cost;
      if (worth > best) {
        second = std::exchange(best, worth);
        bin = offer.bin;
      } else if (worth > second) {
        second = worth;
      }
    }
    const int64_t price = price_[bin] + epsilon_ + (second == kNone ? 0 : best - second);
    const int32_t group = group_of_[bin];
    int64_t sold =
        std::min({unsold_[seller], market_.room[bin] - in_bin_[bin], market_.wanted[group] - in_group_[group]});
    Move(seller, bin, sold);
    while (unsold_[seller] > 0) {
      const int32_t from = in_bin_[bin] == market_.room[bin] ? bin : LowestOf(group);
      if (from < 0 || bids_[from].empty() || bids_[from].front().price >= price) break;
      Bid& lowest = bids_[from].front();
      const int32_t loser = lowest.seller;
      const int64_t amount = std::min(lowest.amount, unsold_[seller]);
      lowest.amount -= amount;
      if (lowest.amount == 0) {
        std::pop_heap(bids_[from].begin(), bids_[from].end());
        bids_[from].pop_back();
      }
      Move(loser, from, -amount);
      if (loser != seller) Wait(loser);
      Move(seller, bin, amount);
      sold += amount;
    }
    if (sold > 0) {
      bids_[bin].push_back({price, seller, sold});
      std::push_heap(bids_[bin].begin(), bids_[bin].end());
    }
    SetPrices(group);
    return sold > 0 && left_to_bid_ > 0 && price < kDearest;
  }

  void Move(int32_t seller, int32_t bin, int64_t amount) {
    unsold_[seller] -= amount;
    all_unsold_ -= amount;
    in_bin_[bin] += amount;
    in_group_[group_of_[bin]] += amount;
  }

  // The bin of the group with the lowest bid; -1: there is none.
  int32_t LowestOf(int group) const {
    int32_t lowest = -1;
    for (int bin = market_.bin_begin[group]; bin < market_.bin_begin[group + 1]; ++bin) {
      if (!bids_[bin].empty() && (lowest < 0 || bids_[lowest].front() < bids_[bin].front())) lowest = bin;
    }
    return lowest;
  }

  // What one has to outbid. Returns the price of the group.
  int64_t SetPrices(int group) {
    const int32_t lowest = in_group_[group] == market_.wanted[group] ? LowestOf(group) : -1;
    const int64_t price = lowest < 0 ? base_[group] : bids_[lowest].front().price;
    for (int bin = market_.bin_begin[group]; bin < market_.bin_begin[group + 1]; ++bin) {
      const bool full = in_bin_[bin] == market_.room[bin] && !bids_[bin].empty();
      price_[bin] = full ? bids_[bin].front().price : price;
    }
    return price;
  }

  Worth Result() const {
    Worth worth;
    worth.error = epsilon_;
    worth.settled = left_to_bid_ > 0;
    for (size_t seller = 0; seller < market_.amount.size(); ++seller) {
      int64_t best = -kDearest;
      for (int64_t i = market_.begin[seller]; i < market_.begin[seller + 1]; ++i)
        best = std::max(best, -price_[market_.offers[i].bin] - market_.offers[i].cost);
      worth.seller.push_back(best);
    }
    for (const int64_t price : price_) worth.bin.push_back(-price);
    for (const int64_t price : base_) worth.group.push_back(-price);
    return worth;
  }

  const Market& market_;
  int64_t epsilon_ = 0;
  std::vector<int32_t> group_of_;         // by bin
  std::vector<std::vector<Bid>> bids_;    // by bin, a heap
  std::vector<int64_t> in_bin_, price_;   // by bin
  std::vector<int64_t> in_group_, base_;  // by group
  std::vector<int64_t> unsold_;           // by seller
  std::vector<char> waits_;               // by seller
  std::vector<int32_t> waiting_;          // sellers
  int64_t all_unsold_ = 0, left_to_bid_ = 0;
};

}  // namespace

Worth Auction(const Market& market, int64_t precision, const Worth* start) {
  return Auctioning(market).Run(precision, start);
}

}  // namespace kubari::fairflow
