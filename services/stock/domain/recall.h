// Recalls (回収): what they are about, who has what, and what is still to be accounted for. Pure: no clock, no I/O.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kubari/stock/v1/recalls.pb.h"
#include "services/stock/domain/types.h"

namespace kubari::stock {

// Which lots: those named, and those of a GTIN (14 digits), which the other fields narrow.
struct Goods {
  std::vector<std::string> lots;
  std::string gtin;
  std::optional<kubari::type::v1::DateKind> date_kind;
  // "2027-03-31", or "2027-03" for all its days; empty: any.
  std::string good_until;
  std::string donor_lot_number;
};

struct Recall {
  std::string id;
  std::string title;
  std::string message;
  pb::Goods goods;
  bool drill = false;
  pb::RecallState state = pb::RECALL_STATE_UNSPECIFIED;
  std::string opened_by;
  absl::Time open_time;
  std::optional<absl::Time> close_time;
  std::string close_note;

  bool open() const { return state == pb::RECALL_STATE_OPEN; }
};

// Who answers for goods: a group, or the operator of a warehouse.
enum class HolderKind { kGroup = 1, kWarehouse = 2 };

struct Notice {
  std::string id;
  std::string recall_id;
  HolderKind holder_kind = HolderKind::kGroup;
  std::string holder_id;
  absl::Time send_time;
  std::optional<absl::Time> remind_time;
  int reminders = 0;
  std::optional<absl::Time> acknowledge_time;
  std::string acknowledged_by;
  // Of the last answer; none: not answered.
  std::optional<absl::Time> answer_time;
  std::string answered_by;
  std::string answer_note;

  // "groups/{uuid}" or "warehouses/{uuid}"
  std::string holder() const;
};

// One lot of one notice, as the ledger has it.
struct NoticeLine {
  int64_t held = 0;
  int64_t under_way = 0;
  int64_t reserved = 0;   // of held
  int64_t recovered = 0;  // since the recall began, as discarded
  int64_t discarded = 0;
  int64_t told = 0;  // consumed, by the last answer

  // What was told counts up to what is held: the rest has come back or was discarded since.
  int64_t consumed() const;
  int64_t open() const { return held + under_way - consumed(); }
};

// Items of the recalled lots that went from one kind of place to another, by effect.
struct Flow {
  pb::MovementKind effect = pb::MOVEMENT_KIND_UNSPECIFIED;
  pb::PlaceKind from = pb::PLACE_KIND_UNSPECIFIED;
  pb::PlaceKind to = pb::PLACE_KIND_UNSPECIFIED;
  bool since_open = false;  // recorded since the recall began
  int64_t items = 0;        // what was taken back is subtracted
};
// What is on all places of a kind.
struct Stand {
  pb::PlaceKind kind = pb::PLACE_KIND_UNSPECIFIED;
  int64_t on_hand = 0;
  int64_t reserved = 0;
};
// Keeps the sum that the contract promises: other = what is left of received.
pb::RecallFigures FiguresOf(const std::vector<Flow>& flows, const std::vector<Stand>& stands, int64_t consumed);

// A notice's answer about one lot.
struct HolderAnswer {
  int64_t discarded = 0;
  std::optional<int64_t> consumed;
};
// MORE_THAN_HELD unless discarded and consumed goods are there: what the answer says is consumed, or else what was told
// before (`told`). `held` is what was held before anything of this answer was discarded.
absl::Status CheckAnswer(const Lot& lot, const HolderAnswer& answer, int64_t held, int64_t told);

// Where discarded goods are taken from: (place, items). `places`: what is free at each, in the order of taking; what an
// earlier try of the same answer booked (`booked`, by place) is not booked again elsewhere. Empty if it is not enough.
std::optional<std::vector<std::pair<std::string, int64_t>>> TakeFrom(
    const std::vector<std::pair<std::string, int64_t>>& places, const std::map<std::string, int64_t>& booked,
    int64_t items);

// As readers see it: a drill's says so.
std::string NoticeTitle(const Recall& recall, bool japanese);

namespace refusals {

absl::Status RecallNotFound(std::string_view name);
absl::Status NoticeNotFound(std::string_view name);
absl::Status RecallClosed(const Recall& recall);
absl::Status NoSuchGoods();
absl::Status RecallUnsettled(const Recall& recall, int64_t items, int64_t holders);
absl::Status TraceTooLong(int64_t lots, int64_t movements);

}  // namespace refusals
}  // namespace kubari::stock
