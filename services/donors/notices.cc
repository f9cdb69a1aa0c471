#include "services/donors/notices.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"
#include "libs/outbox/outbox.h"

namespace kubari::donors {
namespace {

using outbox::Notice;
namespace kinds = notifications::v1;

std::string IdOf(const std::string& name) { return name.substr(name.rfind('/') + 1); }
std::string OfficePage(const v1::Offer& offer) { return absl::StrCat("/offers/", IdOf(offer.name())); }
std::string DonorPage(const v1::Offer& offer) { return absl::StrCat("/donor/offers/", IdOf(offer.name())); }

void ToOffice(Notice& notice) { outbox::ToHolders(notice, type::v1::ROLE_COORDINATOR); }

template <typename Offered>
void ToGivers(Notice& notice, const Offered& offered) {
  outbox::ToHolders(notice, type::v1::ROLE_DONOR, IdOf(offered.donor()));
  if (!offered.acting_donor().empty()) outbox::ToHolders(notice, type::v1::ROLE_DONOR, IdOf(offered.acting_donor()));
}

Notice About(const v1::Offer& offer, outbox::NoticeKind kind, const outbox::Words& subject, const outbox::Words& text,
             std::string_view link, absl::Time now) {
  Notice notice = outbox::Make(kind, subject, text, link, now);
  (*notice.mutable_facts())["offer"] = offer.name();
  (*notice.mutable_facts())["donor"] = offer.donor();
  (*notice.mutable_facts())["code"] = offer.code();
  return notice;
}

// "米 5kg: 10 ケース", one line each.
outbox::Words Goods(const v1::Offer& offer, bool accepted) {
  outbox::Words words;
  for (const v1::OfferLine& line : offer.lines()) {
    const int64_t cases = accepted ? line.accepted_cases() : line.cases();
    absl::StrAppend(&words.ja, "・", line.product_display_name(), " ", cases, " ケース",
                    accepted && cases < line.cases() ? absl::StrCat("（申出は ", line.cases(), "）") : "", "\n");
    absl::StrAppend(&words.en, "- ", line.product_display_name(), ": ", cases, cases == 1 ? " case" : " cases",
                    accepted && cases < line.cases() ? absl::StrCat(" (of ", line.cases(), " offered)") : "", "\n");
  }
  return words;
}

// Of what was accepted but is not there in full, or there is more of: one line each.
outbox::Words Differences(const v1::Offer& offer) {
  outbox::Words words;
  for (const v1::OfferLine& line : offer.lines()) {
    const int64_t expected = line.accepted_cases() * line.items_per_case();
    if (line.received_items() == expected) continue;
    absl::StrAppend(&words.ja, "・", line.product_display_name(), " 予定 ", expected, " 点、入庫 ",
                    line.received_items(), " 点\n");
    absl::StrAppend(&words.en, "- ", line.product_display_name(), ": ", expected, " items expected, ",
                    line.received_items(), " received\n");
  }
  return words;
}

}  // namespace

void TellSubmitted(pg::Transaction& tx, const v1::Offer& offer, absl::Time now) {
  const outbox::Words goods = Goods(offer, /*accepted=*/false);
  Notice notice = About(
      offer, kinds::NOTICE_KIND_OFFER_SUBMITTED,
      {.ja = absl::StrCat("申出が届きました: ", offer.donor_display_name(), "「", offer.title(), "」"),
       .en = absl::StrCat("New offer: ", offer.donor_display_name(), ", ", offer.title())},
      {.ja = absl::StrCat(goods.ja, "引き渡しできる日: ", offer.ready_date()),
       .en = absl::StrCat(goods.en, "Ready from ", offer.ready_date())},
      OfficePage(offer), now);
  ToOffice(notice);
  outbox::Write(tx, notice);
}

void TellImported(pg::Transaction& tx, const v1::Donor& donor, int offers, absl::Time now) {
  Notice notice = outbox::Make(
      kinds::NOTICE_KIND_OFFER_SUBMITTED,
      {.ja = absl::StrCat("申出が届きました: ", donor.display_name(), " から ", offers, " 件"),
       .en = absl::StrCat("New offers: ", offers, " from ", donor.display_name())},
      {.ja = "ファイルで登録されました。", .en = "They came in a file."}, "/offers", now);
  (*notice.mutable_facts())["donor"] = donor.name();
  (*notice.mutable_facts())["offers"] = absl::StrCat(offers);
  ToOffice(notice);
  outbox::Write(tx, notice);
}

void TellAnswered(pg::Transaction& tx, const v1::Offer& offer, std::string_view text, absl::Time now) {
  Notice notice =
      About(offer, kinds::NOTICE_KIND_OFFER_QUESTION,
            {.ja = absl::StrCat("回答が届きました: ", offer.donor_display_name(), "「", offer.title(), "」"),
             .en = absl::StrCat("Answer: ", offer.donor_display_name(), ", ", offer.title())},
            {.ja = std::string(text), .en = std::string(text)}, OfficePage(offer), now);
  ToOffice(notice);
  outbox::Write(tx, notice);
}

void TellAsked(pg::Transaction& tx, const v1::Offer& offer, std::string_view text, absl::Time now) {
  Notice notice = About(offer, kinds::NOTICE_KIND_OFFER_QUESTION,
                        {.ja = absl::StrCat("申出について質問があります:「", offer.title(), "」"),
                         .en = absl::StrCat("A question about your offer: ", offer.title())},
                        {.ja = std::string(text), .en = std::string(text)}, DonorPage(offer), now);
  ToGivers(notice, offer);
  outbox::Write(tx, notice);
}

void TellAccepted(pg::Transaction& tx, const v1::Offer& offer, absl::Time now) {
  const outbox::Words goods = Goods(offer, /*accepted=*/true);
  Notice notice = About(offer, kinds::NOTICE_KIND_OFFER_DECIDED,
                        {.ja = absl::StrCat("申出を受け入れました:「", offer.title(), "」"),
                         .en = absl::StrCat("Your offer was accepted: ", offer.title())},
                        {.ja = absl::StrCat(goods.ja, offer.accept_note()), .en = absl::StrCat(goods.en, offer.accept_note())},
                        DonorPage(offer), now);
  (*notice.mutable_facts())["decision"] = "accepted";
  ToGivers(notice, offer);
  outbox::Write(tx, notice);
}

void TellDeclined(pg::Transaction& tx, const v1::Offer& offer, absl::Time now) {
  Notice notice = About(offer, kinds::NOTICE_KIND_OFFER_DECIDED,
                        {.ja = absl::StrCat("申出を辞退しました:「", offer.title(), "」"),
                         .en = absl::StrCat("Your offer was declined: ", offer.title())},
                        {.ja = absl::StrCat("理由: ", offer.decline_reason()),
                         .en = absl::StrCat("Reason: ", offer.decline_reason())},
                        DonorPage(offer), now);
  (*notice.mutable_facts())["decision"] = "declined";
  ToGivers(notice, offer);
  outbox::Write(tx, notice);
}

void TellReceived(pg::Transaction& tx, const v1::Offer& offer, absl::Time now) {
  const outbox::Words differences = Differences(offer);
  const bool closed = offer.state() == v1::OFFER_STATE_CLOSED;
  const bool differs = !differences.ja.empty();
  const std::string note = offer.close_note().empty() ? "" : absl::StrCat("\n", offer.close_note());
  Notice notice = About(
      offer, kinds::NOTICE_KIND_OFFER_RECEIVED,
      {.ja = absl::StrCat(differs ? "数量に違いがあります:「" : "すべて入庫しました:「", offer.title(), "」"),
       .en = absl::StrCat(differs ? "What arrived differs: " : "Everything has arrived: ", offer.title())},
      {.ja = absl::StrCat(differs ? differences.ja : "申出の食品がすべて届きました。ありがとうございました。", note),
       .en = absl::StrCat(differs ? differences.en : "All the food of your offer has arrived. Thank you.", note)},
      DonorPage(offer), now);
  (*notice.mutable_facts())["differs"] = differs ? "true" : "false";
  notice.set_notice_id(outbox::IdOf({"offer received", offer.name(), closed ? "closed" : "complete"}));
  ToGivers(notice, offer);
  outbox::Write(tx, notice);
}

void TellStandingMade(pg::Transaction& tx, const v1::StandingOffer& standing, const v1::Offer& offer, absl::Time now) {
  const bool draft = offer.state() == v1::OFFER_STATE_DRAFT;
  Notice notice = About(
      offer, kinds::NOTICE_KIND_STANDING_OFFER_MADE,
      {.ja = absl::StrCat("定期の申出を", draft ? "下書きしました:「" : "提出しました:「", offer.title(), "」（",
                          offer.ready_date(), "）"),
       .en = absl::StrCat("Your standing offer was ", draft ? "drafted: " : "submitted: ", offer.title(), " (",
                          offer.ready_date(), ")")},
      {.ja = draft ? "内容を確かめて提出してください。" : "変更があれば、申出を取り下げるかご連絡ください。",
       .en = draft ? "Please check and submit it." : "If anything changed, withdraw the offer or tell the network."},
      DonorPage(offer), now);
  notice.set_notice_id(outbox::IdOf({"standing offer made", standing.name(), offer.ready_date()}));
  (*notice.mutable_facts())["standing_offer"] = standing.name();
  ToGivers(notice, offer);
  outbox::Write(tx, notice);
}

void TellStandingHalted(pg::Transaction& tx, const v1::StandingOffer& standing, absl::CivilDay ready,
                        const absl::Status& reason, absl::Time now) {
  const std::string day = absl::FormatCivilTime(ready);
  Notice notice = outbox::Make(
      kinds::NOTICE_KIND_STANDING_OFFER_HALTED,
      {.ja = absl::StrCat("定期の申出を提出できませんでした:「", standing.title(), "」（", day, "）"),
       .en = absl::StrCat("A standing offer could not be submitted: ", standing.title(), " (", day, ")")},
      {.ja = errors::MessageIn("ja", reason), .en = errors::MessageIn("en", reason)},
      absl::StrCat("/donor/standing/", IdOf(standing.name())), now);
  notice.set_notice_id(outbox::IdOf({"standing offer halted", standing.name(), day}));
  (*notice.mutable_facts())["standing_offer"] = standing.name();
  (*notice.mutable_facts())["reason"] = errors::ReasonOf(reason);
  ToGivers(notice, standing);
  ToOffice(notice);
  outbox::Write(tx, notice);
}

void TellBroadcast(pg::Transaction& tx, const v1::Broadcast& broadcast, const std::vector<std::string>& group_ids,
                   absl::Time now) {
  const std::string id = IdOf(broadcast.name());
  for (size_t begin = 0; begin < group_ids.size(); begin += outbox::kMaxAudiences) {
    Notice notice = outbox::Make(
        kinds::NOTICE_KIND_BROADCAST,
        {.ja = absl::StrCat("これ、使えますか: ", broadcast.product_display_name()),
         .en = absl::StrCat("Can you use this? ", broadcast.product_display_name())},
        {.ja = absl::StrCat(broadcast.cases(), " ケース（1 ケース ", broadcast.items_per_case(), " 点）あります。",
                            broadcast.text().empty() ? "" : "\n", broadcast.text(), "\n下のページからお答えください。"),
         .en = absl::StrCat("There are ", broadcast.cases(), " cases of ", broadcast.items_per_case(), " items.",
                            broadcast.text().empty() ? "" : "\n", broadcast.text(), "\nPlease answer on the page below.")},
        absl::StrCat("/group/questions/", id), now);
    notice.set_notice_id(outbox::IdOf({"broadcast", broadcast.name(), absl::StrCat(begin)}));
    (*notice.mutable_facts())["broadcast"] = broadcast.name();
    for (size_t i = begin; i < std::min(group_ids.size(), begin + outbox::kMaxAudiences); ++i)
      outbox::ToHolders(notice, type::v1::ROLE_GROUP, group_ids[i]);
    outbox::Write(tx, notice);
  }
}

namespace {

void TellOffice(pg::Transaction& tx, const v1::Broadcast& broadcast, const outbox::Words& subject, std::string id,
                absl::Time now) {
  Notice notice = outbox::Make(
      kinds::NOTICE_KIND_BROADCAST_ANSWERED, subject,
      {.ja = absl::StrCat("使える ", broadcast.yes_count(), " 団体（計 ", broadcast.yes_cases(), " ケース）、使えない ",
                          broadcast.no_count(), "、あとで ", broadcast.later_count(), "、たずねた団体 ",
                          broadcast.asked_count()),
       .en = absl::StrCat(broadcast.yes_count(), " can use it (", broadcast.yes_cases(), " cases in all), ",
                          broadcast.no_count(), " cannot, ", broadcast.later_count(), " later; ",
                          broadcast.asked_count(), " were asked.")},
      absl::StrCat("/broadcasts/", IdOf(broadcast.name())), now);
  notice.set_notice_id(std::move(id));
  (*notice.mutable_facts())["broadcast"] = broadcast.name();
  (*notice.mutable_facts())["yes_cases"] = absl::StrCat(broadcast.yes_cases());
  ToOffice(notice);
  outbox::Write(tx, notice);
}

}  // namespace

void TellBroadcastAnswered(pg::Transaction& tx, const v1::Broadcast& broadcast, absl::CivilDay today, absl::Time now) {
  TellOffice(tx, broadcast,
             {.ja = absl::StrCat("回答が届いています: ", broadcast.product_display_name()),
              .en = absl::StrCat("Groups have answered: ", broadcast.product_display_name())},
             outbox::IdOf({"broadcast answered", broadcast.name(), absl::FormatCivilTime(today)}), now);
}

void TellBroadcastOver(pg::Transaction& tx, const v1::Broadcast& broadcast, absl::Time now) {
  TellOffice(tx, broadcast,
             {.ja = absl::StrCat("回答を締め切りました: ", broadcast.product_display_name()),
              .en = absl::StrCat("The answers are in: ", broadcast.product_display_name())},
             outbox::IdOf({"broadcast over", broadcast.name()}), now);
}

}  // namespace kubari::donors
