// One installation on which the main job was played, shared by all tests of a binary.
#pragma once

#include <string>

#include "kubari/type/v1/access.pb.h"
#include "tests/end_to_end/installation.h"

namespace kubari::end_to_end {

struct PlayedDemo {
  explicit PlayedDemo(Installation::Options options);

  Installation installation;
  // Of `kubari demo`, which was run once.
  Finished demo;
  std::string administrator_key_file;
  std::string administrator_key;
  // organisations/{uuid}
  std::string intermediary;
};

// Made by the first call.
PlayedDemo& TheDemo();

// A new API key with this role in an organisation.
std::string MakeKey(const cli::Client& administrator, const std::string& organisation, kubari::type::v1::Role role);

// Offered by the example's table: Σ cases × items a case over its lines, the product's items a case where a line gives none.
int64_t OfferedItems(const std::string& example_folder);

}  // namespace kubari::end_to_end
