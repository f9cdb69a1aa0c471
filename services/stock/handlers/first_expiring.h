// 先入れ先出し（期限順）: what expires first goes first, as far as it may go to the group.
//
// A hand-over costs no extra read for it as long as nothing that expires earlier stands in the same warehouse: Prepare
// says what is to be looked for (ExpiringBefore), the ledger looks under its lock, and only if it finds something
// nobody judged yet (LOTS_CHANGED) that is read, judged by the wall, and submitted again (JudgeFirstExpiring).
#pragma once

#include <absl/status/statusor.h>

#include "services/stock/handlers/context.h"

namespace kubari::stock {

// What these goods must not pass by when they leave this shelf; nothing of it is judged yet.
FirstExpiring ExpiringBefore(const Lot& lot, const Place& shelf);

// After LOTS_CHANGED of a command with `first_expiring`: reads the lots of the same product in the same warehouse that
// expire earlier, judges each for the command's group and day, and says so in the command. Submit it again; that may
// give LOTS_CHANGED again, if more came in. Any other command is left as it is. Errors: GROUP_NOT_FOUND, and those of
// reading.
absl::Status JudgeFirstExpiring(const Context& context, const rpc::Call& call, Command& command);

}  // namespace kubari::stock
