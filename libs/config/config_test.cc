#include "libs/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>

#include "libs/log/log.h"

namespace kubari::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() : options_("kubari-test", "For the test.") {
    options_.HostPort("listen", &listen_, "where");
    options_.Int("workers", &workers_, 1, 64, "threads");
    options_.Bool("migrate", &migrate_, "then exit");
    options_.Duration("drain", &drain_, "how long");
    options_.String("service-key", &key_, "shared", {.required = true, .secret = true});
    options_.File("tls-key", &file_, "PEM");
    options_.Choice("log-level", &level_, {"debug", "info"}, "least");
  }
  absl::Status Read(const std::vector<std::string>& arguments) {
    return options_.Read(arguments, [this](const char* name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? nullptr : found->second.c_str();
    });
  }
  std::string FileWith(const std::string& content) {
    const std::string path = ::testing::TempDir() + "/config_test_secret";
    std::ofstream(path) << content;
    return path;
  }

  std::map<std::string, std::string> environment_ = {{"KUBARI_SERVICE_KEY", "from-environment"}};
  std::string listen_ = "127.0.0.1:1";
  int workers_ = 4;
  bool migrate_ = false;
  absl::Duration drain_ = absl::Seconds(1);
  std::string key_;
  std::string file_;
  std::string level_ = "info";
  Options options_;
};

TEST_F(ConfigTest, FlagsWinOverTheEnvironmentOverTheDefault) {
  environment_["KUBARI_WORKERS"] = "8";
  environment_["KUBARI_LISTEN"] = "0.0.0.0:9";
  environment_["KUBARI_DRAIN"] = "";  // as if not set
  ASSERT_TRUE(Read({"--listen=[::1]:7", "--migrate", "--log-level", "debug"}).ok());
  EXPECT_EQ(listen_, "[::1]:7");
  EXPECT_EQ(workers_, 8);
  EXPECT_TRUE(migrate_);
  EXPECT_EQ(level_, "debug");
  EXPECT_EQ(drain_, absl::Seconds(1));
  EXPECT_EQ(key_, "from-environment");
}

TEST_F(ConfigTest, BoolsTakeAValueToo) {
  ASSERT_TRUE(Read({"--migrate", "true", "--drain", "250ms"}).ok());
  EXPECT_TRUE(migrate_);
  EXPECT_EQ(drain_, absl::Milliseconds(250));
}

TEST_F(ConfigTest, EverythingWrongIsToldAtOnce) {
  environment_.clear();
  environment_["KUBARI_DRAIN"] = "-3s";
  const absl::Status status = Read({"--listen=nowhere", "--workers=65", "--migrate=maybe", "--tls-key=/does/not/exist", "--colour=red",
                                    "stray", "--log-level=loud"});
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr("--listen is \"nowhere\"; expected host:port"));
  EXPECT_THAT(message, HasSubstr("--workers is \"65\"; expected a whole number from 1 to 64"));
  EXPECT_THAT(message, HasSubstr("--migrate is \"maybe\""));
  EXPECT_THAT(message, HasSubstr("--tls-key is \"/does/not/exist\""));
  EXPECT_THAT(message, HasSubstr("--colour is not known"));
  EXPECT_THAT(message, HasSubstr("\"stray\" is not known"));
  EXPECT_THAT(message, HasSubstr("--log-level is \"loud\"; expected one of debug, info"));
  EXPECT_THAT(message, HasSubstr("KUBARI_DRAIN is \"-3s\""));
  EXPECT_THAT(message, HasSubstr("--service-key (KUBARI_SERVICE_KEY) is missing"));
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 8);
}

TEST_F(ConfigTest, RefusesPortsThatAreNone) {
  for (const char* text : {"host:", ":1", "host:65536", "host:-1", "host:+1", "a b:1", "::1:5", "host:1x"}) {
    EXPECT_FALSE(Read({std::string("--listen=") + text}).ok()) << text;
  }
  EXPECT_TRUE(Read({"--listen=stock.internal:0"}).ok());
}

TEST_F(ConfigTest, ASecretMayComeFromAFile) {
  ASSERT_TRUE(Read({"--service-key-file=" + FileWith("from-file\n")}).ok());
  EXPECT_EQ(key_, "from-file");
}

TEST_F(ConfigTest, TheFileOfASecretMayComeFromTheEnvironment) {
  environment_.clear();
  environment_["KUBARI_SERVICE_KEY_FILE"] = FileWith("from-file");
  ASSERT_TRUE(Read({}).ok());
  EXPECT_EQ(key_, "from-file");
}

TEST_F(ConfigTest, AFlagIsGivenOnceAndWithAValue) {
  EXPECT_THAT(std::string(Read({"--workers=1", "--workers=2", "--listen"}).message()),
              AllOf(HasSubstr("--workers is given twice"), HasSubstr("--listen is without a value")));
}

TEST_F(ConfigTest, RulesSpanOptions) {
  options_.Rule([this] { return key_.size() < 32 ? "--service-key is too short" : ""; });
  EXPECT_EQ(std::string(Read({}).message()), "--service-key is too short");
}

TEST_F(ConfigTest, SecretsAreNeverShown) {
  ASSERT_TRUE(Read({"--service-key=hush"}).ok());
  std::string logged;
  log::SetSinkForTesting([&](const std::string& line) { logged += line; });
  options_.LogSummary();
  log::SetSinkForTesting(nullptr);
  EXPECT_THAT(logged, Not(HasSubstr("hush")));
  EXPECT_THAT(logged, HasSubstr("service-key=(secret)"));
  EXPECT_THAT(logged, HasSubstr("workers=4"));
  EXPECT_THAT(options_.Help(), Not(HasSubstr("hush")));
}

TEST_F(ConfigTest, HelpNamesFlagVariableAndDefault) {
  EXPECT_THAT(options_.Help(), AllOf(HasSubstr("--workers  KUBARI_WORKERS"), HasSubstr("default 4"), HasSubstr("--service-key-file")));
  const char* help[] = {"kubari-test", "--help"};
  EXPECT_EQ(options_.ReadOrExit(2, help), 0);
  const char* wrong[] = {"kubari-test", "--nonsense"};
  EXPECT_EQ(options_.ReadOrExit(2, wrong), 2);
}

}  // namespace
}  // namespace kubari::config
