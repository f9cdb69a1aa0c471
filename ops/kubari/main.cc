// kubari: the command line for operators and auditors. Options before the subcommand, everything else behind it.
#include <absl/time/time.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "kubari/identity/v1/identity.pb.h"
#include "libs/ids/ids.h"
#include "ops/kubari/client.h"
#include "ops/kubari/commands.h"
#include "ops/kubari/demo.h"

namespace {

constexpr char kHelp[] = R"(kubari: donated food, from the donor's offer to the confirmed delivery, on the command line.

usage: kubari [--server URL] [--key KEY | --key-file FILE] COMMAND …

  call METHOD [JSON | @FILE | -]   call any RPC; JSON from the command line, a file or standard input
  methods [PART]                   all RPCs and who may call them
  describe METHOD                  fields of request and answer
  import KIND FILE [--dry-run]     warehouses, products, donors, groups, offers, from CSV (UTF-8, UTF-16, Shift_JIS) or .xlsx: all problems at
                                   once, nothing half-written
         [--skip-bad-rows]         writes the rows that are good although others are not
         [--sheet NAME] [--header-row N] [--column "THEIRS=ours"]…
                                   how to read the table, where it is not as expected
  export KIND [FILE.csv|.jsonl]    donors, offers, groups, products, warehouses, lots, balances, deliveries, runs, lines, impact, ledger
  export --all FOLDER              everything that the key may read: each list as NDJSON and CSV, papers and pictures as files, and a manifest with
                                   counts and SHA-256; cut off, the same command goes on
  verify FILE.jsonl --network ID   judges an exported ledger offline: positions, hashes, balances; names the first rows that do not hold
  replay FILE | runs/ID [--save FILE]
                                   computes an allocation run again and compares it to the byte; from an exported file without a server
  trace LOT                        a lot's whole path: movements, and who holds it now
  links                            a sign-in link for each person (needs an administrator's key)
  network create --code CODE --name NAME --email EMAIL [--administrator NAME] [--time-zone ZONE]
                                   a new network; needs --identity and the service key
  demo --example DIR [--key-out FILE] [--journal FILE]
                                   plays the main job once; needs --identity and the service key
  completion                       bash completion: source <(kubari completion)

options (environment in brackets):
  --server URL              the gateway, http://127.0.0.1:7100 unless set  [KUBARI_SERVER]
  --web URL                 where people open the web app, for the links that are printed; --server unless set  [KUBARI_WEB]
  --key KEY                 API key or session token  [KUBARI_KEY]
  --key-file FILE           reads the key from a file  [KUBARI_KEY_FILE]
  --identity HOST:PORT      the identity service, for network and demo  [KUBARI_IDENTITY]
  --service-key-file FILE   the installation's service key  [KUBARI_SERVICE_KEY_FILE, or the key itself in KUBARI_SERVICE_KEY]
  --patience SECONDS        how long a call is repeated while the server is away; 10 unless set

exit code: 0 done, 1 refused or failed, 2 wrong usage. Messages are Japanese where LANG is, else English.
)";

std::string Environment(const char* name, const std::string& otherwise = "") {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

// The first line of a file; ends the program if it cannot be read.
std::string FirstLine(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line) || line.empty()) {
    std::fprintf(stderr, "kubari: no key can be read from %s.\n", file.c_str());
    std::exit(2);
  }
  return line;
}

