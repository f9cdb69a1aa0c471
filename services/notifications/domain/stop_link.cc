#include "services/notifications/domain/stop_link.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "libs/ids/ids.h"

namespace kubari::notifications {
namespace {

constexpr char kPurpose[] = "stop-emails/1";

}  // namespace

std::string TextOf(const StopLink& link) {
  std::string text = absl::StrCat(kPurpose, " ", link.network_id, " ", link.person_id);
  for (const pb::NoticeKind kind : link.kinds) absl::StrAppend(&text, " ", static_cast<int>(kind));
  return text;
}

std::optional<StopLink> ReadStopLink(std::string_view text) {
  const std::vector<std::string> words = absl::StrSplit(absl::string_view(text.data(), text.size()), ' ');
  if (words.size() < 4 || words[0] != kPurpose || !ids::IsUuid(words[1]) || !ids::IsUuid(words[2])) return std::nullopt;
  StopLink link{.network_id = words[1], .person_id = words[2], .kinds = {}};
  for (size_t i = 3; i < words.size(); ++i) {
    int number = 0;
    if (!absl::SimpleAtoi(words[i], &number) || !pb::NoticeKind_IsValid(number)) return std::nullopt;
    link.kinds.push_back(static_cast<pb::NoticeKind>(number));
  }
  return link;
}

std::string StopUrl(const std::string& public_url, const std::string& token) {
  return absl::StrCat(public_url, "/stop-emails?t=", token);
}

}  // namespace kubari::notifications
