// What people may want to do, as requests that can be sent any number of times.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "kubari/stock/v1/recalls.grpc.pb.h"
#include "kubari/stock/v1/stock.grpc.pb.h"
#include "tests/simulation/setting.h"

namespace kubari::simulation {

// What phones have been told: the goods and papers that they can do something with. Shared by them.
class Board {
 public:
  struct Goods {
    std::string lot, place;  // a shelf, or for a group's goods "groups/{uuid}"
  };
  struct Recall {
    std::string name, lot;
  };
  void Hear(const pb::Movement& movement);
  void HearOfRecall(const Recall& recall, bool open);

  // One of those that are known, rather a new one, or nothing yet. `random` is the asking phone's.
  std::optional<Goods> OnShelf(std::mt19937& random) const { return OneOf(on_shelf_, random); }
  std::optional<Goods> WithGroup(std::mt19937& random) const { return OneOf(with_group_, random); }
  std::optional<pb::Movement> Reservation(std::mt19937& random) const { return OneOf(reservations_, random); }
  std::optional<pb::Movement> Shipped(std::mt19937& random) const { return OneOf(shipped_, random); }
  std::optional<pb::Movement> Sent(std::mt19937& random) const { return OneOf(sent_, random); }
  std::optional<pb::Movement> Made(std::mt19937& random) const { return OneOf(made_, random); }
  std::optional<pb::Movement> Any(std::mt19937& random) const { return OneOf(all_, random); }
  std::optional<Recall> Open(std::mt19937& random) const { return OneOf(open_, random); }

 private:
  template <typename T>
  std::optional<T> OneOf(const std::vector<T>& all, std::mt19937& random) const {
    const std::lock_guard lock(mutex_);
    if (all.empty()) return std::nullopt;
    const size_t back = std::min<size_t>(all.size(), 1 + random() % 12);
    return all[all.size() - back];
  }

  mutable std::mutex mutex_;
  std::vector<Goods> on_shelf_, with_group_;
  std::vector<pb::Movement> reservations_, shipped_, sent_, made_, all_;
  std::vector<Recall> open_;
};

// What became of one request.
struct Result {
  std::string request_id;
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string refusal;  // the reason, unless OK: "INSUFFICIENT_STOCK"
  std::string message;
  std::vector<pb::Movement> movements;  // if OK

  bool ok() const { return code == grpc::StatusCode::OK; }
  // The phone does not know whether it was recorded, and asks again.
  bool unknown() const;
};

// One wish: a request, or a batch of them.
struct Wish {
  struct Stubs {
    pb::StockService::Stub& stock;
    pb::RecallsService::Stub& recalls;
  };
  std::vector<std::string> request_ids;
  std::string what;
  std::string token;
  // Sends it; `changed`: with other content under the same ids. One result for each request id.
  std::function<std::vector<Result>(Stubs stubs, grpc::ClientContext& context, bool changed)> send;
  // What it opens or closes.
  std::optional<Board::Recall> recall;
  bool opens = false;
};

class Wishes {
 public:
  // What one phone wants, by its own `random`.
  Wishes(const Setting& setting, const Board& board, std::mt19937& random, int phone)
      : setting_(setting), board_(board), random_(random), phone_(phone) {}

  Wish Next();

 private:
  // Nothing: what it needs is not there yet.
  using Maybe = std::optional<Wish>;
  Maybe Receive();
  Maybe Move();
  Maybe Reserve();
  Maybe IssueReserved();
  Maybe Void();
  Maybe IssueFree();
  Maybe Confirm();
  Maybe Direct();
  Maybe PassOn();
  Maybe ReturnFromDelivery();
  Maybe ReturnFromGroup();
  Maybe ReturnToDonor();
  Maybe Discard();
  Maybe DiscardAtGroup();
  Maybe Adjust();
  Maybe Send();
  Maybe Arrive();
  Maybe Kit();
  Maybe Split();
  Maybe Repack();
  Maybe Reverse();
  Maybe Batch();
  Maybe OpenRecall();
  Maybe CloseRecall();
  // What must be refused, whatever there is.
  Maybe Mischief();

  pb::ReceiveStockRequest ReceiveRequest();
  std::optional<pb::MovementRequest> PartOfBatch();

  template <typename Stub, typename Request, typename Response>
  Wish WishFor(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), Request request,
               std::string token = "");
  int Pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  std::string NewUuid();
  std::string NewDelivery() { return "deliveries/" + NewUuid(); }
  std::string AnyShelf();
  std::string ShelfBeside(const std::string& shelf);
  std::string AnyGroup() { return GroupName(Pick(1, kGroups)); }
  std::string Volunteer() const { return setting_.Volunteer(phone_); }

  const Setting& setting_;
  const Board& board_;
  std::mt19937& random_;
  const int phone_;
};

}  // namespace kubari::simulation
