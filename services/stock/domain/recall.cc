#include "services/stock/domain/recall.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/errors/errors.h"
#include "libs/ids/ids.h"

namespace kubari::stock {

using absl::StatusCode;
using absl::StrCat;

std::string Notice::holder() const {
  return ids::Name(holder_kind == HolderKind::kGroup ? "groups" : "warehouses", holder_id);
}

int64_t NoticeLine::consumed() const { return std::min(told, held); }

pb::RecallFigures FiguresOf(const std::vector<Flow>& flows, const std::vector<Stand>& stands, int64_t consumed) {
  pb::RecallFigures figures;
  int64_t received = 0, recovered = 0, returned = 0, discarded = 0;
  for (const Flow& flow : flows) {
    switch (flow.effect) {
      case pb::MOVEMENT_KIND_RECEIVE:
      case pb::MOVEMENT_KIND_DIRECT:
      case pb::MOVEMENT_KIND_PRODUCE:
        received += flow.items;
        break;
      case pb::MOVEMENT_KIND_RETURN:
        if (flow.to == pb::PLACE_KIND_DONOR) returned += flow.items;
        if (flow.to == pb::PLACE_KIND_SHELF && flow.since_open) recovered += flow.items;
        break;
      case pb::MOVEMENT_KIND_DISCARD:
        discarded += flow.items;
        break;
      default:
        break;
    }
  }
  int64_t shelf = 0, under_way = 0, group = 0, reserved = 0;
  for (const Stand& stand : stands) {
    if (stand.kind == pb::PLACE_KIND_SHELF) shelf += stand.on_hand;
    if (stand.kind == pb::PLACE_KIND_DELIVERY || stand.kind == pb::PLACE_KIND_TRANSIT) under_way += stand.on_hand;
    if (stand.kind == pb::PLACE_KIND_GROUP) group += stand.on_hand;
    reserved += stand.reserved;
  }
  figures.set_received_items(received);
  figures.set_shelf_items(shelf);
  figures.set_under_way_items(under_way);
  figures.set_group_items(group);
  figures.set_recovered_items(recovered);
  figures.set_returned_to_donor_items(returned);
  figures.set_discarded_items(discarded);
  figures.set_consumed_items(consumed);
  figures.set_open_items(group + under_way - consumed);
  figures.set_other_items(received - shelf - under_way - group - returned - discarded);
  figures.set_reserved_items(reserved);
  return figures;
}

absl::Status CheckAnswer(const Lot& lot, const HolderAnswer& answer, int64_t held, int64_t told) {
  const int64_t answered = answer.discarded + answer.consumed.value_or(std::min(told, held));
  if (answered <= held) return absl::OkStatus();
  const std::string& product = lot.facts.product_display_name();
  return errors::Make(
      StatusCode::kFailedPrecondition, "MORE_THAN_HELD",
      StrCat("Of lot ", lot.code(), " (", product, ") ", held, " are there by the ledger; the answer accounts for ",
             answered,
             ". If more is there, correct the stock first; if some is still under way, confirm it first; if "
             "fewer were eaten than was told before, say so as well."),
      StrCat("ロット", lot.code(), "（", product, "）は記録上", held, "点ですが、回答の合計は", answered,
             "点です。実際に多い場合は先に在庫を訂正し、配送中の分は先に受領確認をしてください。"
             "以前に伝えた使用・配布済みの数が多すぎた場合は、その数も入力し直してください。"),
      {{"lot", StrCat("lots/", lot.id)}, {"held", StrCat(held)}, {"answered", StrCat(answered)}});
}

std::optional<std::vector<std::pair<std::string, int64_t>>> TakeFrom(
    const std::vector<std::pair<std::string, int64_t>>& places, const std::map<std::string, int64_t>& booked,
    int64_t items) {
  std::vector<std::pair<std::string, int64_t>> takes;
  for (const auto& [place, taken] : booked) {
    takes.emplace_back(place, taken);
    items -= taken;
  }
  for (const auto& [place, free] : places) {
    const int64_t take = std::min(free, items);
    if (take <= 0 || booked.count(place) > 0) continue;
    takes.emplace_back(place, take);
    items -= take;
  }
  if (items != 0) return std::nullopt;
  return takes;
}

std::string NoticeTitle(const Recall& recall, bool japanese) {
  return recall.drill ? StrCat(japanese ? "【訓練】" : "[DRILL] ", recall.title) : recall.title;
}

namespace refusals {

absl::Status RecallNotFound(std::string_view name) {
  return errors::Make(
      StatusCode::kNotFound, "RECALL_NOT_FOUND", StrCat("There is no recall ", std::string(name), " in this network."),
      StrCat("回収 ", std::string(name), " はこのネットワークにありません。"), {{"name", std::string(name)}});
}

absl::Status NoticeNotFound(std::string_view name) {
  return errors::Make(
      StatusCode::kNotFound, "NOTICE_NOT_FOUND", StrCat("There is no notice ", std::string(name), " in this network."),
      StrCat("回収のお知らせ ", std::string(name), " はこのネットワークにありません。"), {{"name", std::string(name)}});
}

absl::Status RecallClosed(const Recall& recall) {
  return errors::Make(StatusCode::kFailedPrecondition, "RECALL_CLOSED",
                      StrCat("The recall \"", recall.title, "\" is closed; nothing more is to be done for it."),
                      StrCat("回収「", recall.title, "」はすでに終了しています。これ以上の対応は必要ありません。"),
                      {{"recall", StrCat("recalls/", recall.id)}});
}

absl::Status NoSuchGoods() {
  return errors::Make(StatusCode::kFailedPrecondition, "NO_SUCH_GOODS",
                      "No lot fits these goods. Check the GTIN, the date and the lot number as they are printed.",
                      "この条件に合うロットはありません。JANコード・期限・ロット番号を印字どおりか確認してください。");
}

absl::Status RecallUnsettled(const Recall& recall, int64_t items, int64_t holders) {
  return errors::Make(
      StatusCode::kFailedPrecondition, "RECALL_UNSETTLED",
      StrCat(items, " items with ", holders, " holders of the recall \"", recall.title,
             "\" are not accounted for yet. Wait for them, or say in the note why it is closed all the same."),
      StrCat("回収「", recall.title, "」には未解決の品が", holders, "か所に", items,
             "点あります。解決を待つか、終了する理由をメモに書いてください。"),
      {{"recall", StrCat("recalls/", recall.id)}, {"items", StrCat(items)}, {"holders", StrCat(holders)}});
}

absl::Status TraceTooLong(int64_t lots, int64_t movements) {
  return errors::Make(
      StatusCode::kFailedPrecondition, "TRACE_TOO_LONG",
      "Too many lots or movements for one file (at most 1,000 and 10,000). Name fewer lots, or add a "
      "date or lot number.",
      "1つのファイルには多すぎます（ロット1,000件、入出庫10,000件まで）。ロットを減らすか、期限・ロット番"
      "号で絞り込んでください。",
      {{"lots", StrCat(lots)}, {"movements", StrCat(movements)}});
}

}  // namespace refusals
}  // namespace kubari::stock
