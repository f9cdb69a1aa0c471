#include "libs/registry/search_table.h"

namespace kubari::registry {
namespace {

constexpr pg::Statement kPut{
    "INSERT INTO search (network_id, kind, id, key) SELECT $1::uuid, $2, * FROM unnest($3::uuid[], $4::text[]) "
    "ON CONFLICT (network_id, kind, id) DO UPDATE SET key = excluded.key WHERE search.key <> excluded.key"};

}  // namespace

void PutSearchKey(pg::Transaction& tx, const std::string& kind, const std::string& id,
                  const std::vector<std::string>& texts) {
  PutSearchKeys(tx, kind, {{id, texts}});
}

void PutSearchKeys(pg::Transaction& tx, const std::string& kind,
                   const std::vector<std::pair<std::string, std::vector<std::string>>>& rows) {
  std::vector<std::string> ids, keys;
  for (const auto& [id, texts] : rows) {
    ids.push_back(id);
    keys.push_back(FullSearchKey(texts));
  }
  tx.Defer(kPut, tx.network_id(), kind, ids, keys);
}

}  // namespace kubari::registry
