// Who may call what, over every RPC of the contract: rules that each method must keep, and the whole matrix as a file
// that people read.
#include "libs/auth/access.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "libs/contract/contract.h"

namespace kubari {
namespace {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using namespace kubari::type::v1;

constexpr Role kRoles[] = {ROLE_VOLUNTEER, ROLE_WAREHOUSE_MANAGER, ROLE_COORDINATOR,  ROLE_DONOR,
                           ROLE_GROUP,     ROLE_AUDITOR,           ROLE_ADMINISTRATOR, ROLE_PARTNER};

// Nobody is signed in yet.
const std::set<std::string> kPublic = {"kubari.groups.v1.ApplicationsService.GetApplicationForm",
                                       "kubari.groups.v1.ApplicationsService.SubmitApplication",
                                       "kubari.groups.v1.ApplicationsService.ConfirmApplication",
                                       "kubari.groups.v1.MunicipalitiesService.ListMunicipalities",
                                       "kubari.identity.v1.IdentityService.SignIn",
                                       "kubari.identity.v1.IdentityService.RedeemInvite",
                                       "kubari.notifications.v1.NotificationsService.StopEmails",
                                       "kubari.support.v1.CampaignService.GetPublicCampaign",
                                       "kubari.support.v1.CampaignService.SubmitApplication",
                                       "kubari.support.v1.CampaignService.GetPublicApplication",
                                       "kubari.support.v1.CampaignService.WithdrawApplication"};
// Change something without a request_id: signing in twice gives two sessions, signing out twice is the same as once,
// of movements sent together each has its own, an address is confirmed once, and mail programs that stop e-mails know no ids.
const std::set<std::string> kWithoutRequestId = {"kubari.groups.v1.ApplicationsService.ConfirmApplication",
                                                 "kubari.identity.v1.IdentityService.SignIn",
                                                 "kubari.identity.v1.IdentityService.SignOut",
                                                 "kubari.notifications.v1.NotificationsService.AcceptNotices",
                                                 "kubari.notifications.v1.NotificationsService.StopEmails",
                                                 "kubari.stock.v1.StockService.RecordMovements"};
// Mutations that every role may make, for they touch nothing but the caller's own account.
const std::set<std::string> kOwnAccount = {"kubari.identity.v1.IdentityService.SetPassword", "kubari.identity.v1.IdentityService.SetLocale",
                                           "kubari.notifications.v1.NotificationsService.MarkNotices",
                                           "kubari.notifications.v1.NotificationsService.UpdatePreferences"};

// Every method, in order of file and declaration.
std::vector<const MethodDescriptor*> Methods() {
  std::vector<const MethodDescriptor*> methods;
  for (const auto* service : ContractServices()) {
    for (int m = 0; m < service->method_count(); ++m) methods.push_back(service->method(m));
  }
  return methods;
}

bool IsMutation(const MethodDescriptor& method) {
  return method.input_type()->FindFieldByName("request_id") != nullptr;
}

bool ReadsByName(const std::string& name) {
  for (const char* verb : {"Get", "List", "Count", "Preview", "Suggest", "Print", "LookUp", "Read", "Search", "Trace",
                           "Verify", "Check", "Replay", "Export", "Explain", "Try", "Authenticate"}) {
    if (name.rfind(verb, 0) == 0) return true;
  }
  return false;
}

bool Names(const google::protobuf::RepeatedField<int>& roles, Role role) {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

TEST(Access, ThereAreServices) { EXPECT_GE(Methods().size(), 80u); }

TEST(Access, EveryMethodHasARule) {
  for (const MethodDescriptor* method : Methods()) {
    EXPECT_TRUE(method->options().HasExtension(access)) << method->full_name();
    const Access& rule = auth::AccessOf(*method);
    EXPECT_TRUE(rule.public_() || rule.any_role() || rule.roles_size() + rule.own_roles_size() > 0)
        << method->full_name() << ": nobody may call it";
    EXPECT_LE(rule.public_() + rule.any_role() + (rule.roles_size() + rule.own_roles_size() > 0), 1)
        << method->full_name() << ": one kind of rule";
    for (const int role : rule.roles()) {
      EXPECT_TRUE(role != ROLE_UNSPECIFIED && Role_IsValid(role)) << method->full_name();
      EXPECT_FALSE(Names(rule.own_roles(), static_cast<Role>(role)))
          << method->full_name() << ": " << Role_Name(static_cast<Role>(role)) << " is named twice";
    }
    for (const int role : rule.own_roles())
      EXPECT_TRUE(role != ROLE_UNSPECIFIED && role != ROLE_SERVICE && Role_IsValid(role)) << method->full_name();
  }
}

TEST(Access, OnlySigningInIsPublic) {
  std::set<std::string> open;
  for (const MethodDescriptor* method : Methods()) {
    if (auth::IsPublic(*method)) open.insert(method->full_name());
  }
  EXPECT_EQ(open, kPublic);
}

TEST(Access, EveryMutationHasARequestId) {
  for (const MethodDescriptor* method : Methods()) {
    const std::string& name = method->full_name();
    if (kWithoutRequestId.contains(name)) {
      EXPECT_FALSE(IsMutation(*method)) << name << " has a request_id now: take it off the list";
    } else if (ReadsByName(method->name())) {
      EXPECT_FALSE(IsMutation(*method)) << name << " has the name of a reading method, and a request_id";
    } else {
      const auto* id = method->input_type()->FindFieldByName("request_id");
      ASSERT_NE(id, nullptr) << name << " changes something: its request needs request_id (or it is named Get…, List…)";
      EXPECT_EQ(id->type(), google::protobuf::FieldDescriptor::TYPE_STRING) << name;
    }
  }
}

TEST(Access, AnAuditorChangesNothing) {
  for (const MethodDescriptor* method : Methods()) {
    if (!IsMutation(*method) || auth::IsPublic(*method) || kOwnAccount.contains(method->full_name())) continue;
    const auth::Principal auditor{.network_id = "n", .subject = "people/a", .grants = {{"o", ROLE_AUDITOR}}};
    EXPECT_FALSE(auth::Judge(*method, &auditor).ok()) << method->full_name();
  }
}

TEST(Access, ListsHavePages) {
  for (const MethodDescriptor* method : Methods()) {
    const bool in = method->input_type()->FindFieldByName("page_token") != nullptr,
               out = method->output_type()->FindFieldByName("next_page_token") != nullptr;
    EXPECT_EQ(in, out) << method->full_name();
    EXPECT_TRUE(!in || method->input_type()->FindFieldByName("page_size") != nullptr) << method->full_name();
  }
}

// "all": everything in the network. "own": what belongs to the organisation in which the role is held. "·": refused.
std::string Cell(const MethodDescriptor& method, const auth::Principal* principal) {
  const absl::StatusOr<auth::AccessScope> scope = auth::Judge(method, principal);
  if (!scope.ok()) return "·";
  if (auth::IsPublic(method)) return "all";
  if (scope->whole_network) return "all";
  return scope->organisation_ids.empty() ? "none" : "own";
}

std::string Matrix() {
  std::string out =
      "# Who may call what, as libs/auth judges it: all = everything in the caller's network, own = what belongs to an "
      "organisation in\n"
      "# which the caller holds the role, · = refused. Generated from the contract; a change here is a change of "
      "rights: review it, then\n"
      "#   KUBARI_UPDATE_GOLDEN=1 build/tests/contract_access_test\n";
  const ServiceDescriptor* service = nullptr;
  for (const MethodDescriptor* method : Methods()) {
    if (method->service() != service) {
      service = method->service();
      absl::StrAppend(&out, "\n", absl::StrFormat("%-28s", service->name()),
                      "anyone volunteer manager coordinator donor group auditor administrator partner service\n");
    }
    const auto pad = [](std::string cell, size_t width) {
      // "·" takes two bytes and one column.
      return cell + std::string(width - (cell == "·" ? 1 : cell.size()), ' ');
    };
    std::string line = absl::StrFormat("%-28s", method->name());
    line += pad(Cell(*method, nullptr), 7);
    constexpr size_t kWidths[] = {10, 8, 12, 6, 6, 8, 14, 8};
    for (size_t i = 0; i < std::size(kRoles); ++i) {
      const auth::Principal principal{.network_id = "n", .subject = "people/p", .grants = {{"o", kRoles[i]}}};
      line += pad(Cell(*method, &principal), kWidths[i]);
    }
    const auth::Principal other_service{.network_id = "n", .subject = "services/kubari", .is_service = true};
    absl::StrAppend(&out, line, Cell(*method, &other_service), "\n");
  }
  return out;
}

TEST(Access, TheMatrixIsAsAgreed) {
  const std::string matrix = Matrix();
  if (std::getenv("KUBARI_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(MATRIX_FILE) << matrix;
    GTEST_SKIP() << "wrote " << MATRIX_FILE;
  }
  std::ifstream file(MATRIX_FILE);
  std::stringstream agreed;
  agreed << file.rdbuf();
  EXPECT_EQ(matrix, agreed.str())
      << "If the change of rights is wanted, run this test with KUBARI_UPDATE_GOLDEN=1 and commit access_matrix.txt.";
}

TEST(Access, NobodyWithoutARoleMayCallWhatIsNotPublic) {
  const auth::Principal nobody{.network_id = "n", .subject = "people/p"};
  for (const MethodDescriptor* method : Methods()) {
    const bool open = auth::IsPublic(*method);
    EXPECT_EQ(auth::Judge(*method, nullptr).ok(), open) << method->full_name();
    EXPECT_EQ(auth::Judge(*method, &nobody).ok(), open || auth::AccessOf(*method).any_role()) << method->full_name();
  }
}

}  // namespace
}  // namespace kubari
