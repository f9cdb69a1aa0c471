#include "libs/paging/paging.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <random>

#include "kubari/identity/v1/identity.pb.h"
#include "libs/errors/testing.h"

namespace kubari::paging {
namespace {

using errors::FailsBecause;
using errors::IsOkAndHolds;
using identity::v1::ListApiKeysRequest;
using identity::v1::ListNetworksRequest;
using identity::v1::ListPeopleRequest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Key = std::vector<std::string>;

TEST(PageSize, DefaultsAndCoerces) {
  EXPECT_THAT(PageSize(0), IsOkAndHolds(50));
  EXPECT_THAT(PageSize(1), IsOkAndHolds(1));
  EXPECT_THAT(PageSize(200), IsOkAndHolds(200));
  EXPECT_THAT(PageSize(201), IsOkAndHolds(200));
  EXPECT_THAT(PageSize(-1), FailsBecause("PAGE_SIZE_INVALID"));
}

TEST(Fingerprint, IsOfTheFilterAlone) {
  ListPeopleRequest request;
  request.set_organisation("organisations/1");
  const std::string fingerprint = Fingerprint(request, "network");
  EXPECT_EQ(fingerprint.size(), 32u);

  ListPeopleRequest next = request;
  next.set_page_size(7);
  next.set_page_token("abc");
  EXPECT_EQ(Fingerprint(next, "network"), fingerprint);
  EXPECT_EQ(next.page_token(), "abc") << "the request itself is left alone";

  next.set_organisation("organisations/2");
  EXPECT_NE(Fingerprint(next, "network"), fingerprint);
  EXPECT_NE(Fingerprint(request, "other network"), fingerprint);
  EXPECT_NE(Fingerprint(ListNetworksRequest(), ""), Fingerprint(ListApiKeysRequest(), ""))
      << "each method is its own list";
}

TEST(Fingerprint, DoesNotDependOnTheOrderOfMaps) {
  google::protobuf::Struct forward, backward;
  for (int i = 0; i < 50; ++i) (*forward.mutable_fields())[std::to_string(i)].set_number_value(i);
  for (int i = 49; i >= 0; --i) (*backward.mutable_fields())[std::to_string(i)].set_number_value(i);
  EXPECT_EQ(Fingerprint(forward, ""), Fingerprint(backward, ""));
}

TEST(Token, GivesItsKeyBack) {
  const std::vector<Key> keys = {
      {}, {""}, {"", ""}, {"a"}, {"佐藤", "018f2f5e-0000-7000-8000-000000000001"}, {std::string("\0\xff;", 3), "x"}};
  for (const Key& key : keys) {
    const std::string token = Encode("filter", key);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_THAT(Decode(token, "filter"), IsOkAndHolds(key));
  }
  EXPECT_THAT(Decode("", "filter"), IsOkAndHolds(IsEmpty()));
}

TEST(Token, BelongsToItsFilter) {
  EXPECT_THAT(Decode(Encode("filter", {"a", "b"}), "other"), FailsBecause("PAGE_TOKEN_INVALID"));
}

TEST(Token, SaysSoInBothLanguages) {
  const absl::Status status = Decode("nonsense", "filter").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(errors::MessageIn("en", status), testing::HasSubstr("next_page_token"));
  EXPECT_THAT(errors::MessageIn("ja", status), testing::HasSubstr("最初から"));
}

TEST(Token, NotAnotherSpellingOfTheSameBytes) {
  const std::string token = Encode("filter", {"ab"});  // 23 bytes: the last character has two unused bits
  ASSERT_EQ(token.size() % 4, 3u);
  std::string other = token;
  other.back() = other.back() == 'A' ? 'B' : static_cast<char>(other.back() + 1);
  EXPECT_THAT(Decode(other, "filter"), FailsBecause("PAGE_TOKEN_INVALID"));
  EXPECT_THAT(Decode(token + "=", "filter"), FailsBecause("PAGE_TOKEN_INVALID"));
  EXPECT_THAT(Decode(" " + token, "filter"), FailsBecause("PAGE_TOKEN_INVALID"));
  EXPECT_THAT(Decode(std::string(1'000'000, 'A'), "filter"), FailsBecause("PAGE_TOKEN_INVALID"));
}

TEST(Token, NoMutationOfOneIsAccepted) {
  constexpr uint32_t kSeed = 20261121;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  const auto below = [&random](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ \n\0\x80";
  for (int i = 0; i < 20'000; ++i) {
    Key key(below(4));
    for (std::string& part : key) {
      part.resize(below(20));
      for (char& c : part) c = static_cast<char>(below(256));
    }
    const std::string token = Encode("filter", key);
    std::string mutated = token;
    for (size_t changes = 1 + below(3); changes > 0 && !mutated.empty(); --changes) {
      switch (below(4)) {
        case 0:
          mutated[below(mutated.size())] = alphabet[below(alphabet.size())];
          break;
        case 1:
          mutated.insert(below(mutated.size() + 1), 1, alphabet[below(alphabet.size())]);
          break;
        case 2:
          mutated.erase(below(mutated.size()), 1);
          break;
        default:
          mutated.resize(1 + below(mutated.size()));
          break;
      }
    }
    if (mutated == token || mutated.empty()) continue;  // empty is the first page
    ASSERT_THAT(Decode(mutated, "filter"), FailsBecause("PAGE_TOKEN_INVALID")) << mutated;
  }
}

}  // namespace
}  // namespace kubari::paging
