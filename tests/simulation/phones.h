// The people of one network and what they do to its stock: a workload that follows from its seed.
//
// What a phone wants to do next (wishes.h) is made from what phones have been told so far, so most of it makes sense,
// and some of it does not. Its network is bad: requests are lost, answers are lost, requests arrive twice, late, or
// changed under the same id. A phone repeats until it hears an answer.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/simulation/wishes.h"

namespace kubari::simulation {

// Everything that was heard of one request.
struct Heard {
  std::string what;  // the request, for people
  // The movements of the first OK answer, by name, in order; unset while none was OK.
  std::optional<std::vector<std::string>> movements;
  // What the service said instead, the last time: "INSUFFICIENT_STOCK".
  std::string refusal;
  // Attempts whose outcome is not known: an answer that was lost, or a call given up.
  int unknown = 0;
  absl::Time first_sent = absl::InfiniteFuture();
};

// What all phones of a network were told. Shared by them.
class Journal {
 public:
  // When a lot was certainly stopped: after somebody heard that its recall is open, before somebody asked to close it.
  struct Stop {
    absl::Time from = absl::InfiniteFuture(), until = absl::InfiniteFuture();
  };

  void Sent(const Wish& wish);
  // Anything that must never happen goes to `complaints`.
  void Hear(const Wish& wish, const Result& result, bool lost);
  // Of a request that was sent with other content under the same id: what was recorded under it refuses that.
  void HearChanged(const Wish& wish, const Result& result);
  void Complain(std::string what);

  // When all phones have fallen silent:
  const std::map<std::string, Heard>& requests() const { return requests_; }  // by request id
  const std::map<std::string, Stop>& stops() const { return stops_; }         // by recall
  const std::map<std::string, int>& refusals() const { return refusals_; }    // reason → how often
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  std::mutex mutex_;
  std::map<std::string, Heard> requests_;
  std::map<std::string, Stop> stops_;
  std::map<std::string, int> refusals_;
  std::vector<std::string> complaints_;
};

// One phone. Its wishes follow from seed and number, and from what the board knows when it asks.
class Phone {
 public:
  // `patient`: it never hangs up, never sends twice at once, and asks again at once if there is no answer, so that a
  // seed with one phone at a time repeats itself, whenever exactly the process dies.
  Phone(const Setting& setting, House& house, Board& board, Journal& journal, unsigned seed, int number, bool patient);

  // Makes a wish and tries it, or repeats an old one. One step of the simulation.
  void Step();
  // Repeats everything that has no answer yet until it has one.
  void Finish();

 private:
  // True when all of it was answered for good.
  bool Try(const Wish& wish);
  std::vector<Result> Call(const Wish& wish, absl::Duration limit, bool changed);
  void TryChanged(const Wish& wish);
  int Pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  Board& board_;
  Journal& journal_;
  std::mt19937 random_;
  const bool patient_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<pb::StockService::Stub> stock_;
  const std::unique_ptr<pb::RecallsService::Stub> recalls_;
  Wishes wishes_;
  std::vector<Wish> unanswered_;
  struct Answered {
    Wish wish;
    bool whole;  // each of its requests was recorded; what was refused is not remembered, so it may have other content
  };
  std::vector<Answered> answered_;
};

}  // namespace kubari::simulation
