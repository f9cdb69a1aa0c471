#include "services/stock/handlers/asked_goods.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <set>

#include "libs/calendar/date.h"
#include "libs/errors/macros.h"
#include "libs/gs1/gs1.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/registry_store.h"

namespace kubari::stock {
namespace {

constexpr int kMaxLots = 100;

// The item in a case whose ITF-14 was made from the item's number: a digit 1 to 8 before it, and a check digit.
std::string ItemOfCase(const std::string& gtin14) {
  if (gtin14[0] < '1' || gtin14[0] > '8') return "";
  std::string item = "0" + gtin14.substr(1, 12);
  item += static_cast<char>('0' + gs1::CheckDigit(item));
  return item;
}

// The number by which lots of the scanned goods are found: that of a product or of its case; else, if it is a case made
// from a known item's number, the item's. Of goods that are not known (yet), what was scanned.
absl::StatusOr<std::string> FindGtin(const Context& context, const rpc::Call& call, const std::string& code) {
  const int year = static_cast<int>(absl::ToCivilDay(context.clock.Now(), ZoneOf(call)).year());
  const absl::StatusOr<gs1::Scan> scan = gs1::Parse(code, year);
  const std::string gtin = scan.ok() ? scan->gtin14.value_or(scan->content_gtin14.value_or("")) : "";
  if (gtin.empty()) {
    const bool read = scan.ok();
    return errors::Make(
        absl::StatusCode::kInvalidArgument, "CODE_INVALID",
        read ? "This code names no product; scan or type the product's own." : errors::MessageIn("en", scan.status()),
        read ? "このコードには商品の番号がありません。商品のコードを読み取るか入力してください。"
             : errors::MessageIn("ja", scan.status()),
        {{"field", "goods.gtin"}});
  }
  const std::string item = ItemOfCase(gtin);
  std::vector<std::string> candidates = {gtin};
  if (!item.empty()) candidates.push_back(item);
  const auto find = [&](pg::Transaction& tx) { return registry::FindByCodes(tx, candidates, 50); };
  ASSIGN_OR_RETURN(const std::vector<pb::Product> products,
                   context.pool.Read({.network_id = call.principal.network_id, .deadline = call.deadline}, find));
  const bool known = std::any_of(products.begin(), products.end(),
                                 [&](const pb::Product& p) { return p.gtin() == gtin || p.case_gtin() == gtin; });
  return known || products.empty() ? gtin : item;
}

}  // namespace

void CheckGoods(const pb::Goods& goods, std::string_view field, errors::Violations& violations) {
  const std::string path = absl::StrCat(std::string(field), ".");
  violations.Require(goods.lots_size() > 0 || !goods.gtin().empty(), field, "REQUIRED", "Name lots or a GTIN.",
                     "ロットかJANコードを指定してください。");
  violations.Require(goods.lots_size() <= kMaxLots, path + "lots", "TOO_MANY", "At most 100 lots.",
                     "ロットは100件までです。");
  std::set<std::string> seen;
  for (int i = 0; i < std::min(goods.lots_size(), kMaxLots); ++i) {
    const std::string one = absl::StrCat(path, "lots[", i, "]");
    const std::string& lot = goods.lots(i);
    const bool named = ids::IdFromName("lots", lot) || ReadLotCode(lot);
    violations.Require(named, one, "NOT_A_NAME", "Expected lots/{uuid} or a lot's code.",
                       "lots/{uuid} またはロットコードを指定してください。");
    violations.Require(seen.insert(lot).second, one, "DUPLICATE", "Named twice.", "同じロットが2回あります。");
  }
  // What is in it is judged as a code; a scanner's separators are no text.
  violations.Require(goods.gtin().size() <= gs1::kMaxInput, path + "gtin", "TOO_LONG", "At most 2,000 characters.",
                     "2,000文字までです。");
  violations.Text(path + "donor_lot_number", goods.donor_lot_number(), 0, 20);
  const bool narrowed = goods.has_good_until() || !goods.donor_lot_number().empty();
  violations.Require(!narrowed || !goods.gtin().empty(), path + "gtin", "REQUIRED",
                     "A date or lot number needs the GTIN that it narrows.",
                     "期限やロット番号で絞り込む場合は、JANコードも指定してください。");
  if (!goods.has_good_until()) return;
  const kubari::type::v1::GoodUntil& until = goods.good_until();
  if (until.kind() != kubari::type::v1::DATE_KIND_UNSPECIFIED) {
    CheckGoodUntil(until, path + "good_until", violations);
  } else if (const auto problem = calendar::Date::ProblemWith(until.date())) {
    violations.Add(path + "good_until.date", until.date().empty() ? "REQUIRED" : "NOT_A_DATE", problem->english,
                   problem->japanese);
  }
}

absl::StatusOr<AskedGoods> ReadGoods(const Context& context, const rpc::Call& call, const pb::Goods& goods) {
  AskedGoods asked;
  for (const std::string& name : goods.lots()) {
    ASSIGN_OR_RETURN(const Lot lot, FindLotByNameOrCode(context, call, name));
    asked.goods.lots.push_back(lot.id);
    asked.shown.add_lots(ids::Name("lots", lot.id));
  }
  if (goods.gtin().empty()) return asked;
  ASSIGN_OR_RETURN(asked.goods.gtin, FindGtin(context, call, goods.gtin()));
  asked.shown.set_gtin(asked.goods.gtin);
  if (goods.has_good_until()) {
    if (goods.good_until().kind() != kubari::type::v1::DATE_KIND_UNSPECIFIED)
      asked.goods.date_kind = goods.good_until().kind();
    asked.goods.good_until = goods.good_until().date();
    *asked.shown.mutable_good_until() = goods.good_until();
  }
  asked.goods.donor_lot_number = goods.donor_lot_number();
  asked.shown.set_donor_lot_number(goods.donor_lot_number());
  return asked;
}

}  // namespace kubari::stock
