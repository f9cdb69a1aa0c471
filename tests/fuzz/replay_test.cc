// The corpus, without a fuzzer: every file as it is, cut off at every place, and with each of its bytes spoiled. What
// the fuzzer once found stays found.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/targets.h"

namespace kubari::fuzz {
namespace {

std::vector<std::filesystem::path> CorpusOf(std::string_view name) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(CORPUS) / name))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class Replay : public testing::TestWithParam<Target> {};

TEST_P(Replay, Corpus) {
  const std::vector<std::filesystem::path> files = CorpusOf(GetParam().name);
  ASSERT_GE(files.size(), 3u) << "the corpus is missing";
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file);
    std::ifstream in(file, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    ASSERT_FALSE(bytes.empty());
    GetParam().run(bytes);
    for (size_t size = 0; size < bytes.size(); ++size) GetParam().run(bytes.substr(0, size));
    for (char& byte : bytes) {
      const char good = byte;
      for (const char bad : {'\0', '\x1D', '0', 'A', ' ', '(', '%', '"', '\xE7'}) {
        byte = bad;
        GetParam().run(bytes);
      }
      byte = good;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Replay, testing::ValuesIn(kTargets),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace kubari::fuzz
