#include "services/donors/domain/not_asked.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/eligibility/eligibility.h"

namespace kubari::donors {
namespace {

struct Words {
  const char *one, *many;  // behind "1 group", "3 groups"
  const char* japanese;    // before 「: 3団体」
};

// No default: a rule that is added asks for its words here.
Words WordsOf(eligibility::Code code) {
  using eligibility::Code;
  switch (code) {
    case Code::kNoGroupAgreement:
      return {"has no agreement with the network on that day", "have no agreement with the network on that day",
              "その日に有効な合意書がない"};
    case Code::kNoDonorAgreement:
      return {"is left out: the donor has no agreement on that day",
              "are left out: the donor has no agreement on that day", "寄付企業との合意書がその日に有効でない"};
    case Code::kGroupNotActive:
      return {"is not active", "are not active", "活動中（承認済み）でない"};
    case Code::kGroupNotNamed:
      return {"is not among those that the donor named", "are not among those that the donor named",
              "寄付企業が指定した団体に入っていない"};
    case Code::kPrefectureExcluded:
      return {"lies in a prefecture that the donor excludes", "lie in a prefecture that the donor excludes",
              "寄付企業が配布しないとした都道府県にある"};
    case Code::kComplianceLevel:
      return {"lacks evidence in force of the compliance level that the donor demands",
              "lack evidence in force of the compliance level that the donor demands",
              "寄付企業が求める遵守レベルの有効な証明がない"};
    case Code::kUseByPassed:
      return {"is left out: the use-by date has passed by then", "are left out: the use-by date has passed by then",
              "渡す日には消費期限が過ぎている"};
    case Code::kBestBeforePassed:
      return {"is left out: the best-before date has passed by then",
              "are left out: the best-before date has passed by then", "渡す日には賞味期限が過ぎている"};
    case Code::kRemainingDays:
      return {"needs more days left until the date", "need more days left until the date",
              "期限までの残り日数が足りない"};
    case Code::kNoStorage:
      return {"has no storage for this temperature", "have no storage for this temperature",
              "この温度帯の保管場所がない"};
    case Code::kCategoryNotAccepted:
      return {"does not take this kind of food", "do not take this kind of food", "この種類の食品を受け取らない"};
    case Code::kAllergenContained:
      return {"excludes an allergen that the goods contain", "exclude an allergen that the goods contain",
              "除外しているアレルゲンが入っている"};
    case Code::kAllergenUnknown:
      return {"excludes an allergen of which the goods do not say that they are free",
              "exclude an allergen of which the goods do not say that they are free",
              "除外しているアレルゲンを含むかどうかが分からない"};
    case Code::kTagExcluded:
      return {"excludes food of this property", "exclude food of this property", "この性質の食品を受け取らない"};
    case Code::kTooFar:
      return {"is too far away", "are too far away", "距離が遠すぎる"};
    case Code::kLotRecalled:
      return {"is left out: the goods are recalled", "are left out: the goods are recalled", "回収中の食品である"};
    case Code::kProfileStale:
      return {"must confirm its profile first", "must confirm their profiles first", "登録情報の確認が先に必要である"};
  }
  return {"is left out", "are left out", "対象外"};
}

}  // namespace

void TellNotAsked(v1::Broadcast& broadcast) {
  broadcast.clear_not_asked();
  for (const auto& [name, groups] : broadcast.not_asked_counts()) {
    v1::NotAsked& told = *broadcast.add_not_asked();
    told.set_code(name);
    told.set_groups(groups);
    Words words = {"is left out", "are left out", "対象外"};  // a rule that was dropped since
    for (int code = 0; code < eligibility::kCodes; ++code) {
      if (eligibility::CodeName(static_cast<eligibility::Code>(code)) == name)
        words = WordsOf(static_cast<eligibility::Code>(code));
    }
    told.set_message(
        absl::StrCat(groups, groups == 1 ? " group " : " groups ", groups == 1 ? words.one : words.many, "."));
    told.set_message_ja(absl::StrCat(words.japanese, ": ", groups, "団体"));
  }
  std::sort(broadcast.mutable_not_asked()->begin(), broadcast.mutable_not_asked()->end(),
            [](const v1::NotAsked& a, const v1::NotAsked& b) {
              return a.groups() != b.groups() ? a.groups() > b.groups() : a.code() < b.code();
            });
}

}  // namespace kubari::donors
