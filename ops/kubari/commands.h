// The subcommands of `kubari`, except `demo`. Each returns the process's exit code: 0 done, 1 refused or failed, 2 wrong usage.
#pragma once

#include <string>
#include <vector>

#include "ops/kubari/client.h"

namespace kubari::cli {

// "Error: …" on stderr, with reason, all violations and facts, in the language of the terminal (LANG=ja… : Japanese). Returns 1.
int PrintError(const absl::Status& status);

// kubari call METHOD [JSON | @FILE | -]
int Call(const Client& client, const std::vector<std::string>& arguments);
// kubari methods [PART]
int Methods(const std::vector<std::string>& arguments);
// kubari describe METHOD
int Describe(const std::vector<std::string>& arguments);
// kubari import KIND FILE [--dry-run] [--skip-bad-rows] [--sheet NAME] [--header-row N] [--column "THEIRS=ours"]…
int Import(const Client& client, const std::vector<std::string>& arguments);
// kubari export KIND [FILE.csv | FILE.jsonl], or kubari export --all FOLDER
int Export(const Client& client, const std::vector<std::string>& arguments);
// kubari trace LOT
int Trace(const Client& client, const std::vector<std::string>& arguments);
// kubari verify FILE.jsonl --network ID: judges an export of the ledger offline, sharing no code with the services that wrote it
int Verify(const std::vector<std::string>& arguments);
// kubari replay FILE | runs/{uuid} [--save FILE]: computes an allocation run again and compares it with what was first proposed. From a file
// it needs no server.
int Replay(const Client& client, const std::vector<std::string>& arguments);
// kubari links: a sign-in link for each person the key may invite
int Links(const Client& client, const std::string& web, const std::vector<std::string>& arguments);
// kubari completion: a bash script for `source <(kubari completion)`
int Completion(const std::vector<std::string>& arguments);

// Tables that `import` and `export` know.
const std::vector<std::string>& ImportKinds();
const std::vector<std::string>& ExportKinds();

}  // namespace kubari::cli
