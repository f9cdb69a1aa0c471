#include "services/stock/domain/trace_file.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/strip.h>

#include <set>

#include "libs/tables/csv_writer.h"
#include "libs/ids/ids.h"

namespace kubari::stock {
namespace {

namespace type = kubari::type::v1;

std::string KindName(pb::MovementKind kind, bool japanese) {
  if (!japanese) return std::string(absl::StripPrefix(pb::MovementKind_Name(kind), "MOVEMENT_KIND_"));
  switch (kind) {
    case pb::MOVEMENT_KIND_RECEIVE:
      return "入庫";
    case pb::MOVEMENT_KIND_TRANSFER:
      return "移動";
    case pb::MOVEMENT_KIND_RESERVE:
      return "引当";
    case pb::MOVEMENT_KIND_VOID:
      return "引当取消";
    case pb::MOVEMENT_KIND_EXPIRE:
      return "引当期限切れ";
    case pb::MOVEMENT_KIND_ISSUE:
      return "出庫";
    case pb::MOVEMENT_KIND_CONFIRM:
      return "受領";
    case pb::MOVEMENT_KIND_SHORTAGE:
      return "不足";
    case pb::MOVEMENT_KIND_DISCARD:
      return "廃棄";
    case pb::MOVEMENT_KIND_REVERSAL:
      return "訂正";
    case pb::MOVEMENT_KIND_REFUSE:
      return "入庫拒否";
    case pb::MOVEMENT_KIND_SEND:
      return "倉庫間発送";
    case pb::MOVEMENT_KIND_ARRIVE:
      return "倉庫間到着";
    case pb::MOVEMENT_KIND_DIRECT:
      return "直送";
    case pb::MOVEMENT_KIND_PASS_ON:
      return "二次配布";
    case pb::MOVEMENT_KIND_RETURN:
      return "返品";
    case pb::MOVEMENT_KIND_ADJUST:
      return "差異調整";
    case pb::MOVEMENT_KIND_CONSUME:
      return "加工投入";
    case pb::MOVEMENT_KIND_PRODUCE:
      return "加工出来高";
    default:
      return "";
  }
}

std::string PlaceKindName(pb::PlaceKind kind, bool japanese) {
  if (!japanese) return std::string(absl::StripPrefix(pb::PlaceKind_Name(kind), "PLACE_KIND_"));
  switch (kind) {
    case pb::PLACE_KIND_SHELF:
      return "棚";
    case pb::PLACE_KIND_DONOR:
      return "寄付者";
    case pb::PLACE_KIND_DELIVERY:
      return "配送中";
    case pb::PLACE_KIND_GROUP:
      return "団体";
    case pb::PLACE_KIND_WASTE:
      return "廃棄";
    case pb::PLACE_KIND_ADJUSTMENT:
      return "差異";
    case pb::PLACE_KIND_TRANSIT:
      return "倉庫間輸送中";
    case pb::PLACE_KIND_WORKSHOP:
      return "加工";
    default:
      return "";
  }
}

std::string DateKindName(type::DateKind kind, bool japanese) {
  switch (kind) {
    case type::DATE_KIND_USE_BY:
      return japanese ? "消費期限" : "use by";
    case type::DATE_KIND_BEST_BEFORE:
      return japanese ? "賞味期限" : "best before";
    case type::DATE_KIND_NONE:
      return japanese ? "表示なし" : "none printed";
    default:
      return "";
  }
}

std::vector<std::string> Headings(bool japanese) {
  if (japanese) {
    return {"番号",   "日時",     "記録日時",     "種別",         "訂正した種別", "訂正した番号", "数量",
            "増減",   "ロット",   "商品",         "JANコード",    "期限の種類",   "期限",         "メーカーロット",
            "寄付者", "寄付申出", "元のロット",   "できたロット", "から（種類）", "から",         "へ（種類）",
            "へ",     "団体",     "世帯数",       "市区町村",     "理由",         "メモ",         "行った人",
            "引当ID", "配送ID",   "一連の作業ID", "入出庫ID",     "依頼ID",       "ロットID",     "検証用ハッシュ"};
  }
  return {"position",    "occurred", "recorded",   "kind",         "reversed_kind", "reverses", "items",
          "effect",      "lot",      "product",    "gtin",         "date_kind",     "date",     "donor_lot_number",
          "donor",       "offer",    "made_from",  "made_into",    "from_kind",     "from",     "to_kind",
          "to",          "group",    "households", "municipality", "reason",        "note",     "actor",
          "reservation", "delivery", "operation",  "movement",     "request",       "lot_id",   "leaf_hash"};
}

std::string NameOrEmpty(const char* collection, const std::string& id) {
  return id.empty() ? "" : ids::Name(collection, id);
}

// Codes of the lots next to each lot.
using Neighbours = std::map<std::string, std::set<std::string>>;

class Rows {
 public:
  explicit Rows(const TraceFacts& facts) : facts_(facts) {
    for (const LotLink& link : facts.links) {
      made_from_[link.to_lot].insert(CodeOf(link.from_lot));
      made_into_[link.from_lot].insert(CodeOf(link.to_lot));
    }
    for (const Movement& movement : facts.movements) positions_[movement.id] = movement.position;
    out_.TextRow(Headings(facts.japanese));
  }

