// The service's behaviour, over the wire.
#include <gmock/gmock.h>

#include <thread>

#include "services/identity/identity_fixture.h"
#include "services/identity/store/sessions.h"

namespace kubari::identity {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::MetadataOf;
using errors::Violates;
using ::testing::ElementsAre;
using ::testing::MatchesRegex;

std::string CauseOf(const absl::Status& status) { return MetadataOf(status)["cause"]; }

TEST_F(IdentityTest, ANewNetworkIsSignedInWithItsInvite) {
  const auto request =
      Text<pb::CreateNetworkRequest>(absl::StrCat(RequestId(),
                                                  "code: 'kansai' display_name: '関西' administrator_email: "
                                                  "'a@kansai.example' administrator_display_name: '花子'"));
  const auto first = Must(&Stub::CreateNetwork, kServiceKey, request);
  EXPECT_THAT(first.invite_code(), MatchesRegex("[A-HJ-NP-Z2-9]{5}(-[A-HJ-NP-Z2-9]{5}){3}"));

  // An exact replay: the same network and a new invite, which ends the former.
  const auto again = Must(&Stub::CreateNetwork, kServiceKey, request);
  EXPECT_EQ(again.network().name(), first.network().name());
  EXPECT_EQ(again.administrator().name(), first.administrator().name());
  const auto old = Do(&Stub::RedeemInvite, "",
                      Text<pb::RedeemInviteRequest>(absl::StrCat(RequestId(), "code: '", first.invite_code(), "'")));
  EXPECT_THAT(old, FailsBecause("INVITE_INVALID"));
  EXPECT_EQ(CauseOf(old.status()), "revoked");

  const pb::SignInResponse signed_in = Redeem(again.invite_code());
  EXPECT_THAT(signed_in.token(), MatchesRegex("kbs_[A-Za-z0-9_-]{43}"));
  const pb::Session session = *Session(signed_in.token());
  EXPECT_EQ(session.SerializeAsString(), signed_in.session().SerializeAsString());
  EXPECT_EQ(session.subject(), first.administrator().name());
  EXPECT_EQ(session.network().time_zone(), "Asia/Tokyo");
  EXPECT_EQ(session.network().code(), "kansai");
  ASSERT_EQ(session.grants_size(), 1);
  EXPECT_EQ(session.grants(0).organisation(), first.organisation().name());
  EXPECT_EQ(session.grants(0).role(), type::v1::ROLE_ADMINISTRATOR);

  auto changed = request;
  changed.set_display_name("関東");
  EXPECT_THAT(Do(&Stub::CreateNetwork, kServiceKey, changed), FailsBecause("REQUEST_ID_REUSED"));
  changed.set_request_id(ids::NewUuid());
  EXPECT_THAT(Do(&Stub::CreateNetwork, kServiceKey, changed), FailsBecause("NETWORK_CODE_TAKEN"));
  EXPECT_THAT(Do(&Stub::CreateNetwork, signed_in.token(), changed), FailsBecause("ROLE_NOT_ALLOWED"));
  changed.set_code("K");
  changed.set_time_zone("Mars/Base");
  changed.set_administrator_email("x");
  const auto wrong = Do(&Stub::CreateNetwork, kServiceKey, changed);
  EXPECT_THAT(wrong, Violates("code", "NOT_A_CODE"));
  EXPECT_THAT(wrong, Violates("time_zone", "UNKNOWN_TIME_ZONE"));
  EXPECT_THAT(wrong, Violates("administrator_email", "NOT_AN_EMAIL"));
}

TEST_F(IdentityTest, NetworksAreListedByCode) {
  for (const char* code : {"cc", "aa", "bb"}) MakeNetwork(code);
  std::vector<std::string> codes;
  pb::ListNetworksRequest request;
  request.set_page_size(2);
  do {
    const auto page = Must(&Stub::ListNetworks, kServiceKey, request);
    for (const auto& network : page.networks()) codes.push_back(network.code());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(codes, ElementsAre("aa", "bb", "cc"));
}

TEST_F(IdentityTest, TheLifeOfAnInvite) {
  const Network network = MakeNetwork("kansai");
  const std::string npo = MakeOrganisation(network, "OPERATOR");
  const auto invite = Must(&Stub::CreateInvite, network.token, DeviceInvite(npo, "max_uses: 2 valid_hours: 48"));
  EXPECT_EQ(invite.invite().uses_left(), 2);
  EXPECT_EQ(invite.invite().creator(), network.administrator);

  // QR text → device, however it is typed.
  std::string typed = invite.code();
  for (char& c : typed) c = c == '-' ? ' ' : static_cast<char>(std::tolower(c));
  auto join = Text<pb::RedeemInviteRequest>(
      absl::StrCat(RequestId(), "code: '", typed, "' device_display_name: '倉庫スマホ 3'"));
  const auto phone = Must(&Stub::RedeemInvite, "", join);
  EXPECT_THAT(phone.session().subject(), MatchesRegex("devices/.*"));
  EXPECT_EQ(phone.session().grants(0).organisation(), npo);
  EXPECT_EQ(phone.session().grants(0).role(), type::v1::ROLE_VOLUNTEER);
  const auto told = Must(&Stub::Authenticate, kServiceKey,
                         Text<pb::AuthenticateRequest>(absl::StrCat("token: '", phone.token(), "'")));
  EXPECT_EQ(told.session().SerializeAsString(), phone.session().SerializeAsString());

  // The answer got lost: the same device, a new token, no use taken. With hyphens or without it is the same request.
  join.set_code(invite.code());
  const auto again = Must(&Stub::RedeemInvite, "", join);
  EXPECT_EQ(again.session().subject(), phone.session().subject());
  EXPECT_NE(again.token(), phone.token());
  EXPECT_THAT(Session(phone.token()), FailsBecause("TOKEN_INVALID"));
  join.set_device_display_name("別の名前");
  EXPECT_THAT(Do(&Stub::RedeemInvite, "", join), FailsBecause("REQUEST_ID_REUSED"));
  join.set_device_display_name("倉庫スマホ 3");

  const std::string second = Redeem(invite.code()).token();
  const auto third =
      Do(&Stub::RedeemInvite, "",
         Text<pb::RedeemInviteRequest>(absl::StrCat(RequestId(), "code: '", typed, "' device_display_name: 'x'")));
  EXPECT_EQ(CauseOf(third.status()), "used_up");

  // Lost phone.
  const auto devices = Must(&Stub::ListDevices, network.token, pb::ListDevicesRequest());
  EXPECT_EQ(devices.devices_size(), 2);
  auto revoke = Text<pb::RevokeDeviceRequest>(absl::StrCat(RequestId(), "name: '", again.session().subject(), "'"));
  EXPECT_TRUE(Must(&Stub::RevokeDevice, network.token, revoke).revoked());
  EXPECT_TRUE(Must(&Stub::RevokeDevice, network.token, revoke).revoked());
  EXPECT_THAT(Session(again.token()), FailsBecause("TOKEN_INVALID"));
  EXPECT_EQ(CauseOf(Do(&Stub::RedeemInvite, "", join).status()), "revoked")
      << "a replay must not bring a revoked device back";
  EXPECT_THAT(Session(second), IsOk());

  const auto revoke_invite =
      Text<pb::RevokeInviteRequest>(absl::StrCat(RequestId(), "name: '", invite.invite().name(), "'"));
  EXPECT_TRUE(Must(&Stub::RevokeInvite, network.token, revoke_invite).revoked());
  EXPECT_THAT(Session(second), IsOk()) << "devices that joined stay";
  join.set_request_id(ids::NewUuid());
  EXPECT_EQ(CauseOf(Do(&Stub::RedeemInvite, "", join).status()), "revoked");
  join.set_code("ABCDE-ABCDE-ABCDE-ABCDE");
  EXPECT_EQ(CauseOf(Do(&Stub::RedeemInvite, "", join).status()), "unknown");
  join.set_code("O0");
  EXPECT_EQ(CauseOf(Do(&Stub::RedeemInvite, "", join).status()), "unknown");

  join.set_code(Must(&Stub::CreateInvite, network.token, DeviceInvite(npo)).code());
  join.clear_device_display_name();
  EXPECT_THAT(Do(&Stub::RedeemInvite, "", join), Violates("device_display_name", "REQUIRED"));
  clock_.Advance(absl::Hours(24));
  join.set_device_display_name("x");
  EXPECT_EQ(CauseOf(Do(&Stub::RedeemInvite, "", join).status()), "expired");
}

TEST_F(IdentityTest, AReplayedCreateInviteEndsTheOldCode) {
  const Network network = MakeNetwork("kansai");
  auto request = DeviceInvite(MakeOrganisation(network, "OPERATOR"));
  const auto first = Must(&Stub::CreateInvite, network.token, request),
             again = Must(&Stub::CreateInvite, network.token, request);
  EXPECT_EQ(first.invite().name(), again.invite().name());
  const auto old = Do(
      &Stub::RedeemInvite, "",
      Text<pb::RedeemInviteRequest>(absl::StrCat(RequestId(), "code: '", first.code(), "' device_display_name: 'x'")));
  EXPECT_EQ(CauseOf(old.status()), "unknown");
  Redeem(again.code());
  request.set_max_uses(3);
  EXPECT_THAT(Do(&Stub::CreateInvite, network.token, request), FailsBecause("REQUEST_ID_REUSED"));
}

TEST_F(IdentityTest, AnInviteIsNeverUsedMoreOftenThanItMay) {
  const Network network = MakeNetwork("kansai");
  const auto invite =
      Must(&Stub::CreateInvite, network.token, DeviceInvite(MakeOrganisation(network, "OPERATOR"), "max_uses: 3"));
  std::atomic<int> joined = 0;
  std::vector<std::thread> phones;
  for (int i = 0; i < 12; ++i) {
    phones.emplace_back([&] {
      joined += Do(&Stub::RedeemInvite, "",
                   Text<pb::RedeemInviteRequest>(
                       absl::StrCat(RequestId(), "code: '", invite.code(), "' device_display_name: 'x'")))
                    .ok();
    });
  }
  for (std::thread& phone : phones) phone.join();
  EXPECT_EQ(joined, 3);
}

TEST_F(IdentityTest, AManagerInvitesForTheOwnOrganisationOnly) {
  const Network network = MakeNetwork("kansai");
  const std::string own = MakeOrganisation(network, "OPERATOR"), other = MakeOrganisation(network, "OPERATOR");
  const pb::Person person = MakePerson(network, "m@npo.example", "WAREHOUSE_MANAGER", own);
  const std::string manager = TokenOf(network, person.name());

  const auto invite = Must(&Stub::CreateInvite, manager, DeviceInvite(own));
  EXPECT_THAT(Do(&Stub::CreateInvite, manager, DeviceInvite(other)), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Do(&Stub::CreateInvite, manager, DeviceInvite("organisations/" + ids::NewUuid())),
              FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Do(&Stub::CreateInvite, manager,
                 Text<pb::CreateInviteRequest>(absl::StrCat(RequestId(), "person: '", person.name(), "'"))),
              FailsBecause("NOT_YOUR_ORGANISATION"));
  auto stronger = DeviceInvite(own);
  stronger.mutable_grant()->set_role(type::v1::ROLE_COORDINATOR);
  EXPECT_THAT(Do(&Stub::CreateInvite, manager, stronger), Violates("grant.role", "NOT_A_DEVICE_ROLE"));

  EXPECT_THAT(Do(&Stub::ListInvites, manager, pb::ListInvitesRequest()), Violates("organisation", "REQUIRED"));
  EXPECT_THAT(Do(&Stub::ListInvites, manager, Text<pb::ListInvitesRequest>("organisation: '" + other + "'")),
              FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_EQ(
      Must(&Stub::ListInvites, manager, Text<pb::ListInvitesRequest>("organisation: '" + own + "'")).invites_size(), 1);
  EXPECT_THAT(Do(&Stub::ListDevices, manager, Text<pb::ListDevicesRequest>("organisation: '" + other + "'")),
              FailsBecause("NOT_YOUR_ORGANISATION"));

  const auto others = Must(&Stub::CreateInvite, network.token, DeviceInvite(other));
  const std::string phone = Redeem(others.code()).session().subject();
  EXPECT_THAT(
      Do(&Stub::RevokeDevice, manager, Text<pb::RevokeDeviceRequest>(absl::StrCat(RequestId(), "name: '", phone, "'"))),
      FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Do(&Stub::RevokeInvite, manager,
                 Text<pb::RevokeInviteRequest>(absl::StrCat(RequestId(), "name: '", others.invite().name(), "'"))),
              FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Do(&Stub::RevokeInvite, manager,
                 Text<pb::RevokeInviteRequest>(absl::StrCat(RequestId(), "name: '", invite.invite().name(), "'"))),
              IsOk());
  EXPECT_THAT(Do(&Stub::GetOrganisation, Redeem(Must(&Stub::CreateInvite, manager, DeviceInvite(own)).code()).token(),
                 Text<pb::GetOrganisationRequest>("name: '" + other + "'")),
              FailsBecause("NOT_YOUR_ORGANISATION"))
      << "a volunteer's phone sees its own organisation only";
}

TEST_F(IdentityTest, ACoordinatorCannotBecomeAnAdministrator) {
  const Network network = MakeNetwork("kansai");
  const std::string coordinator =
      TokenOf(network, MakePerson(network, "c@x.example", "COORDINATOR", network.intermediary).name());
  const auto invite = [&](const std::string& person) {
    return Do(&Stub::CreateInvite, coordinator,
              Text<pb::CreateInviteRequest>(absl::StrCat(RequestId(), "person: '", person, "'")));
  };
  EXPECT_THAT(invite(network.administrator), FailsBecause("INVITEE_HAS_MORE_RIGHTS"));
  EXPECT_THAT(invite("people/" + ids::NewUuid()), FailsBecause("PERSON_NOT_FOUND"));

  // Nor by repeating the administrator's own request.
  const auto own = Text<pb::CreateInviteRequest>(absl::StrCat(RequestId(), "person: '", network.administrator, "'"));
  EXPECT_THAT(Do(&Stub::CreateInvite, network.token, own), IsOk());
  EXPECT_THAT(Do(&Stub::CreateInvite, coordinator, own), FailsBecause("REQUEST_ID_REUSED"));

  // Nor by an invite made before the person became one.
  const pb::Person colleague = MakePerson(network, "d@x.example", "COORDINATOR", network.intermediary);
  const auto early = invite(colleague.name());
  ASSERT_THAT(early, IsOk());
  const auto promote =
      Text<pb::GrantRoleRequest>(absl::StrCat(RequestId(), "person: '", colleague.name(), "' grant { organisation: '",
                                              network.intermediary, "' role: ROLE_ADMINISTRATOR }"));
  EXPECT_EQ(Must(&Stub::GrantRole, network.token, promote).grants_size(), 2);
  const auto late = Do(&Stub::RedeemInvite, "",
                       Text<pb::RedeemInviteRequest>(absl::StrCat(RequestId(), "code: '", early->code(), "'")));
  EXPECT_EQ(CauseOf(late.status()), "revoked");
}

TEST_F(IdentityTest, RolesFitAndTheLastAdministratorStays) {
  const Network network = MakeNetwork("kansai");
  const std::string donor = MakeOrganisation(network, "DONOR");
  const auto grant = [&](const std::string& organisation, const std::string& role) {
    return Text<pb::GrantRoleRequest>(absl::StrCat(RequestId(), "person: '", network.administrator,
                                                   "' grant { organisation: '", organisation, "' role: ROLE_", role,
                                                   " }"));
  };
  EXPECT_THAT(Do(&Stub::GrantRole, network.token, grant(donor, "GROUP")), FailsBecause("ROLE_DOES_NOT_FIT"));
  EXPECT_THAT(Do(&Stub::GrantRole, network.token, grant(donor, "SERVICE")),
              Violates("grant.role", "ROLE_NOT_GRANTABLE"));
  EXPECT_THAT(Do(&Stub::GrantRole, network.token, grant("organisations/" + ids::NewUuid(), "DONOR")),
              FailsBecause("ORGANISATION_NOT_FOUND"));
  EXPECT_EQ(Must(&Stub::GrantRole, network.token, grant(donor, "DONOR")).grants_size(), 2);
  EXPECT_EQ(Must(&Stub::GrantRole, network.token, grant(donor, "DONOR")).grants_size(), 2) << "twice changes nothing";
  EXPECT_EQ(Session(network.token)->grants_size(), 2) << "open sessions have it at once";

  const auto revoke = [&](const std::string& person, const std::string& organisation, const std::string& role) {
    return Text<pb::RevokeRoleRequest>(absl::StrCat(RequestId(), "person: '", person, "' grant { organisation: '",
                                                    organisation, "' role: ROLE_", role, " }"));
  };
  EXPECT_EQ(Must(&Stub::RevokeRole, network.token, revoke(network.administrator, donor, "DONOR")).grants_size(), 1);
  const auto last = revoke(network.administrator, network.intermediary, "ADMINISTRATOR");
  EXPECT_THAT(Do(&Stub::RevokeRole, network.token, last), FailsBecause("LAST_ADMINISTRATOR"));
  MakePerson(network, "second@x.example", "ADMINISTRATOR", network.intermediary);
  EXPECT_THAT(Do(&Stub::RevokeRole, network.token, last), IsOk())
      << "the refusal was not recorded under the request_id";
  EXPECT_THAT(Do(&Stub::ListPeople, network.token, pb::ListPeopleRequest()), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(IdentityTest, TwoAdministratorsCannotRemoveEachOtherAtOnce) {
  const Network network = MakeNetwork("kansai");
  const std::string second = MakePerson(network, "second@x.example", "ADMINISTRATOR", network.intermediary).name();
  const std::string second_token = TokenOf(network, second);
  std::atomic<int> removed = 0;
  const auto remove = [&](const std::string& token, const std::string& person) {
    removed +=
        Do(&Stub::RevokeRole, token,
           Text<pb::RevokeRoleRequest>(absl::StrCat(RequestId(), "person: '", person, "' grant { organisation: '",
                                                    network.intermediary, "' role: ROLE_ADMINISTRATOR }")))
            .ok();
  };
  std::thread a([&] { remove(network.token, second); }), b([&] { remove(second_token, network.administrator); });
  a.join();
  b.join();
  EXPECT_EQ(removed, 1);
}

TEST_F(IdentityTest, PeopleAreUniqueByEmailAndListed) {
  const Network network = MakeNetwork("kansai");
  const std::string donor = MakeOrganisation(network, "DONOR");
  const auto create = Text<pb::CreatePersonRequest>(
      absl::StrCat(RequestId(), "display_name: 'A' email: 'Taro@Example.org' grants { organisation: '", donor,
                   "' role: ROLE_DONOR }"));
  const auto person = Must(&Stub::CreatePerson, network.token, create);
  EXPECT_EQ(person.email(), "Taro@Example.org");
  EXPECT_EQ(person.locale(), "ja");
  EXPECT_FALSE(person.has_password());
  EXPECT_EQ(Must(&Stub::CreatePerson, network.token, create).name(), person.name());
  auto changed = create;
  changed.set_display_name("B");
  EXPECT_THAT(Do(&Stub::CreatePerson, network.token, changed), FailsBecause("REQUEST_ID_REUSED"));
  changed.set_request_id(ids::NewUuid());
  changed.set_email("tARO@example.org");
  EXPECT_THAT(Do(&Stub::CreatePerson, network.token, changed), FailsBecause("EMAIL_TAKEN"));
  changed.set_locale("fr");
  changed.mutable_grants(0)->clear_organisation();
  const auto wrong = Do(&Stub::CreatePerson, network.token, changed);
  EXPECT_THAT(wrong, Violates("locale", "UNKNOWN_VALUE"));
  EXPECT_THAT(wrong, Violates("grants[0].organisation", "REQUIRED"));

  EXPECT_EQ(Must(&Stub::ListPeople, network.token, Text<pb::ListPeopleRequest>("organisation: '" + donor + "'"))
                .people_size(),
            1);
  auto list = Text<pb::ListPeopleRequest>("page_size: 1");
  const auto first = Must(&Stub::ListPeople, network.token, list);
  list.set_page_token(first.next_page_token());
  const auto second = Must(&Stub::ListPeople, network.token, list);
  EXPECT_EQ(second.next_page_token(), "");
  EXPECT_EQ(first.people(0).name(), person.name());
  EXPECT_EQ(second.people(0).name(), network.administrator);
  list.set_organisation(donor);
  EXPECT_THAT(Do(&Stub::ListPeople, network.token, list), FailsBecause("PAGE_TOKEN_INVALID"));
}

TEST_F(IdentityTest, PeopleDevicesAndOrganisationsAreSearched) {
  const Network network = MakeNetwork("kansai");
  const std::string npo = MakeOrganisation(network, "OPERATOR"), donor = MakeOrganisation(network, "DONOR");
  const auto add = [&](const std::string& name, const std::string& email, const std::string& organisation,
                       const std::string& role) {
    Must(&Stub::CreatePerson, network.token,
         Text<pb::CreatePersonRequest>(absl::StrCat(RequestId(), "display_name: '", name, "' email: '", email,
                                                    "' grants { organisation: '", organisation, "' role: ", role,
                                                    " }")));
  };
  add("佐藤 ハナ", "Hana@example.org", npo, "ROLE_WAREHOUSE_MANAGER");
  add("鈴木 100%", "ichiro@example.org", npo, "ROLE_VOLUNTEER");
  add("高橋", "jiro@example.org", donor, "ROLE_DONOR");
  const auto people = [&](const std::string& request) {
    std::string names;
    auto list = Text<pb::ListPeopleRequest>(request + " page_size: 1");
    do {
      const auto page = Must(&Stub::ListPeople, network.token, list);
      for (const auto& person : page.people()) names += person.display_name().substr(0, 3);
      list.set_page_token(page.next_page_token());
    } while (!list.page_token().empty());
    return names;
  };
  EXPECT_EQ(people("query: 'はな'"), "佐");
  EXPECT_EQ(people("query: '佐藤ハナ'"), "佐");
  EXPECT_EQ(people("query: 'ｈａｎａ'"), "佐");
  EXPECT_EQ(people("query: 'hana'"), "佐") << "in romaji";
  EXPECT_EQ(people("query: '%'"), "鈴");
  EXPECT_EQ(people("query: '_'"), "");
  EXPECT_EQ(people("query: 'example.org' organisation: '" + npo + "'"), "佐鈴");
  EXPECT_EQ(people("role: ROLE_DONOR"), "高");
  EXPECT_EQ(people("role: ROLE_DONOR organisation: '" + npo + "'"), "");
  EXPECT_EQ(people("role: ROLE_VOLUNTEER organisation: '" + npo + "'"), "鈴");
  EXPECT_EQ(people("role: ROLE_WAREHOUSE_MANAGER query: 'ハナ'"), "佐");
  EXPECT_THAT(Do(&Stub::ListPeople, network.token,
                 Text<pb::ListPeopleRequest>("query: '" + std::string(201, 'x') + "' role: 99")),
              Violates("query", "TOO_LONG"));

  const auto invite = Must(&Stub::CreateInvite, network.token, DeviceInvite(npo, "max_uses: 2"));
  for (const char* name : {"スマホ 1", "タブレット"}) {
    Must(&Stub::RedeemInvite, "",
         Text<pb::RedeemInviteRequest>(
             absl::StrCat(RequestId(), "code: '", invite.code(), "' device_display_name: '", name, "'")));
  }
  const auto devices = Must(&Stub::ListDevices, network.token, Text<pb::ListDevicesRequest>("query: 'ｽﾏﾎ1'"));
  ASSERT_EQ(devices.devices_size(), 1);
  EXPECT_EQ(devices.devices(0).display_name(), "スマホ 1");
  EXPECT_THAT(
      Do(&Stub::ListDevices, network.token, Text<pb::ListDevicesRequest>("query: '" + std::string(201, 'x') + "'")),
      Violates("query", "TOO_LONG"));

  const std::string group = ids::NewUuid();
  Must(&Stub::CreateOrganisation, network.token,
       Text<pb::CreateOrganisationRequest>(absl::StrCat(RequestId(), "organisation_id: '", group,
                                                        "' kind: ORGANISATION_KIND_GROUP display_name: 'みなみ食堂'")));
  const auto organisations =
      Must(&Stub::ListOrganisations, network.token, Text<pb::ListOrganisationsRequest>("query: 'ミナミ'"));
  ASSERT_EQ(organisations.organisations_size(), 1);
  EXPECT_EQ(organisations.organisations(0).name(), "organisations/" + group);
  EXPECT_EQ(Must(&Stub::ListOrganisations, network.token,
                 Text<pb::ListOrganisationsRequest>("query: 'ミナミ' kind: ORGANISATION_KIND_DONOR"))
                .organisations_size(),
            0);
}

TEST_F(IdentityTest, AnOrganisationMayBeRegisteredTwiceWithTheSameContent) {
  const Network network = MakeNetwork("kansai");
  const std::string id = ids::NewUuid();
  const auto request = [&](const std::string& name) {
    return Text<pb::CreateOrganisationRequest>(absl::StrCat(
        RequestId(), "organisation_id: '", id, "' kind: ORGANISATION_KIND_GROUP display_name: '", name, "'"));
  };
  EXPECT_EQ(Must(&Stub::CreateOrganisation, kServiceKey, request("食堂"), network.id).name(), "organisations/" + id);
  EXPECT_THAT(Do(&Stub::CreateOrganisation, network.token, request("食堂")), IsOk());
  EXPECT_THAT(Do(&Stub::CreateOrganisation, network.token, request("別")), FailsBecause("ORGANISATION_EXISTS"));
  EXPECT_THAT(Do(&Stub::CreateOrganisation, kServiceKey, request("食堂")), FailsBecause("METADATA_INVALID"))
      << "a service names its network";
  EXPECT_EQ(
      Must(&Stub::ListOrganisations, network.token, Text<pb::ListOrganisationsRequest>("kind: ORGANISATION_KIND_GROUP"))
          .organisations_size(),
      1);
  EXPECT_EQ(Must(&Stub::ListOrganisations, network.token, pb::ListOrganisationsRequest()).organisations_size(), 2);
}

TEST_F(IdentityTest, ApiKeys) {
  const Network network = MakeNetwork("kansai");
  const auto request = Text<pb::CreateApiKeyRequest>(absl::StrCat(
      RequestId(), "display_name: 'POS' grant { organisation: '", network.intermediary, "' role: ROLE_COORDINATOR }"));
  const auto first = Must(&Stub::CreateApiKey, network.token, request);
  EXPECT_THAT(first.key(), MatchesRegex("kbk_[A-Za-z0-9_-]{43}"));
  EXPECT_EQ(Session(first.key())->subject(), first.api_key().name());
  EXPECT_FALSE(Session(first.key())->has_expire_time());
  const auto again = Must(&Stub::CreateApiKey, network.token, request);
  EXPECT_EQ(again.api_key().name(), first.api_key().name());
  EXPECT_THAT(Session(first.key()), FailsBecause("TOKEN_INVALID"));
  clock_.Advance(absl::Hours(24 * 1000));
  EXPECT_THAT(Session(again.key()), IsOk());
  EXPECT_THAT(Do(&Stub::SignOut, again.key(), pb::SignOutRequest()), FailsBecause("NOT_A_SESSION"));
  EXPECT_THAT(
      Do(&Stub::SetPassword, again.key(), Text<pb::SetPasswordRequest>(RequestId() + "new_password: 'correct horse'")),
      FailsBecause("NOT_A_PERSON"));
  clock_.Advance(-absl::Hours(24 * 1000));
  const auto revoke = Text<pb::RevokeApiKeyRequest>(absl::StrCat(RequestId(), "name: '", first.api_key().name(), "'"));
  EXPECT_TRUE(Must(&Stub::RevokeApiKey, network.token, revoke).revoked());
  EXPECT_THAT(Session(again.key()), FailsBecause("TOKEN_INVALID"));
  EXPECT_THAT(Session(Must(&Stub::CreateApiKey, network.token, request).key()), FailsBecause("TOKEN_INVALID"))
      << "a replay does not bring it back";
  EXPECT_TRUE(Must(&Stub::ListApiKeys, network.token, pb::ListApiKeysRequest()).api_keys(0).revoked());
}

TEST_F(IdentityTest, LastSeenIsWrittenEveryFiveMinutesAtMost) {
  const Network network = MakeNetwork("kansai");
  const auto phone =
      Redeem(Must(&Stub::CreateInvite, network.token, DeviceInvite(MakeOrganisation(network, "OPERATOR"))).code());
  const auto seen = [&] {
    return Must(&Stub::ListDevices, network.token, pb::ListDevicesRequest()).devices(0).last_seen_time().seconds();
  };
  EXPECT_THAT(Session(phone.token()), IsOk());
  EXPECT_EQ(seen(), 0);
  clock_.Advance(absl::Minutes(5));
  const int64_t then = absl::ToUnixSeconds(clock_.Now());
  EXPECT_THAT(Session(phone.token()), IsOk());
  EXPECT_EQ(seen(), then);
  clock_.Advance(absl::Minutes(4));
  EXPECT_THAT(Session(phone.token()), IsOk());
  EXPECT_EQ(seen(), then);
}

TEST_F(IdentityTest, SessionsExpireAndAreCleanedAway) {
  const Network network = MakeNetwork("kansai");
  const auto phone =
      Redeem(Must(&Stub::CreateInvite, network.token, DeviceInvite(MakeOrganisation(network, "OPERATOR"))).code());
  clock_.Advance(absl::Hours(24 * 14) - absl::Seconds(1));
  EXPECT_THAT(Session(network.token), IsOk());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Session(network.token), FailsBecause("TOKEN_INVALID"));
  EXPECT_THAT(Session(phone.token()), IsOk());
  EXPECT_EQ(*DeleteExpired(pool_, clock_.Now()), 1);
  clock_.Advance(absl::Hours(24 * 166));
  EXPECT_THAT(Session(phone.token()), FailsBecause("TOKEN_INVALID"));
  EXPECT_EQ(*DeleteExpired(pool_, clock_.Now()), 1);
  EXPECT_EQ(*DeleteExpired(pool_, clock_.Now()), 0);
}

}  // namespace
}  // namespace kubari::identity
