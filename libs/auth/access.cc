#include "libs/auth/access.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <set>

#include "libs/auth/authenticator.h"
#include "libs/errors/errors.h"

namespace kubari::auth {
namespace {

using kubari::type::v1::Access;

template <typename Roles>
bool Contains(const Roles& roles, Role role) {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

absl::Status RoleNotAllowed(const google::protobuf::MethodDescriptor& method, const Access& access,
                            const Principal& principal) {
  std::vector<std::string> names, english, japanese;
  const auto add = [&](int number) {
    const Role role = static_cast<Role>(number);
    names.push_back(kubari::type::v1::Role_Name(role));
    english.emplace_back(EnglishName(role));
    japanese.emplace_back(JapaneseName(role));
  };
  for (const int role : access.roles()) add(role);
  for (const int role : access.own_roles()) {
    if (!Contains(access.roles(), static_cast<Role>(role))) add(role);
  }
  if (names.empty()) add(kubari::type::v1::ROLE_SERVICE);  // a method without a rule

  std::set<std::string> held_names, held_english, held_japanese;
  for (const Grant& grant : principal.grants) {
    held_names.insert(kubari::type::v1::Role_Name(grant.role));
    held_english.emplace(EnglishName(grant.role));
    held_japanese.emplace(JapaneseName(grant.role));
  }
  return errors::Make(
      absl::StatusCode::kPermissionDenied, "ROLE_NOT_ALLOWED",
      absl::StrCat(method.name(), " may be called by: ", absl::StrJoin(english, ", "), ". You are: ",
                   held_english.empty() ? "without a role" : absl::StrJoin(held_english, ", "),
                   ". Ask an administrator of your network for the role."),
      absl::StrCat("この操作（", method.name(), "）ができるのは、", absl::StrJoin(japanese, "、"), "です。あなたの役割は",
                   held_japanese.empty() ? "ありません" : absl::StrCat(absl::StrJoin(held_japanese, "、"), "です"),
                   "。必要な場合は管理者に役割の付与を依頼してください。"),
      {{"method", method.full_name()},
       {"allowed_roles", absl::StrJoin(names, ",")},
       {"held_roles", absl::StrJoin(held_names, ",")}});
}

}  // namespace

bool AccessScope::Includes(std::string_view organisation_id) const {
  return whole_network || std::binary_search(organisation_ids.begin(), organisation_ids.end(), organisation_id);
}

const Access& AccessOf(const google::protobuf::MethodDescriptor& method) {
  return method.options().GetExtension(kubari::type::v1::access);
}

bool IsPublic(const google::protobuf::MethodDescriptor& method) { return AccessOf(method).public_(); }

absl::StatusOr<AccessScope> Judge(const google::protobuf::MethodDescriptor& method, const Principal* principal) {
  const Access& access = AccessOf(method);
  const bool signed_in = principal != nullptr && !principal->anonymous();
  if (!signed_in) {
    if (access.public_()) return AccessScope{};
    return TokenMissing();
  }
  const auto holds = [&](int role) { return principal->HasRole(static_cast<Role>(role)); };
  if (principal->is_service || access.any_role() || std::any_of(access.roles().begin(), access.roles().end(), holds)) {
    return AccessScope{.whole_network = true};
  }
  std::set<std::string> own;
  for (const int role : access.own_roles()) {
    for (std::string& id : principal->OrganisationsWith(static_cast<Role>(role))) own.insert(std::move(id));
  }
  if (own.empty() && !access.public_()) return RoleNotAllowed(method, access, *principal);
  return AccessScope{.organisation_ids = {own.begin(), own.end()}};
}

absl::Status NotYourOrganisation(std::string_view what) {
  const std::string resource(what);
  return errors::Make(absl::StatusCode::kPermissionDenied, "NOT_YOUR_ORGANISATION",
                      absl::StrCat(resource, " belongs to another organisation; you may see and change your own only."),
                      absl::StrCat(resource, " は別の団体のものです。ご自分の団体のものだけ操作できます。"), {{"resource", resource}});
}

std::string_view EnglishName(Role role) {
  switch (role) {
    case kubari::type::v1::ROLE_VOLUNTEER: return "volunteer";
    case kubari::type::v1::ROLE_WAREHOUSE_MANAGER: return "warehouse manager";
    case kubari::type::v1::ROLE_COORDINATOR: return "coordinator";
    case kubari::type::v1::ROLE_DONOR: return "donor";
    case kubari::type::v1::ROLE_GROUP: return "group";
    case kubari::type::v1::ROLE_AUDITOR: return "auditor";
    case kubari::type::v1::ROLE_ADMINISTRATOR: return "administrator";
    case kubari::type::v1::ROLE_SERVICE: return "another service of this installation";
    case kubari::type::v1::ROLE_PARTNER: return "partner who asks for food support";
    default: return "unknown role";
  }
}

std::string_view JapaneseName(Role role) {
  switch (role) {
    case kubari::type::v1::ROLE_VOLUNTEER: return "倉庫ボランティア";
    case kubari::type::v1::ROLE_WAREHOUSE_MANAGER: return "倉庫管理者";
    case kubari::type::v1::ROLE_COORDINATOR: return "コーディネーター";
    case kubari::type::v1::ROLE_DONOR: return "寄付企業";
    case kubari::type::v1::ROLE_GROUP: return "受取団体";
    case kubari::type::v1::ROLE_AUDITOR: return "監査担当";
    case kubari::type::v1::ROLE_ADMINISTRATOR: return "管理者";
    case kubari::type::v1::ROLE_SERVICE: return "システム内部のサービス";
    case kubari::type::v1::ROLE_PARTNER: return "依頼機関";
    default: return "不明な役割";
  }
}

}  // namespace kubari::auth
