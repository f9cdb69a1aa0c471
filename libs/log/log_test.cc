#include "libs/log/log.h"

#include <absl/strings/string_view.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <thread>
#include <vector>

namespace kubari::log {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    SetSinkForTesting([this](const std::string& line) { lines_.push_back(line); });
  }
  ~LogTest() override {
    SetSinkForTesting(nullptr);
    SetMinimum(Severity::kInfo);
    SetService("");
  }
  // The line as JSON, parsed by somebody else's parser.
  google::protobuf::Struct Parsed(const std::string& line) {
    google::protobuf::Struct json;
    const auto status = google::protobuf::util::JsonStringToMessage(line, &json);
    EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << line;
    return json;
  }
  std::vector<std::string> lines_;
};

TEST_F(LogTest, WritesOneJsonObjectPerLine) {
  SetService("stock");
  Info("reserved", {{"lot", "A \"1\"\n\x01\\"},
                    {"view", absl::string_view("absl")},
                    {"items", 12},
                    {"rate", 0.5},
                    {"free", false},
                    {"name", std::string("配り")},
                    {"bad", std::string("\xFF\xC0\xAF")}});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_THAT(lines_[0], Not(HasSubstr("\n")));
  const auto json = Parsed(lines_[0]);
  EXPECT_THAT(json.fields().at("time").string_value(),
              MatchesRegex("[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9][0-9][0-9][0-9][0-9][0-9]Z"));
  EXPECT_EQ(json.fields().at("severity").string_value(), "INFO");
  EXPECT_EQ(json.fields().at("service").string_value(), "stock");
  EXPECT_EQ(json.fields().at("message").string_value(), "reserved");
  EXPECT_EQ(json.fields().at("lot").string_value(), "A \"1\"\n\x01\\");
  EXPECT_EQ(json.fields().at("view").string_value(), "absl");
  EXPECT_EQ(json.fields().at("items").number_value(), 12);
  EXPECT_EQ(json.fields().at("rate").number_value(), 0.5);
  EXPECT_EQ(json.fields().at("free").bool_value(), false);
  EXPECT_EQ(json.fields().at("name").string_value(), "配り");
  EXPECT_EQ(json.fields().at("bad").string_value(), "\uFFFD\uFFFD\uFFFD");
}

TEST_F(LogTest, ContextBelongsToTheThreadAndTheScope) {
  {
    const ScopedContext outer({.request_id = "r1", .network_id = "n1"});
    {
      const ScopedContext inner({.request_id = "r2"});
      Info("inner");
    }
    std::thread([] { Info("other thread"); }).join();
    Info("outer");
  }
  ASSERT_EQ(lines_.size(), 3u);
  EXPECT_THAT(lines_[0], HasSubstr("\"request_id\":\"r2\""));
  EXPECT_THAT(lines_[1], Not(HasSubstr("request_id")));
  EXPECT_THAT(lines_[2], HasSubstr("\"request_id\":\"r1\",\"network\":\"n1\""));
}

TEST_F(LogTest, NeverWritesTokens) {
  Info("bearer kbs_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG-_ end",
       {{"key", "kbk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"}});
  EXPECT_THAT(lines_[0], Not(HasSubstr("0123456789")));
  EXPECT_THAT(lines_[0], HasSubstr("kbs_(redacted) end"));
}

TEST_F(LogTest, LeavesOutWhatIsBelowTheMinimum) {
  Severity severity;
  ASSERT_TRUE(ParseSeverity("warning", &severity));
  EXPECT_FALSE(ParseSeverity("loud", &severity));
  SetMinimum(severity);
  Info("quiet");
  Warning("loud");
  ASSERT_EQ(lines_.size(), 1u);
}

}  // namespace
}  // namespace kubari::log
