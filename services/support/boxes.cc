#include "services/support/boxes.h"

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"

namespace kubari::support {
namespace {

constexpr pg::Statement kLoadKeys{"SELECT part, sealed_key FROM data_keys WHERE network_id = $1 AND owner_id = $2"};
constexpr pg::Statement kInsertKey{
    "INSERT INTO data_keys (network_id, owner_id, part, sealed_key) VALUES ($1, $2, $3, $4)"};
constexpr pg::Statement kPut{
    "INSERT INTO boxes (network_id, owner_id, field, part, box) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (network_id, owner_id, field) DO UPDATE SET box = excluded.box"};
constexpr pg::Statement kLoad{"SELECT field, part, box FROM boxes WHERE network_id = $1 AND owner_id = $2"};
constexpr pg::Statement kEraseBoxes{"DELETE FROM boxes WHERE network_id = $1 AND owner_id = $2 AND part <= $3"};
constexpr pg::Statement kEraseKeys{"DELETE FROM data_keys WHERE network_id = $1 AND owner_id = $2 AND part <= $3"};

std::string KeyField(BoxPart part) { return absl::StrCat("key/", static_cast<int>(part)); }

absl::Status Damaged(const std::string& resource, const std::string& field) {
  return errors::Make(
      absl::StatusCode::kDataLoss, "DETAILS_DAMAGED",
      absl::StrCat("What is stored of ", resource, " (", field,
                   ") was changed outside of this service or is damaged, so it is not shown. Tell an administrator."),
      absl::StrCat(resource, " の保存内容（", field,
                   "）が外部で変更されたか破損しているため、表示できません。管理者に連絡してください。"),
      {{"resource", resource}, {"field", field}});
}

}  // namespace

absl::StatusOr<Boxes> Boxes::Load(pg::Transaction& tx, const Key& network_key, const std::string& owner_id,
                                  const std::string& resource) {
  Boxes boxes(network_key, owner_id);
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoadKeys, tx.network_id(), owner_id));
  for (const pg::Row row : rows) {
    const BoxPart part = static_cast<BoxPart>(row.Get<int>("part"));
    const absl::StatusOr<std::string> key =
        Open(network_key, ContextOf(tx.network_id(), owner_id, KeyField(part)), row.Get<pg::Bytes>("sealed_key").value);
    if (!key.ok() || key->size() != 32) return Damaged(resource, KeyField(part));
    boxes.keys_.emplace(part, Key::Of(*key));
  }
  return boxes;
}

void Boxes::Put(pg::Transaction& tx, BoxPart part, const std::string& field, const std::string& text) {
  auto key = keys_.find(part);
  if (key == keys_.end()) {
    key = keys_.emplace(part, Key::Random()).first;
    tx.Defer(kInsertKey, tx.network_id(), owner_id_, static_cast<int>(part),
             pg::Bytes{Seal(network_key_, ContextOf(tx.network_id(), owner_id_, KeyField(part)), key->second.bytes())});
  }
  tx.Defer(kPut, tx.network_id(), owner_id_, field, static_cast<int>(part),
           pg::Bytes{Seal(key->second, ContextOf(tx.network_id(), owner_id_, field), text)});
}

absl::StatusOr<std::map<std::string, std::string>> Boxes::OpenAll(pg::Transaction& tx,
                                                                  const std::string& resource) const {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoad, tx.network_id(), owner_id_));
  std::map<std::string, std::string> texts;
  for (const pg::Row row : rows) {
    const std::string field = row.Get<std::string>("field");
    const auto key = keys_.find(static_cast<BoxPart>(row.Get<int>("part")));
    if (key == keys_.end()) return Damaged(resource, field);
    absl::StatusOr<std::string> text =
        Open(key->second, ContextOf(tx.network_id(), owner_id_, field), row.Get<pg::Bytes>("box").value);
    if (!text.ok()) return Damaged(resource, field);
    texts[field] = *std::move(text);
  }
  return texts;
}

void EraseContact(pg::Transaction& tx, const std::string& owner_id) {
  tx.Defer(kEraseBoxes, tx.network_id(), owner_id, static_cast<int>(BoxPart::kContact));
  tx.Defer(kEraseKeys, tx.network_id(), owner_id, static_cast<int>(BoxPart::kContact));
}

void EraseAll(pg::Transaction& tx, const std::string& owner_id) {
  tx.Defer(kEraseBoxes, tx.network_id(), owner_id, static_cast<int>(BoxPart::kRest));
  tx.Defer(kEraseKeys, tx.network_id(), owner_id, static_cast<int>(BoxPart::kRest));
}

}  // namespace kubari::support
