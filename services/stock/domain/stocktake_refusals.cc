#include "services/stock/domain/stocktake_refusals.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "libs/errors/errors.h"
#include "libs/ids/ids.h"

namespace kubari::stock::refusals {
namespace {

using absl::StatusCode;
using absl::StrCat;
using absl::StrFormat;

std::string S(std::string_view text) { return std::string(text); }

struct Sentence {
  std::string english;
  std::string japanese;
};

Sentence WhatNext(pb::StocktakeState state) {
  switch (state) {
    case pb::STOCKTAKE_STATE_OPEN:
      return {"The stocktake is still counted; review it first.",
              "この棚卸はまだカウント中です。先に確認へ進めてください。"};
    case pb::STOCKTAKE_STATE_REVIEW:
      return {"The stocktake is being reviewed and takes no counts; reopen it to go on counting.",
              "この棚卸は確認中のため、カウントを受け付けていません。続けるには再開してください。"};
    case pb::STOCKTAKE_STATE_POSTED:
      return {"The stocktake is posted; open a new one.", "この棚卸は計上済みです。新しい棚卸を始めてください。"};
    default:
      return {"The stocktake was cancelled; open a new one.",
              "この棚卸は取り消されています。新しい棚卸を始めてください。"};
  }
}

Sentence WhatIsMissing(const Line& line) {
  switch (line.conflict) {
    case pb::LINE_CONFLICT_COUNTS_DIFFER:
      return {"the counts differ", "カウントが一致しません"};
    case pb::LINE_CONFLICT_MOVED_MEANWHILE:
      return {"goods were moved while it was counted", "カウントの途中で移動がありました"};
    case pb::LINE_CONFLICT_CORRECTED_SINCE:
      return {"a movement was corrected after the count", "カウントの後に入出庫が訂正されました"};
    default:
      return {StrFormat("%+d without a reason", line.open_items),
              StrFormat("差異%+d点に理由がありません", line.open_items)};
  }
}

}  // namespace

absl::Status StocktakeNotFound(std::string_view name) {
  return errors::Make(StatusCode::kNotFound, "STOCKTAKE_NOT_FOUND",
                      StrCat("There is no stocktake ", S(name), " in this network."),
                      StrCat("棚卸 ", S(name), " はこのネットワークにありません。"), {{"name", S(name)}});
}

absl::Status CountNotFound(std::string_view name) {
  return errors::Make(StatusCode::kNotFound, "COUNT_NOT_FOUND", StrCat("There is no count ", S(name), "."),
                      StrCat("カウント ", S(name), " はありません。"), {{"name", S(name)}});
}

absl::Status LineNotCounted(const Lot& lot, const Place& place) {
  return errors::Make(
      StatusCode::kNotFound, "COUNT_NOT_FOUND",
      StrFormat("Nobody counted lot %s (%s) at %s, so there is nothing to settle: it stays as it is. Reopen the "
                "stocktake to count it.",
                lot.code(), lot.facts.product_display_name(), place.display_name),
      StrFormat("ロット%s（%s）は%sで数えられていないため、そのまま残ります。数えるには棚卸を再開してください。",
                lot.code(), lot.facts.product_display_name(), place.display_name),
      {{"lot", ids::Name("lots", lot.id)}, {"place", ids::Name("places", place.id)}});
}

absl::Status StocktakeIdTaken(const std::string& stocktake_id) {
  return errors::Make(StatusCode::kAlreadyExists, "ID_TAKEN", "Another stocktake has this id; make a new one.",
                      "このIDはすでに使われています。新しいIDを作ってください。",
                      {{"stocktake", ids::Name("stocktakes", stocktake_id)}});
}

absl::Status StocktakeClosed(const std::string& stocktake_id, pb::StocktakeState state) {
  const Sentence next = WhatNext(state);
  // "STOCKTAKE_STATE_REVIEW" → "REVIEW"
  return errors::Make(StatusCode::kFailedPrecondition, "STOCKTAKE_CLOSED", next.english, next.japanese,
                      {{"stocktake", ids::Name("stocktakes", stocktake_id)},
                       {"state", pb::StocktakeState_Name(state).substr(std::string_view("STOCKTAKE_STATE_").size())}});
}

absl::Status StocktakeBeingPosted(const std::string& stocktake_id) {
  return errors::WithRetry(errors::Make(StatusCode::kFailedPrecondition, "STOCKTAKE_CLOSED",
                                        "The stocktake is being posted at this moment; look at it again in a minute.",
                                        "この棚卸は計上の最中です。1分ほど待ってから、もう一度確認してください。",
                                        {{"stocktake", ids::Name("stocktakes", stocktake_id)}, {"state", "POSTING"}}),
                           absl::Minutes(1));
}

absl::Status PlaceBeingCounted(std::string_view place_display_name, const std::string& stocktake_id,
                               std::string_view title) {
  return errors::Make(StatusCode::kFailedPrecondition, "PLACE_BEING_COUNTED",
                      StrFormat("%s is being counted by the stocktake \"%s\"; count there, or close that one first.",
                                S(place_display_name), S(title)),
                      StrFormat("%sは棚卸「%s」で数えている最中です。そちらで数えるか、先に終わらせてください。",
                                S(place_display_name), S(title)),
                      {{"stocktake", ids::Name("stocktakes", stocktake_id)}});
}

absl::Status PlaceNotInStocktake(const std::string& stocktake_id, const std::string& place_id) {
  return errors::Make(
      StatusCode::kFailedPrecondition, "PLACE_NOT_IN_STOCKTAKE",
      "This stocktake does not count that shelf; look for the right shelf, or open another stocktake for it.",
      "この棚は今回の棚卸の対象ではありません。棚を確かめるか、別の棚卸を始めてください。",
      {{"stocktake", ids::Name("stocktakes", stocktake_id)}, {"place", ids::Name("places", place_id)}});
}

absl::Status NotSettled(int lines, std::string_view lot_code, const std::string& lot_id, std::string_view place_code,
                        const std::string& place_id, const Line& first) {
  const Sentence missing = WhatIsMissing(first);
  return errors::Make(
      StatusCode::kFailedPrecondition, "NOT_SETTLED",
      StrFormat("%d lines are not settled, the first being lot %s on shelf %s: %s. Decide, give a reason or leave them "
                "out.",
                lines, S(lot_code), S(place_code), missing.english),
      StrFormat("未確定の行が%d件あります（最初は棚%sのロット%s：%"
                "s）。数量を決めるか、理由を付けるか、対象から外してください。",
                lines, S(place_code), S(lot_code), missing.japanese),
      {{"lines", StrCat(lines)}, {"lot", ids::Name("lots", lot_id)}, {"place", ids::Name("places", place_id)}});
}

absl::Status NotYourCount(std::string_view count) {
  return errors::Make(StatusCode::kPermissionDenied, "NOT_YOUR_COUNT",
                      "A volunteer takes back only their own counts; ask the warehouse manager.",
                      "ボランティアが取り消せるのは自分のカウントだけです。倉庫管理者に依頼してください。",
                      {{"count", S(count)}});
}

}  // namespace kubari::stock::refusals
