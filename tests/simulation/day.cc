#include "tests/simulation/day.h"

#include <absl/strings/str_format.h>

#include <atomic>
#include <random>
#include <thread>

namespace kubari::simulation {
namespace {

// Steps of all phones together.
constexpr int kSteps = 160;

// Unlike in every run and every day: the database may live longer than one.
std::string NewNetwork() {
  static const unsigned run = std::random_device{}();
  static std::atomic<int> day{0};
  return absl::StrFormat("%08x-0000-4000-8000-%012x", run, ++day);
}

// When what goes wrong. Every day connections are cut; every fourth the process is killed, every other the time of
// reservations runs out.
class Trouble {
 public:
  Trouble(House& house, const std::string& network, unsigned seed)
      : house_(house),
        network_(network),
        kill_at_(seed % 4 == 1 ? static_cast<int>(seed / 4 % kSteps) : -1),
        cut_at_(static_cast<int>(seed % 37)),
        expire_at_(seed % 2 == 0 ? kSteps / 2 : -1),
        patient_(RepeatsItself(seed)) {}

  void At(int step) {
    if (step == kill_at_) house_.KillProcess();
    if (step % 37 == cut_at_) house_.CutConnection();
    if (step == expire_at_) {
      house_.LetReservationsExpire(network_);
      if (patient_) house_.AwaitNoneOverdue(network_);
    }
  }

 private:
  House& house_;
  const std::string& network_;
  const int kill_at_, cut_at_, expire_at_;
  const bool patient_;
};

}  // namespace

bool RepeatsItself(unsigned seed) { return seed % 3 == 0; }

Day LiveOneDay(House& house, unsigned seed) { return LiveOneDay(house, seed, NewNetwork()); }

Day LiveOneDay(House& house, unsigned seed, const std::string& network) {
  Day day;
  day.setting = Furnish(house, network);
  day.journal = std::make_unique<Journal>();
  Board board;
  const bool patient = RepeatsItself(seed);
  std::vector<std::unique_ptr<Phone>> phones;
  for (int n = 1; n <= (patient ? 3 : 6); ++n)
    phones.push_back(std::make_unique<Phone>(day.setting, house, board, *day.journal, seed, n, patient));

  Trouble trouble(house, day.setting.network, seed);
  if (patient) {
    std::mt19937 random(seed);
    for (int step = 0; step < kSteps; ++step) {
      trouble.At(step);
      phones[random() % phones.size()]->Step();
    }
    for (const auto& phone : phones) phone->Finish();
  } else {
    std::atomic<int> steps{0};
    std::vector<std::thread> threads;
    for (const auto& phone : phones) {
      threads.emplace_back([&, phone = phone.get()] {
        for (int step = steps++; step < kSteps; step = steps++) {
          trouble.At(step);
          phone->Step();
        }
        phone->Finish();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  house.AwaitNoneOverdue(day.setting.network);

  std::vector<std::string> recalls;
  for (const auto& [recall, stop] : day.journal->stops()) recalls.push_back(recall);
  day.answers = AskEverything(house, day.setting, recalls);
  return day;
}

}  // namespace kubari::simulation
