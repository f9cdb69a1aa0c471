// The people of one network and what they do to its stock: a workload that follows from its seed.
//
// What a phone wants to do next is made from what phones have been told so far, so most of it makes sense, and some of
// it does not: too many items, goods that have moved on, the wrong group. Its network is bad: requests are lost,
// answers are lost, requests arrive twice, late, or changed under the same id. A phone repeats until it hears an
// answer.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "kubari/stock/v1/stock.grpc.pb.h"
#include "tests/simulation/house.h"

namespace kubari::simulation {

namespace pb = stock::v1;

// Everything that was heard of one request.
struct Heard {
  std::string what;  // the request, for people
  // The movements of the first OK answer, by name, in order; unset while none was OK.
  std::optional<std::vector<std::string>> movements;
  // What the service said instead, the last time: "INSUFFICIENT_STOCK".
  std::string refusal;
  // Attempts whose outcome is not known: an answer that was lost, or a call given up.
  int unknown = 0;
  int ok = 0;
};
// By request id.
using Journal = std::map<std::string, Heard>;

// What phones have been told: the goods and papers that they can do something with.
class Board {
 public:
  explicit Board(unsigned seed) : random_(seed) {}
  void Hear(const pb::Movement& movement);

  struct Goods {
    std::string lot, place;  // a shelf, or for a group's goods "groups/{uuid}"
  };
  // One of those that are known, or nothing yet. `random` is the asking phone's.
  std::optional<Goods> OnShelf(std::mt19937& random) const { return OneOf(on_shelf_, random); }
  std::optional<Goods> WithGroup(std::mt19937& random) const { return OneOf(with_group_, random); }
  std::optional<pb::Movement> Reservation(std::mt19937& random) const { return OneOf(reservations_, random); }
  std::optional<pb::Movement> Shipped(std::mt19937& random) const { return OneOf(shipped_, random); }
  std::optional<pb::Movement> Sent(std::mt19937& random) const { return OneOf(sent_, random); }
  std::optional<pb::Movement> Any(std::mt19937& random) const { return OneOf(all_, random); }

 private:
  template <typename T>
  std::optional<T> OneOf(const std::vector<T>& all, std::mt19937& random) const {
    const std::lock_guard lock(mutex_);
    if (all.empty()) return std::nullopt;
    // Rather one of the newest: older goods have mostly gone.
    const size_t back = std::min<size_t>(all.size(), 1 + random() % 12);
    return all[all.size() - back];
  }

  mutable std::mutex mutex_;
  std::mt19937 random_;
  std::vector<Goods> on_shelf_, with_group_;
  std::vector<pb::Movement> reservations_, shipped_, sent_, all_;
};

// One wish, as it can be sent any number of times.
struct Wish {
  std::string request_id;
  std::string what;
  std::string token;
  // Sends it; `changed`: with other content under the same id. The movements of an OK answer go to `out`.
  std::function<grpc::Status(pb::StockService::Stub& stub, grpc::ClientContext& context, bool changed,
                             std::vector<pb::Movement>& out)>
      send;
};

struct Setting {
  std::string network;                            // UUID
  std::vector<std::string> warehouses;            // names
  std::vector<std::vector<std::string>> shelves;  // by warehouse
  std::string Coordinator() const;
  std::string Volunteer(int phone) const;
  std::string Auditor() const;
  std::string Group(int n) const;
};

// Makes products, warehouses and shelves in a new network.
Setting Furnish(pb::StockService::Stub& stub, const std::string& network);

// One phone. Its wishes follow from seed and number, and from what the board knows when it asks.
class Phone {
 public:
  Phone(const Setting& setting, House& house, Board& board, Journal& journal, std::mutex& journal_mutex, unsigned seed,
        int number);

  // Makes a wish and tries it, or repeats an old one. One step of the simulation.
  void Step();
  // Repeats everything that has no answer yet until it has one.
  void Finish();
  // Anything that must never happen, in words.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  Wish MakeWish();
  // True when it was answered for good.
  bool Try(const Wish& wish);
  int Pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  std::string NewUuid();
  std::string AnyShelf();

  template <typename Request, typename Response>
  Wish WishFor(grpc::Status (pb::StockService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
               Request request, std::string token = "");

  const Setting& setting_;
  House& house_;
  Board& board_;
  Journal& journal_;
  std::mutex& journal_mutex_;
  std::mt19937 random_;
  const int number_;
  const std::unique_ptr<pb::StockService::Stub> stub_;
  std::deque<Wish> unanswered_;
  std::vector<Wish> answered_;
  std::vector<std::string> complaints_;
};

}  // namespace kubari::simulation
