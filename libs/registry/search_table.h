// The table `search` of a schema (README.md), which PostgreSQL searches by an index although row-level security is in
// force.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "libs/pg/transaction.h"
#include "libs/registry/search.h"

namespace kubari::registry {

// Sets what finds this row, with the next statement or with COMMIT. `kind`: the collection in its name, "donors".
// `texts`: its names, their readings in kana, its code.
void PutSearchKey(pg::Transaction& tx, const std::string& kind, const std::string& id,
                  const std::vector<std::string>& texts);
// Of many rows at once: id and texts.
void PutSearchKeys(pg::Transaction& tx, const std::string& kind,
                   const std::vector<std::pair<std::string, std::vector<std::string>>>& rows);

// In a statement: a table of (id, fit) of what the query finds of these kinds ("'{donors}'" or a parameter); lower fits
// better. The other arguments are parameters for SplitQuery(query).words, .readings and .similar.
#define KUBARI_SEARCH_FOUND(kinds, words, readings, similar) \
  "search_found(" kinds "::text[], " words "::text[], " readings "::text[], " similar "::text)"

}  // namespace kubari::registry
