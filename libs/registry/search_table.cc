#include "libs/registry/search_table.h"

namespace kubari::registry {
namespace {

constexpr pg::Statement kPut{
    "INSERT INTO search (network_id, id, key) VALUES ($1, $2, $3) "
    "ON CONFLICT (network_id, id) DO UPDATE SET key = excluded.key WHERE search.key <> excluded.key"};

}  // namespace

void PutSearchKey(pg::Transaction& tx, const std::string& id, const std::vector<std::string>& texts) {
  tx.Defer(kPut, tx.network_id(), id, FullSearchKey(texts));
}

}  // namespace kubari::registry
