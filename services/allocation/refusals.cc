#include "services/allocation/refusals.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "libs/errors/errors.h"
#include "services/allocation/domain/market_words.h"

namespace kubari::allocation::refusals {
namespace {

using absl::StatusCode;
using absl::StrCat;

std::string S(std::string_view text) { return std::string(text); }

absl::Status NotFound(std::string_view reason, const char* what, const char* what_ja, std::string_view name) {
  return errors::Make(StatusCode::kNotFound, reason, StrCat("There is no ", what, " ", S(name), " in this network."),
                      StrCat(what_ja, " ", S(name), " はこのネットワークにありません。"), {{"name", S(name)}});
}

absl::Status Precondition(std::string_view reason, const std::string& english, const std::string& japanese,
                          errors::Metadata metadata) {
  return errors::Make(StatusCode::kFailedPrecondition, reason, english, japanese, std::move(metadata));
}

// "RUN_STATE_PROPOSED" → "PROPOSED".
std::string Short(const std::string& name) { return name.substr(name.find("STATE_") + 6); }
std::string NameOf(v1::RunState state) { return Short(v1::RunState_Name(state)); }
std::string NameOf(v1::LineState state) { return Short(v1::LineState_Name(state)); }

const char* Japanese(v1::RunState state) {
  switch (state) {
    case v1::RUN_STATE_PROPOSED:
      return "提案中";
    case v1::RUN_STATE_PUBLISHING:
      return "公開処理中";
    case v1::RUN_STATE_PUBLISHED:
      return "公開済み";
    case v1::RUN_STATE_CANCELLED:
      return "取消済み";
    default:
      return "不明";
  }
}

const char* Japanese(v1::LineState state) {
  switch (state) {
    case v1::LINE_STATE_PROPOSED:
      return "提案中";
    case v1::LINE_STATE_OFFERED:
      return "回答待ち";
    case v1::LINE_STATE_ACCEPTED:
      return "受諾済み";
    case v1::LINE_STATE_REFUSED:
      return "辞退済み";
    case v1::LINE_STATE_EXPIRED:
      return "期限切れ";
    case v1::LINE_STATE_SHIPPED:
      return "出庫済み";
    case v1::LINE_STATE_CONFIRMED:
      return "受領確認済み";
    case v1::LINE_STATE_DROPPED:
      return "取り下げ";
    default:
      return "不明";
  }
}

}  // namespace

absl::Status RunNotFound(std::string_view name) { return NotFound("RUN_NOT_FOUND", "run", "配分", name); }
absl::Status LineNotFound(std::string_view name) { return NotFound("LINE_NOT_FOUND", "line", "配分の明細", name); }
absl::Status WarehouseNotFound(std::string_view name) {
  return NotFound("WAREHOUSE_NOT_FOUND", "warehouse", "倉庫", name);
}

absl::Status RunIdTaken(std::string_view name) {
  return errors::Make(StatusCode::kAlreadyExists, "ID_TAKEN", StrCat(S(name), " exists already; make a new run_id."),
                      StrCat(S(name), " はすでにあります。新しい run_id を作ってください。"), {{"name", S(name)}});
}

absl::Status NothingToAllocate() {
  return Precondition("NOTHING_TO_ALLOCATE",
                      "There is no free stock in the chosen warehouses. Receive goods or choose other warehouses.",
                      "選択した倉庫に引当可能な在庫がありません。入庫するか、別の倉庫を選んでください。", {});
}

absl::Status RunState(std::string_view name, v1::RunState state) {
  return Precondition(
      "RUN_STATE",
      StrCat("The run is ", NameOf(state), ", which does not allow this; only a proposed run can be changed."),
      StrCat("この配分は「", Japanese(state), "」のため、この操作はできません。変更できるのは提案中の配分だけです。"),
      {{"name", S(name)}, {"state", NameOf(state)}});
}

absl::Status LineState(std::string_view name, v1::LineState state) {
  return Precondition("LINE_STATE", StrCat("The line is ", NameOf(state), ", which does not allow this."),
                      StrCat("この明細は「", Japanese(state), "」のため、この操作はできません。"),
                      {{"name", S(name)}, {"state", NameOf(state)}});
}

absl::Status BeingAnswered(std::string_view name, v1::LineState state, int64_t items) {
  const std::string answer = items == 0 ? "a refusal" : StrCat("an acceptance of ", items, " items");
  const std::string answer_ja = items == 0 ? "辞退" : StrCat(items, "点の受諾");
  return Precondition(
      "LINE_STATE",
      StrCat("Another answer to this line is being recorded: ", answer, ". Look at the line again in a minute."),
      StrCat("この明細には別の回答（", answer_ja, "）を記録中です。少し待ってから明細を確認してください。"),
      {{"name", S(name)}, {"state", NameOf(state)}, {"items", StrCat(items)}});
}

absl::Status AnsweredTooLate(std::string_view name, v1::LineState state) {
  return Precondition("LINE_STATE", "The time to answer this offer is over; ask the coordinator.",
                      "この配分への回答期限を過ぎています。コーディネーターに連絡してください。",
                      {{"name", S(name)}, {"state", NameOf(state)}});
}

absl::Status ReservationGone(std::string_view name, v1::LineState state, const absl::Status& ledger) {
  return Precondition(
      "LINE_STATE",
      StrCat("The ledger does not hold these items for the group any more: ", errors::MessageIn("en", ledger)),
      StrCat("在庫台帳でこの引当はもう有効ではありません：", errors::MessageIn("ja", ledger)),
      {{"name", S(name)}, {"state", NameOf(state)}, {"ledger_reason", errors::ReasonOf(ledger)}});
}

absl::Status GroupNotEligible(std::string_view group, std::string_view display_name,
                              const std::vector<eligibility::Reason>& reasons) {
  std::vector<std::string> codes, english, japanese;
  for (const eligibility::Reason& reason : reasons) {
    codes.emplace_back(eligibility::CodeName(reason.code));
    english.push_back(reason.english);
    japanese.push_back(reason.japanese);
  }
  return Precondition("GROUP_NOT_ELIGIBLE",
                      StrCat(S(display_name), " may not have this lot: ", absl::StrJoin(english, " ")),
                      StrCat(S(display_name), "にはこのロットを渡せません：", absl::StrJoin(japanese, "")),
                      {{"group", S(group)}, {"conditions", absl::StrJoin(codes, ",")}});
}

absl::Status GroupNotSeen(std::string_view group) {
  return Precondition(
      "GROUP_NOT_ELIGIBLE", StrCat(S(group), " was not an active group when this run was made. Make a new run."),
      StrCat(S(group), " はこの配分の作成時に活動中の団体ではありませんでした。配分を作り直してください。"),
      {{"group", S(group)}, {"conditions", std::string(eligibility::CodeName(eligibility::Code::kGroupNotActive))}});
}

absl::Status NotAGroupOfTheRun(std::string_view group) {
  return Precondition("GROUP_NOT_SEEN", StrCat(S(group), " was not an active group when this run was made."),
                      StrCat(S(group), " は、この配分を作ったときに活動中の団体ではありませんでした。"),
                      {{"group", S(group)}});
}

absl::Status RunTooLarge(int64_t lots, int64_t groups, int64_t most_pairs) {
  return Precondition(
      "RUN_TOO_LARGE",
      StrCat("This run would judge ", lots, " lots for each of ", groups, " groups: more than the ", most_pairs,
             " pairs that one run takes. Choose fewer warehouses, and make a run for the others."),
      StrCat("この配分では", lots, "ロットと", groups, "団体のすべての組み合わせを判定することになり、1回の上限（",
             most_pairs, "組）を超えます。倉庫を絞り、残りは別の配分にしてください。"),
      {{"lots", StrCat(lots)}, {"groups", StrCat(groups)}, {"most_pairs", StrCat(most_pairs)}});
}

absl::Status LotNotSeen(std::string_view lot, std::string_view place) {
  const std::string where = place.empty() ? "" : StrCat(" at ", S(place)),
                    where_ja = place.empty() ? "" : StrCat("（", S(place), "）");
  return Precondition(
      "LOT_NOT_SEEN", StrCat("This run sees no free stock of ", S(lot), where, ". Take it out of the options."),
      StrCat("この配分の対象に ", S(lot), where_ja, " の空き在庫はありません。条件から外してください。"),
      {{"lot", S(lot)}, {"place", S(place)}});
}

absl::Status QuantityTooLarge(int64_t requested, int64_t free) {
  return Precondition("QUANTITY_TOO_LARGE", StrCat(requested, " items were asked for; ", free, " can be had here."),
                      StrCat(requested, "点が指定されましたが、ここで使えるのは", free, "点です。"),
                      {{"requested", StrCat(requested)}, {"free", StrCat(free)}});
}

absl::Status NotWholeCases(int64_t requested, int64_t per_case, int64_t all) {
  return Precondition(
      "NOT_WHOLE_CASES",
      StrCat(requested, " items are not whole cases of ", per_case, "; give a multiple, or all ", all, " items."),
      StrCat(requested, "点は入数", per_case, "のケース単位になっていません。", per_case, "の倍数か、全部（", all,
             "点）を指定してください。"),
      {{"requested", StrCat(requested)}, {"items_per_case", StrCat(per_case)}, {"all", StrCat(all)}});
}

absl::Status BelowMinimumLot(int64_t requested, int64_t minimum) {
  return Precondition(
      "BELOW_MINIMUM_LOT",
      StrCat(requested, " items are fewer than the ", minimum, " that the donor gives to one group at least."),
      StrCat(requested, "点は、寄付者が決めた1団体あたりの最小数（", minimum, "点）に足りません。"),
      {{"requested", StrCat(requested)}, {"minimum", StrCat(minimum)}});
}

absl::Status BelowMinimumAtHub(const v1::Line& line, int64_t items, int64_t minimum) {
  return Precondition(
      "BELOW_MINIMUM_LOT",
      StrCat(items, " items of ", line.product_display_name(), " (", line.lot_code(), ") come to the hub ",
             line.hub_display_name(), " for its groups; the donor gives at least ", minimum,
             ". Add some, or take out all of them."),
      StrCat("拠点「", line.hub_display_name(), "」に届く", line.product_display_name(), "（", line.lot_code(),
             "）は合計", items, "点で、寄付者が決めた最小数（", minimum,
             "点）に足りません。増やすか、すべて外してください。"),
      {{"hub", line.hub()}, {"lot", line.lot()}, {"items", StrCat(items)}, {"minimum", StrCat(minimum)}});
}

absl::Status RunPolicy(std::string_view name, v1::Policy policy) {
  const std::string short_name = v1::Policy_Name(policy).substr(sizeof("POLICY_") - 1);
  return Precondition("RUN_POLICY",
                      StrCat("This run is made with the policy ", short_name, ", which has no such step."),
                      "この回の分け方では、この操作はできません。", {{"name", S(name)}, {"policy", short_name}});
}

absl::Status MarketClosed(std::string_view name, std::string_view state) {
  return Precondition("MARKET_CLOSED", StrCat("This round is not open for claims or bids (", S(state), ")."),
                      "この回の受付は開いていません。", {{"name", S(name)}, {"state", S(state)}});
}

absl::Status NoCapacity(std::string_view zone, std::string_view zone_ja, int64_t requested, int64_t free) {
  return Precondition(
      "NO_CAPACITY",
      StrCat("The group's ", S(zone), " storage has room for ", free, " more items; ", requested, " were asked for."),
      StrCat(S(zone_ja), "の保管場所の空きはあと", free, "点分です（", requested, "点を希望）。"),
      {{"zone", S(zone)}, {"free", StrCat(free)}, {"requested", StrCat(requested)}});
}

absl::Status ClaimCap(int64_t requested, int64_t left) {
  return Precondition("CLAIM_CAP",
                      StrCat("The group may claim ", Hundredths(left), " person-days more in this run; this is ",
                             Hundredths(requested), ". Take fewer cases, or food whose date is near."),
                      StrCat("この回であと", Hundredths(left), "人日分まで申し込めますが、これは",
                             Hundredths(requested), "人日分です。数を減らすか、期限の近い食品を選んでください。"),
                      {{"left", StrCat(left)}, {"requested", StrCat(requested)}});
}

absl::Status BelowLowestPrice(int64_t price, int64_t lowest) {
  return Precondition(
      "BELOW_LOWEST_PRICE",
      StrCat("A case of this lot costs at least ", ShareText(lowest), " shares; ", ShareText(price), " were bid."),
      StrCat("このロットは1ケース", ShareText(lowest), "ポイント以上です（入札は", ShareText(price), "ポイント）。"),
      {{"lowest", StrCat(lowest)}, {"price", StrCat(price)}});
}

absl::Status NotEnoughShares(int64_t requested, int64_t free) {
  return Precondition("NOT_ENOUGH_SHARES",
                      StrCat("This needs ", ShareText(requested), " shares; ", ShareText(free),
                             " are free. Bid less, or take back another bid."),
                      StrCat(ShareText(requested), "ポイント必要ですが、使えるのは", ShareText(free),
                             "ポイントです。入札を減らすか、ほかの入札を取り下げてください。"),
                      {{"requested", StrCat(requested)}, {"free", StrCat(free)}});
}

absl::Status BidNotFound(std::string_view name) { return NotFound("BID_NOT_FOUND", "bid", "入札", name); }

absl::Status BidIdTaken(std::string_view name) {
  return errors::Make(StatusCode::kAlreadyExists, "ID_TAKEN", StrCat(S(name), " exists already; make a new bid_id."),
                      StrCat(S(name), " はすでにあります。新しい bid_id を作ってください。"), {{"name", S(name)}});
}

absl::Status BidState(std::string_view name, v1::BidState state) {
  const std::string short_name = v1::BidState_Name(state).substr(sizeof("BID_STATE_") - 1);
  return Precondition("BID_STATE", StrCat("The bid is ", short_name, ", which does not allow this."),
                      "この入札はもう変更できません。", {{"name", S(name)}, {"state", short_name}});
}

absl::Status BidFull(int parties) {
  return Precondition("BID_FULL", StrCat("All ", parties, " groups of this joint bid have joined."),
                      StrCat("この共同入札には", parties, "団体がすべてそろっています。"),
                      {{"parties", StrCat(parties)}});
}

absl::Status BidTaken(std::string_view product) {
  return Precondition("BID_TAKEN", StrCat("The group has an open bid for ", S(product), " already; change that one."),
                      StrCat("「", S(product), "」にはすでに入札しています。その入札を変更してください。"),
                      {{"product", S(product)}});
}

std::string InWords(const absl::Status& status) {
  return StrCat(errors::ReasonOf(status), ": ", errors::MessageIn("ja", status), " / ",
                errors::MessageIn("en", status));
}

}  // namespace kubari::allocation::refusals
