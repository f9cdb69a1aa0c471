// The table `search` of a registry's schema (README.md), which PostgreSQL searches by an index although row-level security is in force.
#pragma once

#include <string>
#include <vector>

#include "libs/pg/transaction.h"
#include "libs/registry/search.h"

namespace kubari::registry {

// Sets what finds this row, with the next statement or with COMMIT. `texts`: its names, their readings in kana, its code.
void PutSearchKey(pg::Transaction& tx, const std::string& id, const std::vector<std::string>& texts);

// In a statement: a table of (id, fit) of what the query finds; lower fits better. The three arguments are parameters for
// SplitQuery(query).words, .readings and .similar.
#define KUBARI_SEARCH_FOUND(words, readings, similar) "search_found(" words "::text[], " readings "::text[], " similar "::text)"

}  // namespace kubari::registry
