#include "libs/outbox/notice.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "libs/log/utf8.h"

namespace kubari::outbox {
namespace {

constexpr char kNamespace[] = "5f0c6a52-2b0e-5b5e-9d4e-7f4a1c1f6a10";

// The first `most` characters, without what is not text.
std::string Cut(std::string_view text, int most) {
  std::string kept;
  int characters = 0;
  for (size_t i = 0; i < text.size() && characters < most;) {
    const size_t length = Utf8SequenceLength(text.substr(i));
    const auto first = static_cast<unsigned char>(text[i]);
    const bool control = length == 1 && (first < 0x20 || first == 0x7F) && first != '\n' && first != '\t';
    const bool c1 = length == 2 && first == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (length > 0 && !control && !c1) {
      kept.append(text.substr(i, length));
      ++characters;
    }
    i += std::max<size_t>(length, 1);
  }
  return kept;
}

std::string OneLine(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  std::ranges::replace(text, '\t', ' ');
  return text;
}

bool IsRoute(std::string_view link) {
  return link.starts_with('/') && !link.starts_with("//") && link.size() <= 500 &&
         std::ranges::all_of(link, [](unsigned char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '<' && c != '>' && c != '\\'; });
}

}  // namespace

Notice Make(NoticeKind kind, const Words& subject, const Words& text, std::string_view link, absl::Time occurred) {
  Notice notice;
  notice.set_notice_id(ids::NewUuid());
  notice.set_kind(kind);
  notice.mutable_subject()->set_ja(OneLine(Cut(subject.ja, kMaxSubject)));
  notice.mutable_subject()->set_en(OneLine(Cut(subject.en, kMaxSubject)));
  notice.mutable_text()->set_ja(Cut(text.ja, kMaxText));
  notice.mutable_text()->set_en(Cut(text.en, kMaxText));
  notice.set_link(std::string(link));
  *notice.mutable_occurred_time() = google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(occurred));
  return notice;
}

std::string IdOf(std::initializer_list<std::string_view> parts) {
  std::string name;
  // Lengths keep ("ab", "c") apart from ("a", "bc").
  for (const std::string_view part : parts) absl::StrAppend(&name, part.size(), ":", std::string(part), ";");
  return ids::DeriveV5(kNamespace, name);
}

void ToHolders(Notice& notice, type::v1::Role role, std::string_view organisation_id) {
  auto& holders = *notice.add_audiences()->mutable_holders();
  holders.set_role(role);
  if (!organisation_id.empty()) holders.set_organisation(ids::Name("organisations", organisation_id));
}

void ToPerson(Notice& notice, std::string_view person_id) { notice.add_audiences()->set_person(ids::Name("people", person_id)); }

void ToMailbox(Notice& notice, std::string_view email, std::string_view display_name, std::string_view locale) {
  auto& mailbox = *notice.add_audiences()->mutable_mailbox();
  mailbox.set_email(std::string(email));
  mailbox.set_display_name(OneLine(Cut(display_name, 200)));
  mailbox.set_locale(locale == "en" ? "en" : "ja");
}

void Check(errors::Violations& violations, const std::string& field, const Notice& notice) {
  violations.Uuid(field + ".notice_id", notice.notice_id());
  violations.Enum(field + ".kind", notice.kind());
  violations.Text(field + ".subject.ja", notice.subject().ja(), 1, kMaxSubject);
  violations.Text(field + ".subject.en", notice.subject().en(), 1, kMaxSubject);
  violations.Text(field + ".text.ja", notice.text().ja(), 0, kMaxText);
  violations.Text(field + ".text.en", notice.text().en(), 0, kMaxText);
  for (const std::string* subject : {&notice.subject().ja(), &notice.subject().en()}) {
    violations.Require(subject->find('\n') == std::string::npos, field + ".subject", "NOT_ONE_LINE", "has a line break; one line was expected",
                       "に改行があります。1行にしてください");
  }
  violations.Require(notice.link().empty() || IsRoute(notice.link()), field + ".link", "NOT_A_ROUTE",
                     "is no route of the web app; \"/\" and up to 500 visible ASCII characters were expected",
                     "が画面の場所ではありません。「/」から始まる500文字までの英数字にしてください");
  violations.Range(field + ".audiences", notice.audiences_size(), 0, kMaxAudiences);
  violations.Range(field + ".facts", notice.facts_size(), 0, kMaxFacts);
  violations.Require(notice.has_occurred_time(), field + ".occurred_time", "REQUIRED", "is not set", "がありません");
  for (int i = 0; i < std::min(notice.audiences_size(), kMaxAudiences); ++i) {
    const std::string at = absl::StrCat(field, ".audiences[", i, "]");
    const auto& audience = notice.audiences(i);
    switch (audience.who_case()) {
      case notifications::v1::Audience::kHolders:
        violations.Enum(at + ".holders.role", audience.holders().role());
        if (!audience.holders().organisation().empty()) {
          violations.Name("organisations", at + ".holders.organisation", audience.holders().organisation());
        }
        break;
      case notifications::v1::Audience::kPerson:
        violations.Name("people", at + ".person", audience.person());
        break;
      case notifications::v1::Audience::kMailbox:
        violations.Require(IsMailAddress(audience.mailbox().email()), at + ".mailbox.email", "NOT_AN_EMAIL",
                           "is no e-mail address; name@example.org was expected", "がメールアドレスではありません。name@example.org の形にしてください");
        violations.Text(at + ".mailbox.display_name", audience.mailbox().display_name(), 0, 200);
        break;
      case notifications::v1::Audience::WHO_NOT_SET:
        violations.Add(at, "REQUIRED", "names nobody", "に宛先がありません");
        break;
    }
  }
}

bool IsMailAddress(std::string_view text) {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 254) return false;
  const std::string_view host = text.substr(at + 1);
  if (host.size() < 3 || host.find('.') == std::string_view::npos || host.front() == '.' || host.back() == '.' || host.front() == '-') return false;
  return std::ranges::all_of(text, [](unsigned char c) {
    return c > 0x20 && c < 0x7F && c != '<' && c != '>' && c != '(' && c != ')' && c != '[' && c != ']' && c != '"' && c != ',' && c != ';' &&
           c != ':' && c != '\\';
  }) && text.find('@') == at;
}

}  // namespace kubari::outbox
