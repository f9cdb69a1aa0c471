#include <gtest/gtest.h>

#include <set>

#include "kubari/identity/v1/identity.pb.h"
#include "libs/auth/access.h"
#include "libs/auth/authenticator.h"
#include "libs/auth/tokens.h"
#include "libs/errors/testing.h"

namespace kubari::auth {
namespace {

using errors::FailsBecause;
using errors::FailsWith;
using errors::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace kubari::type::v1;  // NOLINT: the roles

const google::protobuf::MethodDescriptor& Method(const std::string& name) {
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName("kubari.identity.v1.IdentityService");
  return *service->FindMethodByName(name);
}

Principal With(std::vector<Grant> grants) {
  Principal principal;
  principal.subject = "people/x";
  principal.grants = std::move(grants);
  return principal;
}

TEST(Principal, KnowsItsRoles) {
  const Principal principal = With({{"b", ROLE_DONOR}, {"a", ROLE_DONOR}, {"a", ROLE_GROUP}, {"b", ROLE_DONOR}});
  EXPECT_TRUE(principal.HasRole(ROLE_GROUP));
  EXPECT_FALSE(principal.HasRole(ROLE_AUDITOR));
  EXPECT_FALSE(principal.HasRole(ROLE_SERVICE));
  EXPECT_TRUE(principal.HoldsIn("a", ROLE_GROUP));
  EXPECT_FALSE(principal.HoldsIn("b", ROLE_GROUP));
  EXPECT_THAT(principal.OrganisationsWith(ROLE_DONOR), ElementsAre("a", "b"));
}

TEST(Principal, AGrantNeverMakesAService) { EXPECT_FALSE(With({{"a", ROLE_SERVICE}}).HasRole(ROLE_SERVICE)); }

TEST(Judge, RolesSeeTheWholeNetwork) {
  const Principal coordinator = With({{"a", ROLE_COORDINATOR}, {"b", ROLE_DONOR}});
  const auto scope = Judge(Method("GetOrganisation"), &coordinator);
  ASSERT_THAT(scope, IsOk());
  EXPECT_TRUE(scope->whole_network);
  EXPECT_TRUE(scope->Includes("anything"));
}

TEST(Judge, OwnRolesSeeTheirOrganisationsOnly) {
  const Principal donor = With({{"b", ROLE_DONOR}, {"a", ROLE_GROUP}});
  const auto scope = Judge(Method("GetOrganisation"), &donor);
  ASSERT_THAT(scope, IsOk());
  EXPECT_FALSE(scope->whole_network);
  EXPECT_THAT(scope->organisation_ids, ElementsAre("a", "b"));
  EXPECT_TRUE(scope->Includes("a"));
  EXPECT_FALSE(scope->Includes("c"));
}

TEST(Judge, OtherRolesHearWhichMay) {
  const Principal donor = With({{"b", ROLE_DONOR}});
  const auto scope = Judge(Method("CreateOrganisation"), &donor);
  EXPECT_THAT(scope, FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(scope, FailsWith(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(errors::MetadataOf(scope.status()).at("allowed_roles"), "ROLE_COORDINATOR,ROLE_ADMINISTRATOR");
  EXPECT_EQ(errors::MetadataOf(scope.status()).at("held_roles"), "ROLE_DONOR");
  EXPECT_THAT(errors::MessageIn("ja", scope.status()), HasSubstr("コーディネーター、管理者"));
}

TEST(Judge, AnybodySignedIn) {
  const Principal nobody = With({});
  EXPECT_THAT(Judge(Method("GetSession"), &nobody), IsOk());
  EXPECT_THAT(Judge(Method("GetSession"), nullptr), FailsBecause("TOKEN_MISSING"));
  EXPECT_THAT(Judge(Method("GetSession"), nullptr), FailsWith(absl::StatusCode::kUnauthenticated));
}

TEST(Judge, PublicIsOpenAndSeesNothing) {
  const auto scope = Judge(Method("SignIn"), nullptr);
  ASSERT_THAT(scope, IsOk());
  EXPECT_FALSE(scope->whole_network);
  EXPECT_THAT(scope->organisation_ids, IsEmpty());
  const Principal donor = With({{"b", ROLE_DONOR}});
  EXPECT_THAT(Judge(Method("SignIn"), &donor), IsOk());
}

TEST(Judge, ServicesAlwaysPassAndNobodyElseIsOne) {
  Principal service;
  service.subject = "services/kubari";
  service.is_service = true;
  EXPECT_THAT(Judge(Method("Authenticate"), &service), IsOk());
  EXPECT_TRUE(Judge(Method("GetOrganisation"), &service)->whole_network);
  const Principal administrator = With({{"a", ROLE_ADMINISTRATOR}, {"a", ROLE_SERVICE}});
  EXPECT_THAT(Judge(Method("Authenticate"), &administrator), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST(Tokens, AreLongAndDifferent) {
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) tokens.insert(NewToken("kbs_"));
  EXPECT_EQ(tokens.size(), 100u);
  EXPECT_EQ(tokens.begin()->size(), 47u);
  EXPECT_EQ(tokens.begin()->substr(0, 4), "kbs_");
}

TEST(Tokens, CodesUseTheirAlphabet) {
  const std::string code = RandomCode("AB", 200);
  EXPECT_EQ(code.size(), 200u);
  EXPECT_EQ(code.find_first_not_of("AB"), std::string::npos);
  EXPECT_NE(code.find('A'), std::string::npos);
  EXPECT_NE(code.find('B'), std::string::npos);
}

TEST(Tokens, HashIsSha256) {
  // FIPS 180-2, appendix B.1: "abc".
  EXPECT_EQ(HashToken("abc"), std::string("\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
                                          "\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad",
                                          32));
}

TEST(Tokens, EmptySecretsEqualNothing) {
  EXPECT_TRUE(EqualSecrets("abc", "abc"));
  EXPECT_FALSE(EqualSecrets("abc", "abd"));
  EXPECT_FALSE(EqualSecrets("abc", "abcd"));
  EXPECT_FALSE(EqualSecrets("", ""));
}

constexpr char kKey[] = "a-service-key-of-at-least-32-characters";
constexpr char kNetwork[] = "0190163d-8694-7000-8000-000000000001";

TEST(ServiceKey, MakesAServiceOfTheNamedNetwork) {
  const auto principal = AuthenticateService(kKey, {.token = kKey, .network = kNetwork, .time_zone = "Europe/Berlin"});
  ASSERT_THAT(principal, IsOk());
  ASSERT_TRUE(principal->has_value());
  EXPECT_TRUE((*principal)->is_service);
  EXPECT_EQ((*principal)->network_id, kNetwork);
  EXPECT_EQ((*principal)->time_zone, "Europe/Berlin");
  EXPECT_EQ((*AuthenticateService(kKey, {.token = kKey}))->time_zone, "Asia/Tokyo");
}

TEST(ServiceKey, AnythingElseIsNoService) {
  EXPECT_FALSE(AuthenticateService(kKey, {.token = "kbs_x", .network = kNetwork})->has_value());
  EXPECT_FALSE(AuthenticateService("", {.token = ""})->has_value());
  EXPECT_THAT(AuthenticateService(kKey, {.token = kKey, .network = "n"}), FailsBecause("METADATA_INVALID"));
  EXPECT_THAT(AuthenticateService(kKey, {.token = kKey, .time_zone = "Mars/Olympus"}), FailsBecause("METADATA_INVALID"));
}

}  // namespace
}  // namespace kubari::auth
