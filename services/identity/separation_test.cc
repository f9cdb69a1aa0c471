// What must hold even if a handler is wrong: networks are apart, and no secret lies in the database.
#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/str_split.h>
#include <gmock/gmock.h>

#include "libs/auth/tokens.h"
#include "services/identity/domain/invite_codes.h"
#include "services/identity/identity_fixture.h"

namespace kubari::identity {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using pg::testing::Sql;
using ::testing::HasSubstr;
using ::testing::Not;

class SeparationTest : public IdentityTest {
 protected:
  // Every table of the schema but the list of migrations.
  std::vector<std::string> Tables() {
    return absl::StrSplit(Sql(database_.superuser,
                              "SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'identity' AND "
                              "tablename <> 'migrations'"),
                          ',');
  }
  const Network kansai_ = MakeNetwork("kansai"), kanto_ = MakeNetwork("kanto");
};

TEST_F(SeparationTest, AnotherNetworkSeesNothing) {
  const std::string npo = MakeOrganisation(kansai_, "OPERATOR");
  const auto invite = Must(&Stub::CreateInvite, kansai_.token, DeviceInvite(npo));
  const std::string phone = Redeem(invite.code()).session().subject();
  const auto key =
      Must(&Stub::CreateApiKey, kansai_.token,
           Text<pb::CreateApiKeyRequest>(absl::StrCat(RequestId(), "display_name: 'k' grant { organisation: '", npo,
                                                      "' role: ROLE_VOLUNTEER }")));
  const std::string grant = absl::StrCat("grant { organisation: '", npo, "' role: ROLE_VOLUNTEER }");
  const auto name = [](const std::string& name) { return absl::StrCat("name: '", name, "'"); };

  EXPECT_THAT(Do(&Stub::GetPerson, kanto_.token, Text<pb::GetPersonRequest>(name(kansai_.administrator))),
              FailsBecause("PERSON_NOT_FOUND"));
  EXPECT_THAT(Do(&Stub::GetOrganisation, kanto_.token, Text<pb::GetOrganisationRequest>(name(npo))),
              FailsBecause("ORGANISATION_NOT_FOUND"));
  EXPECT_THAT(Do(&Stub::RevokeDevice, kanto_.token, Text<pb::RevokeDeviceRequest>(RequestId() + name(phone))),
              FailsBecause("DEVICE_NOT_FOUND"));
  EXPECT_THAT(
      Do(&Stub::RevokeInvite, kanto_.token, Text<pb::RevokeInviteRequest>(RequestId() + name(invite.invite().name()))),
      FailsBecause("INVITE_NOT_FOUND"));
  EXPECT_THAT(
      Do(&Stub::RevokeApiKey, kanto_.token, Text<pb::RevokeApiKeyRequest>(RequestId() + name(key.api_key().name()))),
      FailsBecause("API_KEY_NOT_FOUND"));
  EXPECT_THAT(Do(&Stub::CreateInvite, kanto_.token, Text<pb::CreateInviteRequest>(RequestId() + grant)),
              FailsBecause("ORGANISATION_NOT_FOUND"));
  EXPECT_THAT(Do(&Stub::CreateInvite, kanto_.token,
                 Text<pb::CreateInviteRequest>(absl::StrCat(RequestId(), "person: '", kansai_.administrator, "'"))),
              FailsBecause("PERSON_NOT_FOUND"));
  EXPECT_THAT(Do(&Stub::GrantRole, kanto_.token,
                 Text<pb::GrantRoleRequest>(absl::StrCat(RequestId(), "person: '", kanto_.administrator, "' ", grant))),
              FailsBecause("ORGANISATION_NOT_FOUND"));
  EXPECT_EQ(Must(&Stub::ListPeople, kanto_.token, pb::ListPeopleRequest()).people_size(), 1);
  EXPECT_EQ(Must(&Stub::ListOrganisations, kanto_.token, pb::ListOrganisationsRequest()).organisations_size(), 1);
  EXPECT_EQ(Must(&Stub::ListDevices, kanto_.token, pb::ListDevicesRequest()).devices_size(), 0);
  EXPECT_EQ(Must(&Stub::ListApiKeys, kanto_.token, pb::ListApiKeysRequest()).api_keys_size(), 0);
  EXPECT_EQ(Must(&Stub::GetNetwork, kanto_.token, pb::GetNetworkRequest()).code(), "kanto");
  // Nor by claiming to be there: only services are heard about their network.
  EXPECT_EQ(Must(&Stub::GetNetwork, kanto_.token, pb::GetNetworkRequest(), kansai_.id).code(), "kanto");
}

TEST_F(SeparationTest, RowLevelSecurityHoldsWithoutTheService) {
  for (const std::string& table : Tables()) {
    const std::string count = "SELECT count(*) FROM identity." + table;
    const auto in = [&](const std::string& network) {
      return absl::StrCat("SELECT set_config('kubari.network', '", network, "', false); ");
    };
    EXPECT_EQ(Sql(database_.service, count), "0") << table;
    // All but the table that the owner's search_found() reads by an index, which a policy that asks anything would keep it from.
    if (table != "search") {
      EXPECT_EQ(Sql(database_.owner, count), "0") << table << ": for the owner too";
    }
    EXPECT_EQ(Sql(database_.service, in(ids::NewUuid()) + count), "0") << table;
    EXPECT_EQ(Sql(database_.service, "SELECT set_config('kubari.across_networks', 'on', false); " + count), "0")
        << table << ": only the owner's functions may";
    EXPECT_EQ(Sql(database_.service, in(kansai_.id) + "SELECT count(*) FROM identity." + table +
                                         " WHERE network_id <> '" + kansai_.id + "'"),
              "0")
        << table;
  }
  EXPECT_EQ(Sql(database_.service, absl::StrCat("SELECT set_config('kubari.network', '", kansai_.id,
                                                "', false); SELECT count(*) FROM identity.people")),
            "1");
  // Writing into another network.
  const absl::Status written =
      pool_.Transact({.network_id = kansai_.id, .deadline = absl::Now() + absl::Seconds(10)}, [&](pg::Transaction& tx) {
        return tx.Execute("INSERT INTO organisations VALUES ($1, $2, 3, 'x', now())", kanto_.id, ids::NewUuid())
            .status();
      });
  EXPECT_EQ(pg::SqlStateOf(written), "42501");
}

TEST_F(SeparationTest, EveryTableIsUnderRowLevelSecurity) {
  EXPECT_EQ(Sql(database_.superuser,
                "SELECT coalesce(string_agg(relname, ','), '') FROM pg_class WHERE relnamespace = "
                "'identity'::regnamespace AND relkind = 'r' "
                "AND relname <> 'migrations' AND NOT (relrowsecurity AND relforcerowsecurity)"),
            "");
  EXPECT_EQ(Sql(database_.superuser,
                "SELECT coalesce(string_agg(proname, ','), '') FROM pg_proc WHERE pronamespace = "
                "'identity'::regnamespace AND "
                "(NOT prosecdef OR proconfig IS NULL OR has_function_privilege('kubari_stock', oid, 'EXECUTE'))"),
            "")
      << "functions of the owner have a fixed search_path and are for this service alone";
}

TEST_F(SeparationTest, NoSecretIsStored) {
  const std::string npo = MakeOrganisation(kansai_, "OPERATOR");
  const auto invite = Must(&Stub::CreateInvite, kansai_.token, DeviceInvite(npo, "max_uses: 5"));
  const std::string phone = Redeem(invite.code()).token();
  const auto key =
      Must(&Stub::CreateApiKey, kansai_.token,
           Text<pb::CreateApiKeyRequest>(absl::StrCat(RequestId(), "display_name: 'k' grant { organisation: '", npo,
                                                      "' role: ROLE_VOLUNTEER }")));
  ASSERT_THAT(Do(&Stub::SetPassword, kansai_.token,
                 Text<pb::SetPasswordRequest>(RequestId() + "new_password: 'correct horse'")),
              IsOk());
  const auto signed_in =
      Must(&Stub::SignIn, "",
           Text<pb::SignInRequest>("network_code: 'kansai' email: 'admin@kansai.example' password: 'correct horse'"));
  EXPECT_THAT(
      Do(&Stub::SignIn, "", Text<pb::SignInRequest>("network_code: 'kansai' email: 'oops my secret' password: 'x'")),
      FailsBecause("SIGN_IN_FAILED"));

  std::string dump;
  for (const std::string& table : Tables()) {
    dump +=
        Sql(database_.superuser, "SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM identity." + table + " AS t");
  }
  const std::string lower = absl::AsciiStrToLower(dump);
  EXPECT_THAT(dump, HasSubstr("admin@kansai.example")) << "the dump has the rows";
  EXPECT_THAT(dump, HasSubstr(absl::BytesToHexString(auth::HashToken(phone)))) << "and shows bytes in hexadecimal";
  for (const std::string& secret :
       {phone, kansai_.token, key.key(), signed_in.token(), invite.code(), NormalInviteCode(invite.code()),
        std::string("correct horse"), std::string("oops my secret")}) {
    EXPECT_THAT(lower, Not(HasSubstr(absl::AsciiStrToLower(secret))));
    EXPECT_THAT(lower, Not(HasSubstr(absl::BytesToHexString(secret))));
    EXPECT_THAT(lower, Not(HasSubstr(absl::BytesToHexString(secret.substr(4))))) << "without its prefix";
  }
  EXPECT_THAT(dump, Not(HasSubstr(absl::BytesToHexString(auth::HashToken("correct horse")))))
      << "nor a plain hash of a password";
}

}  // namespace
}  // namespace kubari::identity
