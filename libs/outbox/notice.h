// Building a notice, and the rules that every notice keeps.
//
//   notifications::v1::Notice notice = outbox::Make(notifications::v1::NOTICE_KIND_LINES_OFFERED,
//       {.ja = "お届けできる食品があります", .en = "Food is waiting for you"},
//       {.ja = "10月3日までにお返事ください。", .en = "Please answer by 3 October."}, "/group", clock.Now());
//   notice.set_notice_id(outbox::IdOf({"lines offered", run_id, group_id}));  // told once for this run and group
//   outbox::ToHolders(notice, type::v1::ROLE_GROUP, group_id);
//   (*notice.mutable_facts())["run"] = run_name;
//   outbox::Write(tx, notice);
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "kubari/notifications/v1/notice.pb.h"
#include "libs/errors/errors.h"

namespace kubari::outbox {

using notifications::v1::Notice;
using notifications::v1::NoticeKind;

// The most that a notice may have.
inline constexpr int kMaxAudiences = 1'000;
inline constexpr int kMaxSubject = 200;    // characters
inline constexpr int kMaxText = 10'000;    // characters
inline constexpr int kMaxFacts = 50;

// The same text in both languages.
struct Words {
  std::string ja;
  std::string en;
};

// A notice with a random id; `link` is a route of the web app, or empty. Texts that are too long are cut, so that what happened is
// never held up by what is said of it.
Notice Make(NoticeKind kind, const Words& subject, const Words& text, std::string_view link, absl::Time occurred);

// The id of what may be told once only, from the parts that name it: what it is, and the ids of what it is about. The same
// parts give the same id everywhere.
std::string IdOf(std::initializer_list<std::string_view> parts);

// To whom; call them as often as needed. Ids are UUIDs. Without an organisation: whoever holds the role in the network.
void ToHolders(Notice& notice, type::v1::Role role, std::string_view organisation_id = "");
void ToPerson(Notice& notice, std::string_view person_id);
// Somebody without an account; `locale` is "ja" or "en".
void ToMailbox(Notice& notice, std::string_view email, std::string_view display_name, std::string_view locale = "ja");

// Adds what is wrong with the notice, with fields under `field` ("notices[3]").
void Check(errors::Violations& violations, const std::string& field, const Notice& notice);

// Whether this can be an e-mail address: something@host.name, at most 254 bytes, no blanks, brackets, quotes or control characters.
// (RFC 5321 allows more; nobody has such an address, and each is a way to smuggle something.)
bool IsMailAddress(std::string_view text);

}  // namespace kubari::outbox
