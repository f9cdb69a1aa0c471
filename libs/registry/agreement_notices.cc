#include "libs/registry/agreement_notices.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/outbox/notice.h"
#include "libs/outbox/outbox.h"
#include "libs/registry/fields.h"

namespace kubari::registry {
namespace {

namespace kinds = notifications::v1;

// The day is begun once.
constexpr pg::Statement kBegin{
    "INSERT INTO agreement_days (network_id, day) VALUES ($1, $2) ON CONFLICT (network_id) DO UPDATE "
    "SET day = excluded.day WHERE agreement_days.day < excluded.day"};
constexpr int kPage = 500;
// An end that nobody looked at for so long is no news any more.
constexpr int kCatchUpDays = 14;

struct Told {
  outbox::NoticeKind kind;
  outbox::Words subject, text;
  std::string id;
};

class Teller {
 public:
  Teller(pg::Transaction& tx, type::v1::Role role, std::string_view page, absl::Time now)
      : tx_(tx), role_(role), page_(page), now_(now) {}

  // To the office and to the party, each with its own page.
  void Tell(const type::v1::PartyAgreement& about, const Told& told) {
    const std::string party_id = about.party().substr(about.party().rfind('/') + 1);
    for (const bool office : {true, false}) {
      outbox::Notice notice = outbox::Make(told.kind, told.subject, told.text, office ? "/agreements" : page_, now_);
      notice.set_notice_id(outbox::IdOf({told.id, about.agreement().name(), office ? "office" : "party"}));
      (*notice.mutable_facts())["agreement"] = about.agreement().name();
      (*notice.mutable_facts())["last_date"] = about.last_date();
      if (office) {
        outbox::ToHolders(notice, type::v1::ROLE_COORDINATOR);
      } else {
        outbox::ToHolders(notice, role_, party_id);
      }
      outbox::Write(tx_, notice);
    }
  }

 private:
  pg::Transaction& tx_;
  const type::v1::Role role_;
  const std::string_view page_;
  const absl::Time now_;
};

std::string Ja(const type::v1::PartyAgreement& about) {
  return absl::StrCat(about.party_display_name(), "「", about.agreement().title(), "」");
}
std::string En(const type::v1::PartyAgreement& about) {
  return absl::StrCat(about.party_display_name(), ", ", about.agreement().title());
}

void TellEnding(Teller& teller, const type::v1::PartyAgreement& about, absl::CivilDay today) {
  const absl::CivilDay last = *ParseDay(about.last_date());
  int stage = kEndingStages[0];
  for (const int each : kEndingStages) {
    if (last - today <= each) stage = each;
  }
  const int64_t left = last - today;
  teller.Tell(about, {.kind = kinds::NOTICE_KIND_AGREEMENT_EXPIRING,
                      .subject = {.ja = left == 0 ? absl::StrCat("合意書は今日までです: ", Ja(about))
                                                  : absl::StrCat("合意書はあと ", left, " 日です: ", Ja(about)),
                                  .en = left == 0 ? absl::StrCat("An agreement ends today: ", En(about))
                                                  : absl::StrCat("An agreement ends in ", left, " days: ", En(about))},
                      .text = {.ja = absl::StrCat("最終日は ", about.last_date(),
                                                  " です。更新しないと、翌日から食品を動かせなくなります。"),
                               .en = absl::StrCat("Its last day is ", about.last_date(),
                                                  ". Unless it is renewed, no goods move from the day after.")},
                      .id = absl::StrCat("agreement ending ", about.last_date(), " ", stage)});
}

void TellEnded(Teller& teller, const type::v1::PartyAgreement& about) {
  teller.Tell(about, {.kind = kinds::NOTICE_KIND_AGREEMENT_ENDED,
                      .subject = {.ja = absl::StrCat("合意書が終了しました: ", Ja(about)),
                                  .en = absl::StrCat("An agreement has ended: ", En(about))},
                      .text = {.ja = absl::StrCat(about.last_date(),
                                                  " に終了しました。新しい合意書があるまで、食品を動かせません。"),
                               .en = absl::StrCat("It ended on ", about.last_date(),
                                                  ". Until there is a new one, no goods move.")},
                      .id = absl::StrCat("agreement ended ", about.last_date())});
}

void TellReport(Teller& teller, const type::v1::PartyAgreement& about) {
  teller.Tell(about, {.kind = kinds::NOTICE_KIND_REPORT_DUE,
                      .subject = {.ja = absl::StrCat("報告の期日 ", about.next_report_date(), ": ", Ja(about)),
                                  .en = absl::StrCat("A report is due on ", about.next_report_date(), ": ", En(about))},
                      .text = {.ja = absl::StrCat("合意書に、", about.agreement().duties().report_months(),
                                                  " か月ごとの報告の取り決めがあります。"),
                               .en = absl::StrCat("The agreement asks for a report every ",
                                                  about.agreement().duties().report_months(), " months.")},
                      .id = absl::StrCat("report due ", about.next_report_date())});
}

template <typename F>
absl::Status ForEach(pg::Transaction& tx, const Parties& parties, AgreementFilter filter, F&& f) {
  filter.limit = kPage;
  while (true) {
    ASSIGN_OR_RETURN(const auto page, ListAgreements(tx, parties, filter));
    for (const type::v1::PartyAgreement& each : page) f(each);
    if (page.size() < kPage) return absl::OkStatus();
    filter.after_last_day = page.back().last_date().empty() ? "infinity" : page.back().last_date();
    const std::string& name = page.back().agreement().name();
    filter.after_id = name.substr(name.rfind('/') + 1);
  }
}

}  // namespace

absl::Status TellAgreements(pg::Transaction& tx, const Parties& parties, type::v1::Role party_role,
                            std::string_view party_page, absl::CivilDay today, absl::Time now) {
  ASSIGN_OR_RETURN(const int64_t begun, tx.Execute(kBegin, tx.network_id(), today));
  if (begun == 0) return absl::OkStatus();
  Teller teller(tx, party_role, party_page, now);
  RETURN_IF_ERROR(ForEach(tx, parties,
                          {.today = today, .first_last_day = today, .last_last_day = today + kEndingStages[0]},
                          [&](const auto& each) { TellEnding(teller, each, today); }));
  RETURN_IF_ERROR(ForEach(tx, parties,
                          {.today = today, .first_last_day = today - kCatchUpDays, .last_last_day = today - 1},
                          [&](const auto& each) { TellEnded(teller, each); }));
  return ForEach(tx, parties, {.today = today, .first_last_day = today, .report_until = today + kReportDays},
                 [&](const auto& each) { TellReport(teller, each); });
}

}  // namespace kubari::registry
