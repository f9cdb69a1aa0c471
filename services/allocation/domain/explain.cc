#include "services/allocation/domain/explain.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <map>

namespace kubari::allocation {
namespace {

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
      {"PROFILE_STALE",
       {"the groups have not confirmed their profiles for too long", "団体の登録内容が長く確認されていない"}},
      {"NO_CAPACITY",
       {"the storage of all groups that may have them is full", "受け取れる団体の保管場所がいっぱいである"}},
      {"HUB_FULL",
       {"the groups that may have them get them by hubs whose storage is full",
        "受け取れる団体に届ける拠点の保管場所がいっぱいである"}},
      {"AT_CAP",
       {"the groups that have room for them are at the cap that a coordinator set",
        "空きのある団体がコーディネーターの決めた上限に達している"}},
      {"LEFT_OUT", {"a coordinator left them, or the groups, out of this run", "コーディネーターがこの配分から外した"}},
      {"HELD_BACK", {"a coordinator keeps them in reserve", "コーディネーターが予備として残した"}},
      {"KEPT_FOR_LATER",
       {"they can do more in one of the coming weeks, and keep until then",
        "期限に余裕があり、先の週に配る方が役立つ"}},
      {"BELOW_MINIMUM_LOT",
       {"they are fewer than the smallest quantity that the donor gives to one group or hub",
        "寄付者が決めた1団体（または1拠点）あたりの最小数に足りない"}},
      {"NOT_TAKEN", {"no group has claimed them or bid for them", "申込みや入札をした団体がない"}},
      {"ADJUSTED", {"a coordinator took them out by hand", "コーディネーターが手作業で外した"}},
  };
  return words;
}

// "It goes from 0.00 to 9.00 person-days per household …"
Sentence Rise(const GroupOutcome& group) {
  const std::string before = Hundredths(ShownLevel(group.before)), after = Hundredths(ShownLevel(group.after));
  return {absl::StrFormat("With all that it gets in this run the group goes from %s to %s person-days per household, "
                          "the past year and open promises included.",
                          before, after),
          absl::StrFormat("この配分全体で、世帯あたり%s人日分が%s人日分になります（過去1年の受取と引当中を含む）。",
                          before, after)};
}

Sentence HowMuch(const Share& share, const Supply& supply) {
  const Sentence cases = Cases(share.items, supply.items_per_case);
  return {absl::StrFormat("%d of %d free items (%s).", share.items, supply.items, cases.english),
          absl::StrFormat("空き在庫%d点のうち%d点（%s）。", supply.items, share.items, cases.japanese)};
}

// By which door, and how the smallest quantity is met there.
Sentence HowItComes(const Share& share, const Supply& supply, std::string_view hub_name) {
  const int others = share.door_groups - 1;
  Sentence sentence;
  if (!hub_name.empty()) {
    const std::string name(hub_name);
    sentence = {absl::StrCat("It comes by the hub ", name, ", which hands it on."),
                absl::StrCat("拠点「", name, "」を通して届きます。")};
  }
  if (supply.min_lot_items <= 1) return sentence;
  if (others <= 0) {
    return Append(sentence, {absl::StrCat("The donor gives at least ", supply.min_lot_items, " items to one group."),
                             absl::StrCat("寄付者の条件により1団体あたり", supply.min_lot_items, "点以上です。")});
  }
  return Append(
      sentence,
      {absl::StrFormat("The donor gives at least %d items at once; together with %d other %s, %d come to the hub.",
                       supply.min_lot_items, others, others == 1 ? "group" : "groups", share.door_items),
       absl::StrFormat("寄付者の条件は一度に%d点以上です。拠点でほかの%d団体の分とまとめて%d点になります。",
                       supply.min_lot_items, others, share.door_items)});
}

}  // namespace

Sentence Append(Sentence sentence, const Sentence& more) {
  if (more.english.empty()) return sentence;
  if (sentence.english.empty()) return more;
  return {absl::StrCat(sentence.english, " ", more.english), absl::StrCat(sentence.japanese, more.japanese)};
}

Sentence ExplainAskedFor(const std::string& asked_for) {
  if (asked_for.empty()) return {};
  return {absl::StrCat("The group had asked for it: \"", asked_for, "\"."),
          absl::StrCat("団体の希望「", asked_for, "」に合う品です。")};
}

std::string Hundredths(int64_t thousandths) {
  const int64_t hundredths = thousandths / 10 + (thousandths % 10 >= 5 ? 1 : 0);
  return absl::StrFormat("%d.%02d", hundredths / 100, hundredths % 100);
}

Sentence ZoneName(int zone) {
  const auto value = static_cast<type::v1::TemperatureZone>(zone + 1);
  return {eligibility::EnglishName(value), eligibility::JapaneseName(value)};
}

