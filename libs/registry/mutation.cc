#include "libs/registry/mutation.h"

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"

namespace kubari::registry {

absl::StatusOr<absl::CivilDay> TodayOf(const rpc::Call& call, const calendar::Clock& clock) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(call.principal.time_zone));
  return calendar::Today(clock.Now(), zone);
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

std::string EtagOf(int64_t version) { return absl::StrCat(version); }

absl::Status CheckEtag(const std::string& what, const std::string& etag, const std::string& current_etag) {
  if (etag == current_etag) return absl::OkStatus();
  return errors::Make(
      absl::StatusCode::kAborted, "STALE_ETAG",
      absl::StrCat(what, " was changed since you read it. Read it again and repeat your change."),
      absl::StrCat(what, " は読み込んだ後に変更されています。読み込み直してから、もう一度変更してください。"),
      {{"name", what}, {"etag", etag}, {"current_etag", current_etag}});
}

}  // namespace kubari::registry
