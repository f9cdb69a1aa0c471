// The encrypted texts of one request or application, and their keys.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/pg/transaction.h"
#include "services/support/sealing.h"

namespace kubari::support {

// Each part has a key of its own, so that it can be erased alone.
enum class BoxPart { kContact = 1, kRest = 2 };

class Boxes {
 public:
  // Of an owner that has none yet; `network_key` must outlive it.
  Boxes(const Key& network_key, std::string owner_id) : network_key_(network_key), owner_id_(std::move(owner_id)) {}
  // Reads the keys that are there. DATA_LOSS / DETAILS_DAMAGED if one does not open; `resource` is the owner's name.
  static absl::StatusOr<Boxes> Load(pg::Transaction& tx, const Key& network_key, const std::string& owner_id,
                                    const std::string& resource);

  // Written with the next statement or COMMIT; replaces what was there. Makes the part's key if there is none.
  void Put(pg::Transaction& tx, BoxPart part, const std::string& field, const std::string& text);

  // All texts that are there, by field. DATA_LOSS / DETAILS_DAMAGED (metadata "field") if one was changed.
  absl::StatusOr<std::map<std::string, std::string>> OpenAll(pg::Transaction& tx, const std::string& resource) const;

 private:
  const Key& network_key_;
  const std::string owner_id_;
  std::map<BoxPart, Key> keys_;
};

// The keys go with the texts.
void EraseContact(pg::Transaction& tx, const std::string& owner_id);
void EraseAll(pg::Transaction& tx, const std::string& owner_id);

}  // namespace kubari::support