Sentence ExplainShare(const Outcome& outcome, const Share& share, const Supply& supply, int lots_of_tie,
                      std::string_view hub_name) {
  const GroupOutcome& group = outcome.groups[share.group];
  const int eligible = outcome.eligible_groups[share.supply];
  const int others = group.tie < 0 ? 0 : static_cast<int>(outcome.ties[group.tie].groups.size()) - 1;
  const Sentence much = HowMuch(share, supply), rise = Rise(group);
  Sentence who = eligible == 1
                     ? Sentence{"No other group may have this lot.", "このロットを受け取れる団体はほかにありません。"}
                     : Sentence{absl::StrFormat("%d groups may have this lot.", eligible),
                                absl::StrFormat("このロットを受け取れるのは%d団体です。", eligible)};
  if (others > 0) {
    absl::StrAppend(&who.english, " It shares the food of ", lots_of_tie, lots_of_tie == 1 ? " lot" : " lots", " with ",
                    others, others == 1 ? " other group" : " other groups",
                    ", as evenly as whole cases allow; none of it could have gone to a group that has less.");
    absl::StrAppend(
        &who.japanese, "ほかの", others, "団体と", lots_of_tie,
        "ロットの食品を、ケース単位でできるだけ均等に分けています。これより少ない団体に回せる分はありません。");
  }
  Sentence sentence{absl::StrCat(much.english, " ", who.english, " ", rise.english),
                    absl::StrCat(much.japanese, who.japanese, rise.japanese)};
  return Append(sentence, HowItComes(share, supply, hub_name));
}

Sentence ExplainPin(const Outcome& outcome, const Share& share, const Supply& supply, const std::string& reason,
                    std::string_view hub_name) {
  const Sentence much = HowMuch(share, supply), rise = Rise(outcome.groups[share.group]);
  return Append({absl::StrCat(much.english, " Decided by a coordinator beforehand: ", reason, ". ", rise.english),
                 absl::StrCat(much.japanese, "コーディネーターが前もって決めました：", reason, "。", rise.japanese)},
                HowItComes(share, supply, hub_name));
}

Sentence ExplainByHand(int64_t items, const std::string& reason) {
  if (items == 0) {
    return {absl::StrCat("A coordinator took it out: ", reason, "."),
            absl::StrCat("コーディネーターが取りやめました：", reason, "。")};
  }
  return {absl::StrCat("A coordinator made it ", items, items == 1 ? " item: " : " items: ", reason, "."),
          absl::StrCat("コーディネーターが", items, "点に直しました：", reason, "。")};
}

Sentence ExplainNext(std::string_view next_group, std::string_view own_group) {
  if (next_group.empty())
    return {"No group could take another case.", "さらに1ケースを受け取れる団体はありませんでした。"};
  if (next_group == own_group)
    return {"The next case would have gone to it as well.", "次の1ケースがあれば、それもこの団体に渡りました。"};
  const absl::string_view name(next_group.data(), next_group.size());
  return {absl::StrCat("The next case would have gone to ", name, "."),
          absl::StrCat("次の1ケースがあれば", name, "に渡りました。")};
}

void AppendNext(std::string_view next_group, v1::Line& line) {
  if (line.explanation().empty() || next_group == kNobodyAsked) return;
  const Sentence next = ExplainNext(next_group, line.group_display_name());
  line.set_explanation(absl::StrCat(line.explanation(), " ", next.english));
  line.set_explanation_ja(absl::StrCat(line.explanation_ja(), next.japanese));
}

Sentence ExplainStaying(const Staying& staying) {
  const Sentence zone = ZoneName(staying.zone);
  const int64_t km = (staying.metres + 999) / 1000;
  Sentence why{staying.reason, staying.reason};
  if (const auto found = LeftoverWords().find(staying.reason); found != LeftoverWords().end())
    why = {found->second.english, absl::StrCat(found->second.japanese, "ため")};
  if (staying.reason == "NO_CAPACITY" && staying.metres >= 0) {
    why = {absl::StrFormat("no group that may have them, up to %d km away, has free %s storage", km, zone.english),
           absl::StrFormat("受け取れる団体（%dkm以内）の%sの保管場所に空きがないため", km, zone.japanese)};
  } else if (staying.reason == "TOO_FAR" && staying.metres >= 0) {
    why = {absl::StrFormat("the nearest group that could use them is %d km away, farther than it can be served", km),
           absl::StrFormat("使える団体のうち最も近いところでも%dkm離れ、受け取れる距離を超えているため", km)};
  }
  return {absl::StrFormat("%d %s (%d %s) of %s goods %s: %s.", staying.cases, staying.cases == 1 ? "case" : "cases",
                          staying.items, staying.items == 1 ? "item" : "items", zone.english,
                          staying.cases == 1 ? "stays" : "stay", why.english),
          absl::StrFormat("%s品%dケース（%d点）が残ります：%s。", zone.japanese, staying.cases, staying.items,
                          why.japanese)};
}

}  // namespace kubari::allocation
