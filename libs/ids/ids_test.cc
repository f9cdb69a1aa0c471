#include "libs/ids/ids.h"

#include <gtest/gtest.h>

#include <set>

namespace kubari::ids {
namespace {

TEST(Ids, V7CarriesTimeVersionAndVariant) {
  // The instant of RFC 9562, appendix A.6.
  const std::string id = NewV7(absl::FromUnixMillis(0x017F22E279B0));
  EXPECT_TRUE(IsUuid(id)) << id;
  EXPECT_EQ(id.substr(0, 15), "017f22e2-79b0-7");
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
}

TEST(Ids, V7SortsByTimeAndNeverRepeats) {
  std::set<std::string> ids;
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  for (int i = 0; i < 1000; ++i) ids.insert(NewV7(now));
  EXPECT_EQ(ids.size(), 1000u);
  EXPECT_LT(*ids.rbegin(), NewV7(now + absl::Milliseconds(1)));
}

TEST(Ids, V5MatchesTheStandardsExample) {
  // RFC 9562, appendix A.4: the DNS namespace and "www.example.com".
  EXPECT_EQ(DeriveV5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Ids, OnlyCanonicalTextIsAUuid) {
  EXPECT_TRUE(IsUuid("2ed6657d-e927-568b-95e1-2665a8aea6a2"));
  EXPECT_FALSE(IsUuid(""));
  EXPECT_FALSE(IsUuid("2ED6657D-E927-568B-95E1-2665A8AEA6A2"));
  EXPECT_FALSE(IsUuid("{2ed6657d-e927-568b-95e1-2665a8aea6a2}"));
  EXPECT_FALSE(IsUuid("2ed6657de927568b95e12665a8aea6a2"));
  EXPECT_FALSE(IsUuid("2ed6657d-e927-568b-95e1-2665a8aea6a2 "));
  EXPECT_FALSE(IsUuid("2ed6657d-e927-568b-95e1-2665a8aea6ag"));
}

TEST(Ids, NamesGoBothWays) {
  const std::string id = NewUuid();
  EXPECT_EQ(IdFromName("lots", Name("lots", id)), id);
  EXPECT_EQ(IdFromName("lots", "donors/" + id), std::nullopt);
  EXPECT_EQ(IdFromName("lots", "lots/" + id + "/"), std::nullopt);
  EXPECT_EQ(IdFromName("lots", "lots/"), std::nullopt);
  EXPECT_EQ(IdFromName("lots", id), std::nullopt);
}

TEST(IdsDeathTest, ANamespaceThatIsNoUuidEndsTheProcess) { EXPECT_DEATH(DeriveV5("dns", "x"), "canonical UUID"); }

}  // namespace
}  // namespace kubari::ids
