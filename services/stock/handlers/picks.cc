#include "services/stock/handlers/picks.h"

#include <algorithm>
#include <map>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"
#include "services/stock/handlers/commands.h"
#include "services/stock/handlers/hand_over.h"
#include "services/stock/handlers/wall.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

constexpr int kMaxPassedOver = 50;

void Say(const eligibility::Reason& reason, pb::PassedOver& passed_over) {
  using eligibility::Code;
  const bool expired = reason.code == Code::kUseByPassed || reason.code == Code::kBestBeforePassed;
  passed_over.add_reasons(expired ? "LOT_EXPIRED" : std::string(eligibility::CodeName(reason.code)));
  for (const auto& [locale, text] : {std::pair("ja", reason.japanese), std::pair("en", reason.english)}) {
    google::rpc::LocalizedMessage& message = *passed_over.add_messages();
    message.set_locale(locale);
    message.set_message(text);
  }
}

// One suggestion, made page by page: shelves come first to expire first, until enough is found.
class Picker {
 public:
  Picker(const View& view, Wall& wall, int64_t items) : view_(view), wall_(wall) { response_.set_missing_items(items); }

  bool enough() const { return response_.missing_items() == 0; }
  absl::Status Offer(const BalanceRow& row) {
    auto judged = judged_.find(row.lot.id);
    if (judged == judged_.end()) {
      ASSIGN_OR_RETURN(Wall::Verdict verdict, wall_.Judge(row.lot));
      judged = judged_.emplace(row.lot.id, std::move(verdict.reasons)).first;
    }
    if (judged->second.empty()) {
      Take(row);
    } else if (response_.passed_over_size() < kMaxPassedOver) {
      pb::PassedOver& passed_over = *response_.add_passed_over();
      *passed_over.mutable_lot() = view_.ToProto(row.lot);
      *passed_over.mutable_place() = view_.ToProto(row.place, &row.lot);
      passed_over.set_free(row.balance.free());
      for (const eligibility::Reason& reason : judged->second) Say(reason, passed_over);
    }
    return absl::OkStatus();
  }
  pb::SuggestPicksResponse Finish() { return std::move(response_); }

 private:
  void Take(const BalanceRow& row) {
    pb::Pick& pick = *response_.add_picks();
    *pick.mutable_lot() = view_.ToProto(row.lot);
    *pick.mutable_place() = view_.ToProto(row.place, &row.lot);
    pick.set_free(row.balance.free());
    pick.set_items(std::min(row.balance.free(), response_.missing_items()));
    response_.set_missing_items(response_.missing_items() - pick.items());
  }

  const View& view_;
  Wall& wall_;
  std::map<std::string, std::vector<eligibility::Reason>> judged_;  // by lot
  pb::SuggestPicksResponse response_;
};

}  // namespace

absl::StatusOr<pb::SuggestPicksResponse> PicksHandler::SuggestPicks(const rpc::Call& call,
                                                                    const pb::SuggestPicksRequest& request) {
  errors::Violations violations;
  violations.Name("products", "product", request.product());
  CheckOptionalName("warehouses", "warehouse", request.warehouse(), violations);
  CheckOptionalName("groups", "group", request.group(), violations);
  violations.Range("items", request.items(), 1, kMaxItems);
  RETURN_IF_ERROR(violations.status());
  RETURN_IF_ERROR(FindProduct(context_, call, request.product()));
  if (!request.warehouse().empty()) RETURN_IF_ERROR(FindWarehouse(context_, call, request.warehouse()));
  std::optional<groups::v1::Group> group;
  if (!request.group().empty()) {
    ASSIGN_OR_RETURN(group, FindGroup(context_, call, request.group()));
  }
  ASSIGN_OR_RETURN(Wall wall,
                   Wall::For(context_, call, std::move(group), absl::ToCivilDay(context_.clock.Now(), ZoneOf(call))));

  const std::string& network = call.principal.network_id;
  BalanceFilter filter{.product = IdOf(request.product()), .free_only = true};
  if (!request.warehouse().empty()) filter.warehouse = IdOf(request.warehouse());
  const View view(context_.catalogue, call);
  Picker picker(view, wall, request.items());
  Page page{.size = paging::kMaxPageSize};
  while (!picker.enough()) {
    ASSIGN_OR_RETURN(std::vector<BalanceRow> rows, context_.reading.Balances(network, filter, page, call.deadline));
    const bool more = static_cast<int>(rows.size()) > page.size;
    if (more) rows.resize(page.size);
    std::set<std::string> lots;
    for (const BalanceRow& row : rows) lots.insert(row.lot.id);
    ASSIGN_OR_RETURN(const auto stopped, context_.catalogue.Stopped(network, lots, call.deadline));
    for (BalanceRow& row : rows) {
      if (picker.enough()) break;
      if (const auto recall = stopped.find(row.lot.id); recall != stopped.end())
        row.lot.facts.set_recall(ids::Name("recalls", recall->second));
      RETURN_IF_ERROR(picker.Offer(row));
    }
    if (!more) break;
    page.after = KeyOf(rows.back());
  }
  return picker.Finish();
}

}  // namespace kubari::stock
