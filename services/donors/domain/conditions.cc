#include "services/donors/domain/conditions.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/eligibility/eligibility.h"
#include "libs/errors/errors.h"

namespace kubari::donors {
namespace {

// Everything in `a` that is not in `b`.
std::vector<std::string> Missing(const google::protobuf::RepeatedPtrField<std::string>& a,
                                 const google::protobuf::RepeatedPtrField<std::string>& b) {
  std::vector<std::string> missing;
  for (const std::string& each : a) {
    if (std::find(b.begin(), b.end(), each) == b.end()) missing.push_back(each);
  }
  return missing;
}

class Weakenings {
 public:
  void Add(std::string field, std::string english, std::string japanese) {
    fields_.push_back(std::move(field));
    english_.push_back(std::move(english));
    japanese_.push_back(std::move(japanese));
  }
  void Permission(const char* field, bool agreement, bool offer, const char* english, const char* japanese) {
    if (offer && !agreement) {
      Add(field, absl::StrCat(field, ": ", english, ", which the agreement does not allow"),
          absl::StrCat(japanese, "が、合意書では認められていません"));
    }
  }
  absl::Status status() const {
    if (fields_.empty()) return absl::OkStatus();
    return errors::Make(
        absl::StatusCode::kFailedPrecondition, "CONDITIONS_WEAKENED",
        absl::StrCat("An offer may only tighten its agreement's conditions. ", absl::StrJoin(english_, "; "), "."),
        absl::StrCat("申出では合意書の条件を緩めることはできません。", absl::StrJoin(japanese_, "。"), "。"),
        {{"fields", absl::StrJoin(fields_, ",")}});
  }

 private:
  std::vector<std::string> fields_, english_, japanese_;
};

}  // namespace

absl::Status CheckTightened(const type::v1::Conditions& agreement, const type::v1::Conditions& offer) {
  Weakenings weak;
  if (offer.min_compliance_level() < agreement.min_compliance_level()) {
    weak.Add("min_compliance_level",
             absl::StrCat("min_compliance_level: at least ", eligibility::EnglishName(agreement.min_compliance_level()),
                          " is agreed"),
             absl::StrCat("法令遵守レベルは", eligibility::JapaneseName(agreement.min_compliance_level()),
                          "以上が必要です"));
  }
  weak.Permission("onward_transfer_allowed", agreement.onward_transfer_allowed(), offer.onward_transfer_allowed(),
                  "goods may be passed on", "二次配布を認めています");
  if (agreement.only_groups_size() > 0) {
    const std::vector<std::string> added = Missing(offer.only_groups(), agreement.only_groups());
    if (offer.only_groups_size() == 0 || !added.empty()) {
      weak.Add("only_groups",
               offer.only_groups_size() == 0
                   ? std::string("only_groups: the agreement names the groups; name some of them")
                   : absl::StrCat("only_groups: not among the agreement's groups: ", absl::StrJoin(added, ", ")),
               offer.only_groups_size() == 0
                   ? std::string("合意書が団体を指定しています。その中から選んでください")
                   : absl::StrCat("合意書にない団体があります: ", absl::StrJoin(added, ", ")));
    }
  }
  if (const auto missing = Missing(agreement.excluded_prefectures(), offer.excluded_prefectures()); !missing.empty()) {
    weak.Add("excluded_prefectures",
             absl::StrCat("excluded_prefectures: the agreement also excludes ", absl::StrJoin(missing, ", ")),
             absl::StrCat("合意書が除く都道府県が足りません: ", absl::StrJoin(missing, ", ")));
  }
  if (offer.min_remaining_days() < agreement.min_remaining_days()) {
    weak.Add("min_remaining_days",
             absl::StrCat("min_remaining_days: ", offer.min_remaining_days(), "; at least ",
                          agreement.min_remaining_days(), " are agreed"),
             absl::StrCat("残日数は", agreement.min_remaining_days(), "日以上が必要です（申出は",
                          offer.min_remaining_days(), "日）"));
  }
  weak.Permission("past_best_before_allowed", agreement.past_best_before_allowed(), offer.past_best_before_allowed(),
                  "goods may go past best-before", "賞味期限後の配布を認めています");
  weak.Permission("donor_may_be_named", agreement.donor_may_be_named(), offer.donor_may_be_named(),
                  "the donor may be named", "寄付者名の公表を認めています");
  weak.Permission("photos_allowed", agreement.photos_allowed(), offer.photos_allowed(), "pictures may be shown",
                  "写真の公開を認めています");
  return weak.status();
}

}  // namespace kubari::donors
