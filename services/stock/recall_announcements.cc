#include "services/stock/recall_announcements.h"

#include <absl/strings/str_cat.h>

#include <map>
#include <set>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/outbox/outbox.h"

namespace kubari::stock::recalls {
namespace {

constexpr pg::Statement kTexts{
    "SELECT recall_id, title, message, drill FROM recalls WHERE network_id = $1 AND recall_id = ANY($2::uuid[])"};
constexpr pg::Statement kOperators{
    "SELECT warehouse_id, organisation_id FROM warehouses WHERE network_id = $1 AND warehouse_id = ANY($2::uuid[])"};
constexpr pg::Statement kDonors{
    "SELECT DISTINCT l.donor_id FROM recall_lots r JOIN lots l ON l.network_id = r.network_id AND l.lot_id = r.lot_id "
    "WHERE r.network_id = $1 AND r.recall_id = $2 AND l.donor_id IS NOT NULL"};

struct Text {
  std::string title, message;
  bool drill = false;
};

outbox::Notice Make(const Text& text, const outbox::Words& what, const std::string& link, absl::Time now) {
  const outbox::Words drill = text.drill ? outbox::Words{.ja = "【訓練】", .en = "[Drill] "} : outbox::Words{};
  return outbox::Make(notifications::v1::NOTICE_KIND_RECALL,
                      {.ja = absl::StrCat(drill.ja, "回収: ", text.title), .en = absl::StrCat(drill.en, "Recall: ", text.title)},
                      {.ja = absl::StrCat(text.drill ? "これは訓練です。\n" : "", what.ja, "\n\n", text.message),
                       .en = absl::StrCat(text.drill ? "This is an exercise.\n" : "", what.en, "\n\n", text.message)},
                      link, now);
}

}  // namespace

absl::Status AnnounceToHolders(pg::Transaction& tx, const std::vector<ToAnnounce>& holders, absl::Time now) {
  if (holders.empty()) return absl::OkStatus();
  std::set<std::string> recall_ids, warehouses;
  for (const ToAnnounce& holder : holders) {
    recall_ids.insert(holder.recall_id);
    if (holder.holder_kind == HolderKind::kWarehouse) warehouses.insert(holder.holder_id);
  }
  ASSIGN_OR_RETURN(const std::vector<pg::Result> read,
                   tx.Pipeline(pg::Batch()
                                   .Add(kTexts, tx.network_id(), std::vector<std::string>(recall_ids.begin(), recall_ids.end()))
                                   .Add(kOperators, tx.network_id(), std::vector<std::string>(warehouses.begin(), warehouses.end()))));
  std::map<std::string, Text> texts;
  for (const pg::Row row : read[0]) {
    texts[row.Get<std::string>("recall_id")] = {
        .title = row.Get<std::string>("title"), .message = row.Get<std::string>("message"), .drill = row.Get<bool>("drill")};
  }
  std::map<std::string, std::string> operators;
  for (const pg::Row row : read[1]) operators[row.Get<std::string>("warehouse_id")] = row.Get<std::string>("organisation_id");

  for (const ToAnnounce& holder : holders) {
    const bool group = holder.holder_kind == HolderKind::kGroup;
    const outbox::Words what =
        holder.reminders > 0
            ? outbox::Words{.ja = "お手元の食品の回収について、まだ確認のお返事がありません。配ったり食べたりせず、画面でお知らせください。",
                            .en = "You have not acknowledged this recall of goods that you hold. Do not hand them out or eat them, and answer in the app."}
            : outbox::Words{.ja = "お手元にある食品が回収の対象です。配ったり食べたりせず、画面で確認のお返事をしてください。",
                            .en = "Goods that you hold are recalled. Do not hand them out or eat them, and answer in the app."};
    outbox::Notice notice = Make(texts[holder.recall_id], what, group ? "/" : absl::StrCat("/recalls/", holder.recall_id), now);
    notice.set_notice_id(outbox::IdOf({"recall", holder.notice_id, absl::StrCat(holder.reminders)}));
    if (group) {
      outbox::ToHolders(notice, kubari::type::v1::ROLE_GROUP, holder.holder_id);
    } else if (operators.contains(holder.holder_id)) {
      outbox::ToHolders(notice, kubari::type::v1::ROLE_WAREHOUSE_MANAGER, operators[holder.holder_id]);
    }
    (*notice.mutable_facts())["recall"] = ids::Name("recalls", holder.recall_id);
    (*notice.mutable_facts())["holder"] = ids::Name(group ? "groups" : "warehouses", holder.holder_id);
    if (texts[holder.recall_id].drill) (*notice.mutable_facts())["drill"] = "true";
    outbox::Write(tx, notice);
  }
  return absl::OkStatus();
}

absl::Status AnnounceOpening(pg::Transaction& tx, const Recall& recall) {
  const Text text{.title = recall.title, .message = recall.message, .drill = recall.drill};
  outbox::Notice office = Make(text, {.ja = "回収を始めました。", .en = "A recall was opened."}, absl::StrCat("/recalls/", recall.id), recall.open_time);
  office.set_notice_id(outbox::IdOf({"recall opened", recall.id}));
  outbox::ToHolders(office, kubari::type::v1::ROLE_COORDINATOR);
  (*office.mutable_facts())["recall"] = ids::Name("recalls", recall.id);
  outbox::Write(tx, office);
  if (recall.drill) return absl::OkStatus();

  ASSIGN_OR_RETURN(const pg::Result donors, tx.Query(kDonors, tx.network_id(), recall.id));
  for (const pg::Row row : donors) {
    const auto donor_id = row.Get<std::string>("donor_id");
    outbox::Notice notice = Make(text, {.ja = "ご寄付いただいた食品の回収を始めました。", .en = "Goods that you gave are being recalled."}, "/donor/offers",
                                 recall.open_time);
    notice.set_notice_id(outbox::IdOf({"recall opened", recall.id, donor_id}));
    outbox::ToHolders(notice, kubari::type::v1::ROLE_DONOR, donor_id);
    (*notice.mutable_facts())["recall"] = ids::Name("recalls", recall.id);
    outbox::Write(tx, notice);
  }
  return absl::OkStatus();
}

}  // namespace kubari::stock::recalls
