// Donors and their agreements.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/registry/agreement_table.h"
#include "libs/registry/agreements.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "libs/registry/organisations.h"
#include "services/donors/domain/shapes.h"
#include "services/donors/donor_store.h"
#include "services/donors/handler.h"
#include "services/donors/viewer.h"

namespace kubari::donors {
namespace {

// Namespace of donor ids that the service makes: derived from the request, so that a retry makes the same organisation.
constexpr char kDonorIds[] = "0c6c8a3e-2a4e-4b1c-8f0b-51a7a0c1d6f2";

v1::Donor On(v1::Donor donor, absl::CivilDay today) {
  donor.set_agreement_in_force(registry::InForceOn(donor.agreements(), today) != nullptr);
  return donor;
}

}  // namespace

absl::StatusOr<v1::Donor> DonorsHandler::CreateDonor(const rpc::Call& call, const v1::CreateDonorRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.donor_id().empty()) violations.Uuid("donor_id", request.donor_id());
  CheckDonor(violations, request.donor(), {"code", "display_name", "name_kana", "address", "contact_email", "kind"});
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::Donor>(pool_, call, request));
  if (first) return *first;

  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  const std::string donor_id =
      !request.donor_id().empty()
          ? request.donor_id()
          : ids::DeriveV5(kDonorIds, absl::StrCat(call.principal.network_id, "/", request.request_id()));
  // Asked before the organisation is made, so that a refused donor leaves none behind.
  RETURN_IF_ERROR(pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) {
    return CheckDonorIsNew(tx, donor_id, request.donor().code());
  }));
  RETURN_IF_ERROR(registry::EnsureOrganisations(*identity_, call, identity::v1::ORGANISATION_KIND_DONOR,
                                                {{.id = donor_id, .display_name = request.donor().display_name()}}));
  return registry::Mutate<v1::Donor>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Donor> {
    RETURN_IF_ERROR(InsertDonor(tx, donor_id, request.donor(), clock_.Now()));
    return LoadDonor(tx, donor_id, today);
  });
}

absl::StatusOr<v1::Donor> DonorsHandler::GetDonor(const rpc::Call& call, const v1::GetDonorRequest& request) {
  errors::Violations violations;
  violations.Name("donors", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  const std::string donor_id = *ids::IdFromName("donors", request.name());
  RETURN_IF_ERROR(CheckOwn(call, ids::Name("donors", donor_id)));
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  ASSIGN_OR_RETURN(v1::Donor donor, pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::Donor> {
    ASSIGN_OR_RETURN(v1::Donor found, LoadDonor(tx, donor_id, today));
    if (call.principal.is_service) RETURN_IF_ERROR(registry::LoadDuties(tx, *found.mutable_agreements()));
    return found;
  }));
  return On(std::move(donor), today);
}

absl::StatusOr<v1::ListDonorsResponse> DonorsHandler::ListDonors(const rpc::Call& call,
                                                                 const v1::ListDonorsRequest& request) {
  errors::Violations violations;
  violations.Text("query", request.query(), 0, registry::kMaxName);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"", paging::kFirstId}));
  DonorFilter filter{
      .query = request.query(), .after_name = page.key(0), .after_id = page.key(1), .limit = page.limit()};
  if (!call.scope.whole_network) filter.only = call.scope.organisation_ids;
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  if (request.has_agreement_in_force()) filter.in_force = request.agreement_in_force();
  filter.day = today;
  ASSIGN_OR_RETURN(std::vector<v1::Donor> donors, pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) {
    return donors::ListDonors(tx, filter);
  }));
  v1::ListDonorsResponse response;
  response.set_next_page_token(page.Cut(donors, [](const v1::Donor& last) {
    return std::vector{last.display_name(), *ids::IdFromName("donors", last.name())};
  }));
  for (v1::Donor& donor : donors) *response.add_donors() = On(std::move(donor), today);
  return response;
}

