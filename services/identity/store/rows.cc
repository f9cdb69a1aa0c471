#include "services/identity/store/rows.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/util/time_util.h>

#include "libs/errors/errors.h"
#include "libs/ids/ids.h"

namespace kubari::identity {

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

pb::Grant GrantOf(const pg::Row& row) {
  pb::Grant grant;
  grant.set_organisation(ids::Name("organisations", row.Get<std::string>("organisation_id")));
  grant.set_role(static_cast<type::v1::Role>(row.Get<int>("role")));
  return grant;
}

absl::Status NotFound(std::string_view reason, std::string_view name) {
  const std::string resource(name);
  return errors::Make(absl::StatusCode::kNotFound, reason,
                      absl::StrCat("There is no ", resource, " in this network. Look for it in the list."),
                      absl::StrCat("このネットワークに ", resource, " はありません。一覧でご確認ください。"),
                      {{"resource", resource}});
}

}  // namespace kubari::identity
