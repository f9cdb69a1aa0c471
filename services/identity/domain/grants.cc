#include "services/identity/domain/grants.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <set>

#include "libs/auth/access.h"
#include "libs/errors/errors.h"

namespace kubari::identity {
namespace {

using namespace kubari::type::v1;

std::string KindInEnglish(pb::OrganisationKind kind) {
  switch (kind) {
    case pb::ORGANISATION_KIND_INTERMEDIARY:
      return "the intermediary";
    case pb::ORGANISATION_KIND_OPERATOR:
      return "an operator";
    case pb::ORGANISATION_KIND_DONOR:
      return "a donor";
    case pb::ORGANISATION_KIND_GROUP:
      return "a group";
    case pb::ORGANISATION_KIND_AUDITOR:
      return "an auditor";
    case pb::ORGANISATION_KIND_PARTNER:
      return "a municipality or social-welfare council";
    default:
      return "of unknown kind";
  }
}

std::string KindInJapanese(pb::OrganisationKind kind) {
  switch (kind) {
    case pb::ORGANISATION_KIND_INTERMEDIARY:
      return "中間支援組織";
    case pb::ORGANISATION_KIND_OPERATOR:
      return "倉庫を持つNPO";
    case pb::ORGANISATION_KIND_DONOR:
      return "寄付企業";
    case pb::ORGANISATION_KIND_GROUP:
      return "受取団体";
    case pb::ORGANISATION_KIND_AUDITOR:
      return "監査機関";
    case pb::ORGANISATION_KIND_PARTNER:
      return "自治体・社会福祉協議会";
    default:
      return "種類不明";
  }
}

}  // namespace

bool RoleFits(auth::Role role, pb::OrganisationKind kind) {
  switch (role) {
    case ROLE_DONOR:
      return kind == pb::ORGANISATION_KIND_DONOR;
    case ROLE_GROUP:
      return kind == pb::ORGANISATION_KIND_GROUP;
    case ROLE_PARTNER:
      return kind == pb::ORGANISATION_KIND_PARTNER;
    case ROLE_VOLUNTEER:
    case ROLE_WAREHOUSE_MANAGER:
      return kind == pb::ORGANISATION_KIND_OPERATOR || kind == pb::ORGANISATION_KIND_INTERMEDIARY;
    case ROLE_COORDINATOR:
    case ROLE_ADMINISTRATOR:
      return kind == pb::ORGANISATION_KIND_INTERMEDIARY;
    case ROLE_AUDITOR:
      return kind == pb::ORGANISATION_KIND_AUDITOR || kind == pb::ORGANISATION_KIND_INTERMEDIARY;
    default:
      return false;
  }
}

absl::Status CheckGrants(const std::vector<auth::Grant>& grants,
                         const std::map<std::string, pb::OrganisationKind>& kinds) {
  std::set<std::string> missing;
  std::vector<std::string> english, japanese, misfits;
  for (const auth::Grant& grant : grants) {
    const auto found = kinds.find(grant.organisation_id);
    const std::string name = absl::StrCat("organisations/", grant.organisation_id);
    if (found == kinds.end()) {
      missing.insert(name);
    } else if (!RoleFits(grant.role, found->second)) {
      misfits.push_back(absl::StrCat(Role_Name(grant.role), "@", name));
      english.push_back(absl::StrCat(std::string(auth::EnglishName(grant.role)), " in ", name, ", which is ",
                                     KindInEnglish(found->second)));
      japanese.push_back(
          absl::StrCat(name, "（", KindInJapanese(found->second), "）の", std::string(auth::JapaneseName(grant.role))));
    }
  }
  if (!missing.empty()) {
    const std::string names = absl::StrJoin(missing, ", ");
    return errors::Make(absl::StatusCode::kNotFound, "ORGANISATION_NOT_FOUND",
                        absl::StrCat("There is no ", names, " in this network. Register the organisation first."),
                        absl::StrCat("このネットワークに ", names, " はありません。先に団体を登録してください。"),
                        {{"resource", names}});
  }
  if (!misfits.empty()) {
    return errors::Make(absl::StatusCode::kFailedPrecondition, "ROLE_DOES_NOT_FIT",
                        absl::StrCat("These roles cannot be held there: ", absl::StrJoin(english, "; "),
                                     ". Choose a role that fits the kind of organisation."),
                        absl::StrCat("次の役割はその団体では持てません：", absl::StrJoin(japanese, "、"),
                                     "。団体の種類に合う役割を選んでください。"),
                        {{"grants", absl::StrJoin(misfits, ",")}});
  }
  return absl::OkStatus();
}

absl::Status CheckMayInvitePerson(const auth::Principal& caller, const std::vector<auth::Grant>& invitee) {
  if (caller.is_service || caller.HasRole(ROLE_ADMINISTRATOR)) return absl::OkStatus();
  const bool stronger =
      std::any_of(invitee.begin(), invitee.end(), [](const auth::Grant& g) { return EndsOpenInvites(g.role); });
  if (caller.HasRole(ROLE_COORDINATOR) && !stronger) return absl::OkStatus();
  return errors::Make(
      absl::StatusCode::kPermissionDenied, "INVITEE_HAS_MORE_RIGHTS",
      "An invite signs in as this person, who may do more than you. Ask an administrator of your network to make it.",
      "招待を使うとこの方としてサインインできますが、この方にはあなたより強い権限があります。管理者に招待の作成を依頼し"
      "てください。");
}

bool EndsOpenInvites(auth::Role role) { return role == ROLE_ADMINISTRATOR || role == ROLE_AUDITOR; }

}  // namespace kubari::identity
