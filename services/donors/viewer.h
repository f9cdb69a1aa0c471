// Who asks, as the domain sees it.
#pragma once

#include "libs/auth/access.h"
#include "libs/errors/errors.h"
#include "libs/ids/ids.h"
#include "libs/rpc/call.h"
#include "services/donors/domain/offer.h"

namespace kubari::donors {

inline Viewer ViewerOf(const rpc::Call& call) {
  Viewer viewer;
  viewer.everything = call.principal.is_service;
  for (const auth::Role role : {type::v1::ROLE_WAREHOUSE_MANAGER, type::v1::ROLE_COORDINATOR, type::v1::ROLE_AUDITOR,
                                type::v1::ROLE_ADMINISTRATOR}) {
    viewer.everything = viewer.everything || call.principal.HasRole(role);
  }
  viewer.expected_goods = call.principal.HasRole(type::v1::ROLE_VOLUNTEER);
  viewer.own_donors = call.principal.OrganisationsWith(type::v1::ROLE_DONOR);
  return viewer;
}

// PERMISSION_DENIED / NOT_YOUR_ORGANISATION for a donor's user who asks for another donor's, or for an offer that is
// neither of the own donor nor made by it.
inline absl::Status CheckOwn(const rpc::Call& call, const std::string& donor) {
  const std::optional<std::string> donor_id = ids::IdFromName("donors", donor);
  if (call.scope.whole_network || (donor_id && call.scope.Includes(*donor_id))) return absl::OkStatus();
  return auth::NotYourOrganisation(donor);
}

// PERMISSION_DENIED / OWN_OFFER: who offers, or acts for the donor, does not decide about the offer, whatever else it is.
inline absl::Status CheckDecider(const rpc::Call& call, const v1::Offer& offer) {
  if (!IsOf(call.principal.OrganisationsWith(type::v1::ROLE_DONOR), offer)) return absl::OkStatus();
  return errors::Make(absl::StatusCode::kPermissionDenied, "OWN_OFFER",
                      "You act for the donor of this offer; another coordinator must accept or decline it.",
                      "あなたはこの申出の寄付企業の担当者です。受け入れ・辞退は別のコーディネーターが行ってください。",
                      {{"offer", offer.name()}, {"donor", offer.donor()}});
}

inline absl::Status CheckOwn(const rpc::Call& call, const v1::Offer& offer) {
  if (call.scope.whole_network || IsOf(call.scope.organisation_ids, offer)) return absl::OkStatus();
  return auth::NotYourOrganisation(offer.donor());
}

}  // namespace kubari::donors
