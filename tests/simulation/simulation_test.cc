// Many phones on a bad network against the real service, which is killed while it works; judged by an auditor that
// shares no code with it. One seed is one network.
//
//   KUBARI_SEED=7 …     one seed, as a failure printed it
//   KUBARI_SEEDS=2000 … so many seeds (the nightly mode); a dozen without it
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "tests/simulation/judge.h"

namespace kubari::simulation {
namespace {

// Steps of all phones together.
constexpr int kSteps = 160;

std::string NetworkOf(unsigned seed) {
  // Unlike in every run: the database may live longer than one.
  static const unsigned run = std::random_device{}();
  return absl::StrFormat("%08x-0000-4000-8000-%012x", run, seed);
}

// Lets the phones of one seed live their day. A third of the seeds have one phone at a time, in an order that follows
// from the seed, so that they can be repeated step by step; the others act all at once.
Verdict LiveOneDay(House& house, unsigned seed) {
  std::mt19937 random(seed);
  Board board(seed);
  Journal journal;
  std::mutex journal_mutex;
  const auto channel = house.Connect();
  const Setting setting = Furnish(*pb::StockService::NewStub(channel), NetworkOf(seed));
  std::vector<std::unique_ptr<Phone>> phones;
  const int count = seed % 3 == 0 ? 3 : 6;
  for (int n = 1; n <= count; ++n)
    phones.push_back(std::make_unique<Phone>(setting, house, board, journal, journal_mutex, seed, n));

  // Trouble: at one or two moments the process dies, more often a connection.
  std::atomic<int> steps{0};
  const int kill_at = seed % 4 == 1 ? static_cast<int>(random() % kSteps) : -1;
  const auto trouble = [&](int step) {
    if (step == kill_at) house.KillProcess();
    if (step % 29 == static_cast<int>(seed % 29)) house.CutConnection();
  };
  if (seed % 3 == 0) {
    for (int step = 0; step < kSteps; ++step) {
      trouble(step);
      phones[random() % phones.size()]->Step();
    }
    for (const auto& phone : phones) phone->Finish();
  } else {
    std::vector<std::thread> threads;
    for (const auto& phone : phones) {
      threads.emplace_back([&, phone = phone.get()] {
        for (int step = steps++; step < kSteps; step = steps++) {
          trouble(step);
          phone->Step();
        }
        phone->Finish();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  Verdict verdict = Judge(house, setting, journal);
  for (const auto& phone : phones) {
    verdict.problems.insert(verdict.problems.end(), phone->complaints().begin(), phone->complaints().end());
  }
  return verdict;
}

TEST(Simulation, TheAuditorFindsNothing) {
  House house;
  std::vector<unsigned> seeds;
  if (const char* one = std::getenv("KUBARI_SEED")) {
    seeds = {static_cast<unsigned>(std::strtoul(one, nullptr, 10))};
  } else {
    const char* many = std::getenv("KUBARI_SEEDS");
    // New seeds each time; what fails is printed and can be repeated.
    const unsigned first = std::random_device{}() % 1'000'000;
    for (int n = 0; n < (many != nullptr ? std::atoi(many) : 12); ++n) seeds.push_back(first + n);
  }
  std::map<pb::MovementKind, int64_t> kinds;
  int64_t movements = 0;
  for (const unsigned seed : seeds) {
    const Verdict verdict = LiveOneDay(house, seed);
    movements += verdict.movements;
    for (const auto& [kind, count] : verdict.kinds) kinds[kind] += count;
    EXPECT_TRUE(verdict.problems.empty())
        << "KUBARI_SEED=" << seed << " finds:\n  " << absl::StrJoin(verdict.problems, "\n  ");
    EXPECT_GT(verdict.movements, 10) << "KUBARI_SEED=" << seed << ": too little happened";
    if (::testing::Test::HasFailure()) break;
  }
  std::cout << seeds.size() << " seeds, " << movements << " movements, " << house.kills() << " kills, " << house.cuts()
            << " connections cut;";
  for (const auto& [kind, count] : kinds) std::cout << " " << pb::MovementKind_Name(kind).substr(14) << " " << count;
  std::cout << std::endl;
  if (seeds.size() >= 12 && !::testing::Test::HasFailure()) {
    EXPECT_GT(house.kills(), 0);
    EXPECT_GT(house.cuts(), 0);
    for (const pb::MovementKind kind :
         {pb::MOVEMENT_KIND_RECEIVE, pb::MOVEMENT_KIND_REFUSE, pb::MOVEMENT_KIND_TRANSFER, pb::MOVEMENT_KIND_RESERVE,
          pb::MOVEMENT_KIND_VOID, pb::MOVEMENT_KIND_ISSUE, pb::MOVEMENT_KIND_CONFIRM, pb::MOVEMENT_KIND_SHORTAGE,
          pb::MOVEMENT_KIND_DISCARD, pb::MOVEMENT_KIND_REVERSAL, pb::MOVEMENT_KIND_SEND, pb::MOVEMENT_KIND_ARRIVE,
          pb::MOVEMENT_KIND_DIRECT, pb::MOVEMENT_KIND_PASS_ON, pb::MOVEMENT_KIND_RETURN, pb::MOVEMENT_KIND_ADJUST,
          pb::MOVEMENT_KIND_CONSUME, pb::MOVEMENT_KIND_PRODUCE}) {
      EXPECT_GT(kinds[kind], 0) << pb::MovementKind_Name(kind) << " never happened";
    }
  }
}

}  // namespace
}  // namespace kubari::simulation
