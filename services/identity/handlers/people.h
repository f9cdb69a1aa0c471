// People and their roles.
#pragma once

#include "services/identity/handlers/tools.h"

namespace kubari::identity {

class PeopleHandler {
 public:
  explicit PeopleHandler(const Tools& tools) : tools_(tools) {}

  absl::StatusOr<pb::Person> CreatePerson(const rpc::Call& call, const pb::CreatePersonRequest& request);
  absl::StatusOr<pb::Person> GetPerson(const rpc::Call& call, const pb::GetPersonRequest& request);
  absl::StatusOr<pb::ListPeopleResponse> ListPeople(const rpc::Call& call, const pb::ListPeopleRequest& request);
  absl::StatusOr<pb::Person> UpdatePerson(const rpc::Call& call, const pb::UpdatePersonRequest& request);
  absl::StatusOr<pb::ListRecipientsResponse> ListRecipients(const rpc::Call& call,
                                                            const pb::ListRecipientsRequest& request);
  absl::StatusOr<pb::Person> GrantRole(const rpc::Call& call, const pb::GrantRoleRequest& request);
  absl::StatusOr<pb::Person> RevokeRole(const rpc::Call& call, const pb::RevokeRoleRequest& request);

 private:
  const Tools tools_;
};

}  // namespace kubari::identity