absl::StatusOr<v1::Donor> DonorsHandler::UpdateDonor(const rpc::Call& call, const v1::UpdateDonorRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("donors", "donor.name", request.donor().name());
  violations.Text("donor.etag", request.donor().etag(), 1, 40);
  CheckDonorMask(violations, request.update_mask());
  const std::vector<std::string> fields(request.update_mask().begin(), request.update_mask().end());
  CheckDonor(violations, request.donor(), fields);
  RETURN_IF_ERROR(violations.status());
  const std::string donor_id = *ids::IdFromName("donors", request.donor().name());
  RETURN_IF_ERROR(CheckOwn(call, ids::Name("donors", donor_id)));
  if (!call.scope.whole_network && std::find(fields.begin(), fields.end(), "kind") != fields.end()) {
    return errors::Make(absl::StatusCode::kPermissionDenied, "FIELD_NOT_YOURS",
                        "The kind of a donor is set by the network; ask a coordinator.",
                        "種別は事務局が決めます。コーディネーターにご相談ください。", {{"field", "kind"}});
  }
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return registry::Mutate<v1::Donor>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Donor> {
    ASSIGN_OR_RETURN(v1::Donor donor, LoadDonor(tx, donor_id, today, Lock::kUpdate));
    RETURN_IF_ERROR(registry::CheckEtag(donor.name(), request.donor().etag(), donor.etag()));
    for (const std::string& field : fields) {
      if (field == "display_name") donor.set_display_name(request.donor().display_name());
      if (field == "name_kana") donor.set_name_kana(request.donor().name_kana());
      if (field == "address") *donor.mutable_address() = request.donor().address();
      if (field == "kind") donor.set_kind(request.donor().kind());
      if (field == "contact_email") donor.set_contact_email(request.donor().contact_email());
    }
    RETURN_IF_ERROR(donors::UpdateDonor(tx, donor));
    ASSIGN_OR_RETURN(v1::Donor updated, LoadDonor(tx, donor_id, today));
    return On(std::move(updated), today);
  });
}

absl::StatusOr<v1::Donor> DonorsHandler::CreateAgreement(const rpc::Call& call,
                                                         const v1::CreateAgreementRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("donors", "donor", request.donor());
  registry::CheckAgreement(violations, "agreement", request.agreement(), /*for_goods=*/true);
  RETURN_IF_ERROR(violations.status());
  const std::string donor_id = *ids::IdFromName("donors", request.donor());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return registry::Mutate<v1::Donor>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Donor> {
    ASSIGN_OR_RETURN(const v1::Donor donor, LoadDonor(tx, donor_id, today, Lock::kUpdate));
    RETURN_IF_ERROR(registry::CheckOverlap(donor.agreements(), request.agreement()));
    type::v1::Agreement agreement = request.agreement();
    agreement.mutable_conditions();  // none said: no demands, nothing allowed
    registry::InsertAgreement(tx, ids::NewV7(clock_.Now()), donor_id, agreement);
    TouchDonor(tx, donor_id);
    ASSIGN_OR_RETURN(v1::Donor updated, LoadDonor(tx, donor_id, today));
    return On(std::move(updated), today);
  });
}

absl::StatusOr<v1::Donor> DonorsHandler::TerminateAgreement(const rpc::Call& call,
                                                            const v1::TerminateAgreementRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  registry::CheckChildName(violations, "donors", "agreements", "name", request.name());
  registry::CheckDay(violations, "end_date", request.end_date());
  RETURN_IF_ERROR(violations.status());
  const auto ids = *registry::ParseChildName("donors", "agreements", request.name());
  const std::string& donor_id = ids.first;
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return registry::Mutate<v1::Donor>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Donor> {
    ASSIGN_OR_RETURN(v1::Donor donor, LoadDonor(tx, donor_id, today, Lock::kUpdate));
    const auto agreement = std::find_if(donor.mutable_agreements()->begin(), donor.mutable_agreements()->end(),
                                        [&](const auto& each) { return each.name() == request.name(); });
    if (agreement == donor.mutable_agreements()->end()) return registry::AgreementNotFound(request.name());
    RETURN_IF_ERROR(registry::Terminate(*agreement, request.end_date(), today));
    registry::EndAgreement(tx, ids.second, request.end_date());
    TouchDonor(tx, donor_id);
    ASSIGN_OR_RETURN(v1::Donor updated, LoadDonor(tx, donor_id, today));
    return On(std::move(updated), today);
  });
}

}  // namespace kubari::donors
