#include "services/allocation/domain/explain.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <map>

namespace kubari::allocation {
namespace {

// Thousandths as hundredths, rounded: 12349 → "12.35".
std::string Hundredths(int64_t thousandths) {
  const int64_t hundredths = (thousandths + 5) / 10;
  return absl::StrFormat("%d.%02d", hundredths / 100, hundredths % 100);
}

// "3 cases", "2 cases and the 5 items of an opened one".
Sentence Cases(int64_t items, int64_t per_case) {
  const int64_t cases = items / per_case, rest = items % per_case;
  const std::string whole = absl::StrCat(cases, cases == 1 ? " case" : " cases");
  const std::string whole_ja = absl::StrCat(cases, "ケース");
  if (rest == 0) return {whole, whole_ja};
  if (cases == 0) return {"an opened case", "開封済みケース"};
  return {absl::StrCat(whole, " and ", rest, " from an opened one"),
          absl::StrCat(whole_ja, "と開封済みケースの", rest, "点")};
}

struct Words {
  const char* english;
  const char* japanese;
};

const std::map<std::string_view, Words>& LeftoverWords() {
  static const std::map<std::string_view, Words> words = {
      {"NO_GROUP_AGREEMENT",
       {"the groups have no agreement in force on that day", "受渡日に有効な合意書のある団体がない"}},
      {"NO_DONOR_AGREEMENT",
       {"no agreement with the donor is in force on that day", "受渡日に寄付者との合意書が有効でない"}},
      {"GROUP_NOT_ACTIVE", {"no group is active", "活動中の団体がない"}},
      {"GROUP_NOT_NAMED",
       {"the donor named the groups that may have them, and none can", "寄付者が指定した団体に渡せない"}},
      {"PREFECTURE_EXCLUDED", {"the donor excludes the groups' prefectures", "寄付者が除外した都道府県の団体しかない"}},
      {"COMPLIANCE_LEVEL",
       {"the groups have not proven the level that the donor demands", "寄付者が求める水準を証明できる団体がない"}},
      {"USE_BY_PASSED", {"their use-by date has passed", "消費期限を過ぎている"}},
      {"BEST_BEFORE_PASSED", {"their best-before date has passed", "賞味期限を過ぎている"}},
      {"REMAINING_DAYS", {"too few days are left until their date", "期限までの残日数が足りない"}},
      {"NO_STORAGE", {"the groups have no storage for this temperature", "この温度帯で保管できる団体がない"}},
      {"CATEGORY_NOT_ACCEPTED", {"the groups do not use this kind of food", "この種類の食品を使う団体がない"}},
      {"ALLERGEN_CONTAINED", {"they contain allergens that the groups exclude", "団体が除外するアレルゲンを含む"}},
      {"ALLERGEN_UNKNOWN",
       {"they do not declare allergens that the groups exclude", "団体が除外するアレルゲンの有無が表示されていない"}},
      {"TAG_EXCLUDED", {"the groups cannot use goods of this property", "この特徴の品物を使える団体がない"}},
      {"TOO_FAR", {"the groups are too far from the warehouse", "倉庫から遠すぎる"}},
      {"LOT_RECALLED", {"a recall stops them", "回収の対象になっている"}},
      {"NO_CAPACITY",
       {"the storage of all groups that may have them is full", "受け取れる団体の保管場所がいっぱいである"}},
      {"BELOW_MINIMUM_LOT",
       {"they are fewer than the smallest quantity that the donor gives to one group",
        "寄付者が決めた1団体あたりの最小数に足りない"}},
      {"ADJUSTED", {"a coordinator took them out by hand", "コーディネーターが手作業で外した"}},
  };
  return words;
}

}  // namespace

Sentence ExplainShare(const Share& share, const Supply& supply) {
  const Sentence cases = Cases(share.items, supply.items_per_case);
  const std::string before = Hundredths(ShownLevel(share.before)), after = Hundredths(ShownLevel(share.after));
  const bool alone = share.eligible_groups == 1;
  const Sentence others =
      alone ? Sentence{"No other group may have this lot.", "このロットを受け取れる団体はほかにありません。"}
            : Sentence{
                  absl::StrFormat("%d groups may have this lot; %d of them had less food per household than this one.",
                                  share.eligible_groups, share.poorer_groups),
                  absl::StrFormat(
                      "このロットを受け取れる%d団体のうち、世帯あたりの食料がこの団体より少なかったのは%d団体です。",
                      share.eligible_groups, share.poorer_groups)};
  Sentence sentence{
      absl::StrFormat("%d of %d free items (%s). %s It goes from %s to %s person-days per household, the past year and "
                      "open promises included.",
                      share.items, supply.items, cases.english, others.english, before, after),
      absl::StrFormat(
          "空き在庫%d点のうち%d点（%s）。%s世帯あたり%s人日分が%s人日分になります（過去1年の受取と引当中を含む）。",
          supply.items, share.items, cases.japanese, others.japanese, before, after)};
  if (supply.min_lot_items > 1) {
    absl::StrAppend(&sentence.english, " The donor gives at least ", supply.min_lot_items, " items to one group.");
    absl::StrAppend(&sentence.japanese, "寄付者の条件により1団体あたり", supply.min_lot_items, "点以上です。");
  }
  return sentence;
}

Sentence ExplainNext(std::string_view next_group) {
  if (next_group.empty())
    return {"No group could take another case.", "さらに1ケースを受け取れる団体はありませんでした。"};
  const absl::string_view name(next_group.data(), next_group.size());
  return {absl::StrCat("The next case would have gone to ", name, "."),
          absl::StrCat("次の1ケースがあれば", name, "に渡りました。")};
}

void AppendNext(std::string_view next_group, v1::Line& line) {
  if (line.explanation().empty()) return;
  const Sentence next = ExplainNext(next_group);
  line.set_explanation(absl::StrCat(line.explanation(), " ", next.english));
  line.set_explanation_ja(absl::StrCat(line.explanation_ja(), next.japanese));
}

Sentence ExplainLeftover(std::string_view reason, int64_t items) {
  const auto found = LeftoverWords().find(reason);
  const absl::string_view code(reason.data(), reason.size());
  if (found == LeftoverWords().end())
    return {absl::StrCat(items, " items stay: ", code, "."), absl::StrCat(items, "点が残ります：", code)};
  return {absl::StrCat(items, items == 1 ? " item stays: " : " items stay: ", found->second.english, "."),
          absl::StrCat(items, "点が残ります：", found->second.japanese, "ため。")};
}

}  // namespace kubari::allocation
