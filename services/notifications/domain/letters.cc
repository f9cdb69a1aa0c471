#include "services/notifications/domain/letters.h"

#include <absl/strings/str_cat.h>

namespace kubari::notifications {
namespace {

bool Japanese(const Setting& setting) { return setting.locale != "en"; }

const std::string& In(const Setting& setting, const pb::NoticeText& text) { return Japanese(setting) ? text.ja() : text.en(); }

std::string Foot(const Setting& setting, bool fixed) {
  if (!setting.has_account) {
    return Japanese(setting) ? absl::StrCat("\n-- \n", setting.network, "\nこのメールは自動で送られています。\n")
                             : absl::StrCat("\n-- \n", setting.network, "\nThis e-mail was sent automatically.\n");
  }
  if (fixed) {
    return Japanese(setting) ? absl::StrCat("\n-- \n", setting.network, "\n大切なお知らせのため、必ずお送りしています。\n")
                             : absl::StrCat("\n-- \n", setting.network, "\nThis kind of notice is important and is always sent.\n");
  }
  return Japanese(setting) ? absl::StrCat("\n-- \n", setting.network, "\nお知らせの受け取り方を変える: ", SettingsUrl(setting), "\n")
                           : absl::StrCat("\n-- \n", setting.network, "\nChange which e-mail you get: ", SettingsUrl(setting), "\n");
}

std::string Subject(const Setting& setting, const std::string& text) {
  return setting.network.empty() ? text : Japanese(setting) ? absl::StrCat("【", setting.network, "】", text) : absl::StrCat("[", setting.network, "] ", text);
}

}  // namespace

Letter LetterOf(const Told& notice, const Setting& setting) {
  std::string text = In(setting, notice.text);
  // A notice that is all said in its subject.
  if (text.empty()) text = In(setting, notice.subject);
  absl::StrAppend(&text, "\n");
  if (const std::string url = UrlOf(setting, notice.link); !url.empty()) {
    absl::StrAppend(&text, "\n", Japanese(setting) ? "くわしく見る: " : "See it here: ", url, "\n");
  }
  return {.subject = Subject(setting, In(setting, notice.subject)), .text = text + Foot(setting, RuleOf(notice.kind).fixed)};
}

Letter DigestOf(const std::vector<Told>& notices, const Setting& setting) {
  std::string text = Japanese(setting) ? absl::StrCat("お知らせが", notices.size(), "件あります。\n")
                                       : absl::StrCat(notices.size(), notices.size() == 1 ? " notice for you.\n" : " notices for you.\n");
  int number = 0;
  for (const Told& notice : notices) {
    absl::StrAppend(&text, "\n", ++number, ". ", In(setting, notice.subject), "\n");
    if (!In(setting, notice.text).empty()) absl::StrAppend(&text, In(setting, notice.text), "\n");
    if (const std::string url = UrlOf(setting, notice.link); !url.empty()) absl::StrAppend(&text, url, "\n");
  }
  const std::string first = In(setting, notices.front().subject);
  const size_t more = notices.size() - 1;
  const std::string subject = more == 0               ? first
                              : Japanese(setting) ? absl::StrCat("お知らせ", notices.size(), "件：", first, " ほか")
                                                  : absl::StrCat(notices.size(), " notices: ", first, " and more");
  return {.subject = Subject(setting, subject), .text = text + Foot(setting, false)};
}

std::string SettingsUrl(const Setting& setting) { return UrlOf(setting, "/notices/settings"); }

std::string UrlOf(const Setting& setting, const std::string& link) {
  return link.empty() ? "" : absl::StrCat(setting.public_url, "/#", link);
}

}  // namespace kubari::notifications