// Takes "--name value" and "--name=value" out of `words`; ends the program if the value is missing.
std::string TakeOption(std::vector<std::string>& words, const std::string& name, const std::string& otherwise) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == name) {
      if (i + 1 == words.size()) {
        std::fprintf(stderr, "kubari: %s needs a value.\n", name.c_str());
        std::exit(2);
      }
      const std::string value = words[i + 1];
      words.erase(words.begin() + i, words.begin() + i + 2);
      return value;
    }
    if (words[i].starts_with(name + "=")) {
      const std::string value = words[i].substr(name.size() + 1);
      words.erase(words.begin() + i);
      return value;
    }
  }
  return otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace kubari::cli;
  std::vector<std::string> words(argv + 1, argv + argc);
  ClientOptions options;
  options.server = TakeOption(words, "--server", Environment("KUBARI_SERVER", options.server));
  while (options.server.ends_with("/")) options.server.pop_back();
  std::string web = TakeOption(words, "--web", Environment("KUBARI_WEB", options.server));
  while (web.ends_with("/")) web.pop_back();
  const std::string key_file = TakeOption(words, "--key-file", Environment("KUBARI_KEY_FILE"));
  options.token = TakeOption(words, "--key", Environment("KUBARI_KEY"));
  if (options.token.empty() && !key_file.empty()) options.token = FirstLine(key_file);
  const std::string identity = TakeOption(words, "--identity", Environment("KUBARI_IDENTITY", "127.0.0.1:7101"));
  const std::string service_key_file = TakeOption(words, "--service-key-file", Environment("KUBARI_SERVICE_KEY_FILE"));
  const std::string patience = TakeOption(words, "--patience", "10");
  int seconds = 0;
  if (!absl::SimpleAtoi(patience, &seconds) || seconds < 0) {
    std::fprintf(stderr, "kubari: --patience is '%s'; a whole number of seconds is expected.\n", patience.c_str());
    return 2;
  }
  options.patience = absl::Seconds(seconds);

  if (words.empty() || words[0] == "help" || words[0] == "--help" || words[0] == "-h") {
    std::printf("%s", kHelp);
    return words.empty() ? 2 : 0;
  }
  const std::string command = words[0];
  std::vector<std::string> arguments(words.begin() + 1, words.end());
  const Client client(options);
  const auto straight_to_identity = [&] {
    ClientOptions direct = options;
    direct.server = "grpc://" + identity;
    direct.token = service_key_file.empty() ? Environment("KUBARI_SERVICE_KEY") : FirstLine(service_key_file);
    if (direct.token.empty()) {
      std::fprintf(stderr, "kubari: %s needs the service key: --service-key-file FILE.\n", command.c_str());
      std::exit(2);
    }
    return Client(direct);
  };

  if (command == "call") return Call(client, arguments);
  if (command == "methods") return Methods(arguments);
  if (command == "describe") return Describe(arguments);
  if (command == "import") return Import(client, arguments);
  if (command == "export") return Export(client, arguments);
  if (command == "verify") return Verify(arguments);
  if (command == "replay") return Replay(client, arguments);
  if (command == "trace") return Trace(client, arguments);
  if (command == "links") return Links(client, web, arguments);
  if (command == "completion") return Completion(arguments);
  if (command == "demo") {
    DemoOptions demo;
    demo.example = TakeOption(arguments, "--example", "");
    demo.key_file = TakeOption(arguments, "--key-out", "");
    demo.journal = TakeOption(arguments, "--journal", "");
    if (demo.example.empty() || !arguments.empty()) {
      std::fprintf(stderr, "usage: kubari demo --example DIR [--key-out FILE] [--journal FILE]\n");
      return 2;
    }
    return Demo(client.WithToken(""), straight_to_identity(), demo);
  }
  if (command == "network" && !arguments.empty() && arguments[0] == "create") {
    kubari::identity::v1::CreateNetworkRequest request;
    request.set_request_id(kubari::ids::NewUuid());
    request.set_code(TakeOption(arguments, "--code", ""));
    request.set_display_name(TakeOption(arguments, "--name", ""));
    request.set_administrator_email(TakeOption(arguments, "--email", ""));
    request.set_administrator_display_name(TakeOption(arguments, "--administrator", request.administrator_email()));
    request.set_time_zone(TakeOption(arguments, "--time-zone", "Asia/Tokyo"));
    const auto made = straight_to_identity().Call<kubari::identity::v1::CreateNetworkResponse>(
        "kubari.identity.v1.IdentityService/CreateNetwork", request);
    if (!made.ok()) return PrintError(made.status());
    std::printf("%s (%s)\nThe administrator signs in once, within 24 hours, at\n  %s/#/join/%s\n", made->network().display_name().c_str(),
                made->network().code().c_str(), web.c_str(), made->invite_code().c_str());
    return 0;
  }
  std::fprintf(stderr, "kubari: there is no command '%s'. 'kubari help' lists them.\n", command.c_str());
  return 2;
}
