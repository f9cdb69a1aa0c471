#include "services/support/acting.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace kubari::support {
namespace {

constexpr pg::Statement kActFor{"SELECT set_config('kubari.parties', $1, true)"};

}  // namespace

void ActFor(pg::Transaction& tx, const std::vector<std::string>& organisations) {
  tx.Defer(kActFor, absl::StrCat("{", absl::StrJoin(organisations, ","), "}"));
}

void ActForAll(pg::Transaction& tx) { tx.Defer(kActFor, "*"); }

}  // namespace kubari::support
