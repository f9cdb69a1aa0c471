#include "services/donors/profile_handler.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "services/donors/acting_store.h"
#include "services/donors/domain/shapes.h"
#include "services/donors/viewer.h"

namespace kubari::donors {

absl::StatusOr<v1::DonorProfile> ProfilesHandler::GetDonorProfile(const rpc::Call& call,
                                                                  const v1::GetDonorProfileRequest& request) {
  errors::Violations violations;
  violations.Name("donors", "donor", request.donor());
  RETURN_IF_ERROR(violations.status());
  const std::string donor_id = *ids::IdFromName("donors", request.donor());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::DonorProfile> {
    // Who acts for a maker sees whom to turn to there, but not who else acts for it.
    if (const absl::Status own = CheckOwn(call, request.donor()); !own.ok()) {
      for (const std::string& acting : call.scope.organisation_ids) {
        ASSIGN_OR_RETURN(const bool may_act, MayAct(tx, donor_id, acting, today));
        if (!may_act) continue;
        ASSIGN_OR_RETURN(v1::DonorProfile profile, LoadProfile(tx, donor_id, today));
        profile.clear_acts_for();
        auto& all = *profile.mutable_acting_for_it();
        all.erase(std::remove_if(all.begin(), all.end(),
                                 [&](const v1::Acting& each) {
                                   return each.acting_donor() != ids::Name("donors", acting);
                                 }),
                  all.end());
        return profile;
      }
      return own;
    }
    return LoadProfile(tx, donor_id, today);
  });
}

absl::StatusOr<v1::DonorProfile> ProfilesHandler::UpdateDonorProfile(const rpc::Call& call,
                                                                     const v1::UpdateDonorProfileRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("donors", "profile.donor", request.profile().donor());
  violations.Text("profile.etag", request.profile().etag(), 1, 40);
  CheckProfile(violations, request.profile());
  RETURN_IF_ERROR(violations.status());
  RETURN_IF_ERROR(CheckOwn(call, request.profile().donor()));
  const std::string donor_id = *ids::IdFromName("donors", request.profile().donor());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return registry::Mutate<v1::DonorProfile>(
      pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::DonorProfile> {
        ASSIGN_OR_RETURN(v1::DonorProfile profile, LoadProfile(tx, donor_id, today, Lock::kUpdate));
        RETURN_IF_ERROR(registry::CheckEtag(profile.donor(), request.profile().etag(), profile.etag()));
        *profile.mutable_branches() = request.profile().branches();
        for (v1::Branch& branch : *profile.mutable_branches()) {
          if (branch.id().empty()) branch.set_id(ids::NewV7(clock_.Now()));
        }
        *profile.mutable_contacts() = request.profile().contacts();
        SaveProfile(tx, donor_id, profile);
        return LoadProfile(tx, donor_id, today);
      });
}

absl::StatusOr<v1::DonorProfile> ProfilesHandler::AllowActing(const rpc::Call& call,
                                                              const v1::AllowActingRequest& request) {
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("donors", "donor", request.donor());
  violations.Name("donors", "acting_donor", request.acting_donor());
  violations.Require(request.donor() != request.acting_donor(), "acting_donor", "SAME_DONOR",
                     "A donor does not act for itself; name another.", "自社ではなく、代理をする会社を指定してください。");
  std::optional<absl::CivilDay> until;
  if (!request.until_date().empty()) {
    until = registry::CheckDay(violations, "until_date", request.until_date());
    violations.Require(
        !until || *until >= today, "until_date", "OUT_OF_RANGE",
        absl::StrCat("The last day ", request.until_date(), " is in the past; the earliest is today, ",
                     absl::FormatCivilTime(today), "."),
        absl::StrCat("終了日 ", request.until_date(), " は過去です。今日（", absl::FormatCivilTime(today),
                     "）以降にしてください。"));
  }
  RETURN_IF_ERROR(violations.status());
  RETURN_IF_ERROR(CheckOwn(call, request.donor()));
  const std::string donor_id = *ids::IdFromName("donors", request.donor());
  const std::string acting_id = *ids::IdFromName("donors", request.acting_donor());
  return registry::Mutate<v1::DonorProfile>(
      pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::DonorProfile> {
        RETURN_IF_ERROR(LoadProfile(tx, donor_id, today, Lock::kUpdate).status());
        RETURN_IF_ERROR(LoadProfile(tx, acting_id, today).status());
        Allow(tx, donor_id, acting_id, today, until);
        TouchDonor(tx, donor_id);
        return LoadProfile(tx, donor_id, today);
      });
}

absl::StatusOr<v1::DonorProfile> ProfilesHandler::EndActing(const rpc::Call& call,
                                                            const v1::EndActingRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("donors", "donor", request.donor());
  violations.Name("donors", "acting_donor", request.acting_donor());
  RETURN_IF_ERROR(violations.status());
  RETURN_IF_ERROR(CheckOwn(call, request.donor()));
  const std::string donor_id = *ids::IdFromName("donors", request.donor());
  const std::string acting_id = *ids::IdFromName("donors", request.acting_donor());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return registry::Mutate<v1::DonorProfile>(
      pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::DonorProfile> {
        RETURN_IF_ERROR(LoadProfile(tx, donor_id, today, Lock::kUpdate).status());
        ASSIGN_OR_RETURN(const bool ended, Disallow(tx, donor_id, acting_id, today));
        if (!ended) {
          return errors::Make(absl::StatusCode::kNotFound, "NO_CONSENT",
                              absl::StrCat(request.acting_donor(), " does not act for ", request.donor(), " today."),
                              absl::StrCat(request.acting_donor(), " は ", request.donor(), " の代理をしていません。"),
                              {{"donor", request.donor()}, {"acting_donor", request.acting_donor()}});
        }
        TouchDonor(tx, donor_id);
        return LoadProfile(tx, donor_id, today);
      });
}

absl::StatusOr<v1::ListWholesalersResponse> ProfilesHandler::ListWholesalers(const rpc::Call& call,
                                                                             const v1::ListWholesalersRequest& request) {
  errors::Violations violations;
  violations.Text("query", request.query(), 0, registry::kMaxName);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"", paging::kFirstId}));
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  const DonorFilter filter{.query = request.query(),
                           .kind = v1::DONOR_KIND_WHOLESALER,
                           .day = today,
                           .after_name = page.key(0),
                           .after_id = page.key(1),
                           .limit = page.limit()};
  ASSIGN_OR_RETURN(std::vector<v1::Donor> donors, pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) {
    return ListDonors(tx, filter);
  }));
  v1::ListWholesalersResponse response;
  response.set_next_page_token(page.Cut(donors, [](const v1::Donor& last) {
    return std::vector{last.display_name(), *ids::IdFromName("donors", last.name())};
  }));
  for (const v1::Donor& donor : donors) {
    v1::Wholesaler& told = *response.add_wholesalers();
    told.set_donor(donor.name());
    told.set_display_name(donor.display_name());
  }
  return response;
}

}  // namespace kubari::donors
