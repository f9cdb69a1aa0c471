#include "services/groups/domain/need.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "libs/registry/fields.h"

namespace kubari::groups {

const std::vector<std::string>& NeedFields() {
  static const std::vector<std::string> fields = {"text",     "standing", "category",   "product", "tags",
                                                  "quantity", "unit",     "until_date", "note"};
  return fields;
}

void CheckNeed(errors::Violations& violations, const v1::Need& need, const std::vector<std::string>& fields,
               absl::CivilDay today) {
  const auto named = [&](const char* field) { return std::find(fields.begin(), fields.end(), field) != fields.end(); };
  if (named("text")) violations.Text("need.text", need.text(), 1, registry::kMaxName);
  if (named("note")) violations.Text("need.note", need.note(), 0, 500);
  if (named("category") && need.category() != type::v1::FOOD_CATEGORY_UNSPECIFIED)
    violations.Enum("need.category", need.category());
  if (named("product") && !need.product().empty()) violations.Name("products", "need.product", need.product());
  if (named("unit") && need.unit() != v1::NEED_UNIT_UNSPECIFIED) violations.Enum("need.unit", need.unit());
  if (named("tags")) {
    std::set<int> seen;
    for (int i = 0; i < need.tags_size(); ++i) {
      const std::string path = absl::StrCat("need.tags[", i, "]");
      violations.Enum(path, need.tags(i));
      violations.Require(seen.insert(need.tags(i)).second, path, "DUPLICATE", "This value is given twice.",
                         "同じ値が二度書かれています。");
    }
  }
  if (named("quantity")) violations.Range("need.quantity", need.quantity(), 0, kMaxNeedQuantity);
  if (named("quantity") || named("standing")) {
    violations.Require(!need.standing() || need.quantity() == 0, "need.quantity", "NOT_EMPTY",
                       "What is always of use has no quantity; leave it out, or make it a need for once.",
                       "いつでも使えるものには数量を付けません。数量を消すか、今回だけの希望にしてください。");
  }
  if ((named("until_date") || named("standing")) && !need.until_date().empty()) {
    const auto day = registry::CheckDay(violations, "need.until_date", need.until_date());
    violations.Require(!day || *day >= today, "need.until_date", "IN_THE_PAST",
                       absl::StrCat("The last day, ", need.until_date(), ", has passed; choose today or later."),
                       absl::StrCat("期限（", need.until_date(), "）が過ぎています。今日以降の日にしてください。"));
    violations.Require(!need.standing(), "need.until_date", "NOT_EMPTY",
                       "What is always of use has no last day; leave it out, or make it a need for once.",
                       "いつでも使えるものには期限を付けません。期限を消すか、今回だけの希望にしてください。");
  }
}

bool Expired(const v1::Need& need, absl::CivilDay today) {
  if (need.state() != v1::NEED_STATE_OPEN || need.until_date().empty()) return false;
  const auto day = registry::ParseDay(need.until_date());
  return day && *day < today;
}

absl::Status NeedStateRefused(const v1::Need& need) {
  return errors::Make(absl::StatusCode::kFailedPrecondition, "NEED_STATE",
                      absl::StrCat("'", need.text(), "' is ", v1::NeedState_Name(need.state()).substr(11),
                                   "; only an open need can be changed. Open it again first."),
                      absl::StrCat("「", need.text(), "」は募集中ではないため、変更できません。先に募集中に戻してください。"),
                      {{"need", need.name()}, {"state", v1::NeedState_Name(need.state())}});
}

}  // namespace kubari::groups
