// Everything that a caller may read, as files: `kubari export --all DIR`.
//
// What there is stands in the contract (type/v1/take_along.proto): every List… method is walked to its end; a list that belongs to something is
// asked once for each of these; papers, pictures and exports become files. What the caller may not read is left out, and manifest.json says so.
#pragma once

#include <string>
#include <vector>

#include "ops/kubari/client.h"

namespace kubari::cli {

// One method of the contract that is taken along.
struct Taken {
  const google::protobuf::MethodDescriptor* method = nullptr;
  // Called once for each message of this type; null: once.
  const google::protobuf::Descriptor* each = nullptr;
  std::map<std::string, std::string> fields = {};  // of the request → where in the message
  std::string where = {};
};

// In the contract's order. Methods that only services may call are left out.
const std::vector<Taken>& TakenAlong();

// The requests' fields of one call: {"warehouse": "warehouses/…"}.
using Arguments = std::map<std::string, std::string>;

// The arguments of all calls of `taken` that the messages within `message` ask for.
std::vector<Arguments> CallsFor(const Taken& taken, const google::protobuf::Message& message);

// Writes into `folder`, which is made: LIST.ndjson and LIST.csv for each list, files/, manifest.json with counts and SHA-256. A run that was cut
// off goes on where it stopped, with the same key. Returns the exit code: 0 everything, 1 something could not be read (manifest.json says what).
int TakeAlong(const Client& client, const std::string& folder);

}  // namespace kubari::cli