  void Add(const Movement& m) {
    const bool ja = facts_.japanese;
    const bool reversal = m.kind == pb::MOVEMENT_KIND_REVERSAL;
    out_.Int(m.position).Text(Time(m.occurred_time)).Text(Time(m.recorded_time)).Text(KindName(m.kind, ja));
    out_.Text(reversal ? KindName(m.effect_kind, ja) : "");
    const auto reversed = positions_.find(m.reverses);
    if (reversed != positions_.end()) {
      out_.Int(reversed->second);
    } else {
      out_.Text("");
    }
    out_.Int(m.items).Int(m.effect_items());
    AddLot(m.lot_id);
    AddPlace(m.from_place);
    AddPlace(m.to_place);
    out_.Text(GroupName(m));
    if (m.households > 0) {
      out_.Int(m.households);
    } else {
      out_.Text("");
    }
    out_.Text(m.municipality_code).Text(m.reason).Text(m.note).Text(m.actor);
    out_.Text(NameOrEmpty("reservations", m.reservation_id)).Text(NameOrEmpty("deliveries", m.delivery_id));
    out_.Text(OperationName(m)).Text(ids::Name("movements", m.id)).Text(m.request_id).Text(ids::Name("lots", m.lot_id));
    out_.Text(absl::BytesToHexString(m.leaf_hash)).EndRow();
  }

  std::string Take() { return out_.Take(); }

 private:
  std::string Time(absl::Time time) const { return absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez", time, facts_.zone); }

  std::string CodeOf(const std::string& lot_id) const {
    const auto lot = facts_.lots.find(lot_id);
    return lot == facts_.lots.end() ? lot_id : lot->second.code();
  }

  void AddLot(const std::string& lot_id) {
    const auto found = facts_.lots.find(lot_id);
    const Lot lot = found == facts_.lots.end() ? Lot() : found->second;
    const pb::Lot& facts = lot.facts;
    out_.Text(facts.code()).Text(facts.product_display_name()).Text(facts.gtin());
    out_.Text(DateKindName(facts.good_until().kind(), facts_.japanese)).Text(facts.good_until().date());
    out_.Text(facts.donor_lot_number()).Text(facts.donor_display_name()).Text(lot.offer_title);
    out_.Text(absl::StrJoin(made_from_[lot_id], " ")).Text(absl::StrJoin(made_into_[lot_id], " "));
  }

  void AddPlace(const std::string& place_id) {
    const auto place = facts_.places.find(place_id);
    if (place == facts_.places.end()) {
      out_.Text("").Text("");
    } else {
      out_.Text(PlaceKindName(place->second.kind, facts_.japanese)).Text(place->second.display_name);
    }
  }

  // By the place that stands for it; its id if that is not among the facts.
  std::string GroupName(const Movement& m) const {
    const std::string party = NameOrEmpty("groups", m.group_id);
    for (const std::string& id : {m.from_place, m.to_place}) {
      const auto place = facts_.places.find(id);
      if (place != facts_.places.end() && place->second.kind == pb::PLACE_KIND_GROUP && place->second.party == party)
        return place->second.display_name;
    }
    return party;
  }

  const TraceFacts& facts_;
  tables::CsvWriter out_;
  Neighbours made_from_, made_into_;
  std::map<std::string, int64_t> positions_;
};

}  // namespace

std::string TraceCsv(const TraceFacts& facts) {
  Rows rows(facts);
  for (const Movement& movement : facts.movements) rows.Add(movement);
  return rows.Take();
}

}  // namespace kubari::stock
