// Applying for membership without signing in. Every input is a stranger's: nothing is told of what is there, and little can be sent.
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/auth/tokens.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"
#include "libs/outbox/outbox.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "services/groups/application_handler.h"
#include "services/groups/application_store.h"
#include "services/groups/domain/group.h"
#include "services/groups/domain/profile.h"
#include "services/groups/domain/sections.h"
#include "services/groups/group_store.h"
#include "services/groups/rules_store.h"

namespace kubari::groups {
namespace {

constexpr int kADayFromAddress = 3;
constexpr int kADayInNetwork = 200;
constexpr absl::Duration kUnconfirmedFor = absl::Hours(24 * 30);
// Without 0/O and 1/I; 20 of 32 are 100 bits.
constexpr std::string_view kAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
constexpr int kCodeLength = 20;
// Namespace of group ids, derived from the request so that a retry is the same group.
constexpr char kAppliedGroups[] = "3c9b1f0e-62f4-4a57-8d1c-5e7a90b6f2d4";

absl::Status ApplicationsClosed() {
  return errors::Make(absl::StatusCode::kFailedPrecondition, "APPLICATIONS_CLOSED",
                      "This network takes no applications by the form at the moment; please ask it directly.",
                      "現在、フォームからの申し込みは受け付けていません。運営団体に直接お問い合わせください。");
}

absl::Status TooManyApplications() {
  return errors::WithRetry(
      errors::Make(absl::StatusCode::kResourceExhausted, "TOO_MANY_APPLICATIONS",
                   "There were several applications already today; please try again tomorrow.",
                   "本日はすでに複数の申し込みがありました。明日もう一度お試しください。"),
      absl::Hours(24));
}

absl::Status ApplicationNotFound() {
  return errors::Make(absl::StatusCode::kNotFound, "APPLICATION_NOT_FOUND",
                      "There is no application with this code, or nobody confirmed it in time. Open the link in the e-mail again.",
                      "このコードの申し込みは見つかりません（期限までに確認されなかった可能性があります）。メールのリンクをもう一度開いてください。");
}

// What an applicant may say; the rest is the network's.
std::vector<std::string> AppliedFields() {
  std::vector<std::string> fields;
  for (const std::string& field : SettableFields()) {
    if (CheckOwnFields({field}).ok()) fields.push_back(field);
  }
  return fields;
}

void WriteMail(pg::Transaction& tx, const v1::Application& application, const std::string& network_code,
               const std::string& network_name, const std::string& group_name, const std::string& code, absl::Time now,
               const std::string& service_key) {
  outbox::Notice notice = outbox::Make(
      notifications::v1::NOTICE_KIND_APPLICATION_SUBMITTED,
      {.ja = absl::StrCat(network_name, ": お申し込みの確認"), .en = absl::StrCat(network_name, ": please confirm your application")},
      {.ja = absl::StrCat(group_name,
                          " の参加のお申し込みを受け付けました。下のリンクを開くと、メールアドレスの確認が済みます。そのあとも同じリンクで、"
                          "審査の状況を見られます。\nお心当たりがない場合は、何もしないでください。30日で消えます。"),
       .en = absl::StrCat("We have received the application of ", group_name,
                          ". Open the link below to confirm your e-mail address; later it shows you how your application stands.\n"
                          "If you did not apply, do nothing: it is erased after 30 days.")},
      absl::StrCat("/apply/", network_code, ".", code), now);
  outbox::ToMailbox(notice, application.applicant_email(), application.applicant_display_name(),
                    application.locale() == "en" ? "en" : "ja");
  outbox::WriteConfidential(tx, std::move(notice), service_key);
}

void TellCoordinators(pg::Transaction& tx, const std::string& group_id, const std::string& name, absl::Time now) {
  outbox::Notice notice = outbox::Make(
      notifications::v1::NOTICE_KIND_APPLICATION_SUBMITTED,
      {.ja = absl::StrCat(name, " から参加の申し込みがありました"), .en = absl::StrCat(name, " has applied to join")},
      {.ja = "申請の画面で内容を確かめ、確認項目に印を付けて、承認するか見送るかを決めてください。",
       .en = "Look at the application, tick what you have checked, and approve or reject it."},
      absl::StrCat("/applications/", group_id), now);
  notice.set_notice_id(outbox::IdOf({"group applied", group_id}));
  outbox::ToHolders(notice, type::v1::ROLE_COORDINATOR);
  (*notice.mutable_facts())["group"] = ids::Name("groups", group_id);
  outbox::Write(tx, notice);
}

}  // namespace

absl::StatusOr<v1::ApplicationForm> ApplicationsHandler::GetApplicationForm(
    const rpc::Call& call, const v1::GetApplicationFormRequest& request) {
  errors::Violations violations;
  violations.Text("network_code", request.network_code(), 0, 40);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const identity::v1::Network network, networks_.Find(call, request.network_code()));
  const rpc::Call inside = registry::Networks::Inside(call, network);
  ASSIGN_OR_RETURN(const v1::GroupRules rules,
                   pool_.Read(registry::TxOf(inside), [](pg::Transaction& tx) { return LoadRules(tx); }));
  v1::ApplicationForm form;
  form.set_network_code(network.code());
  form.set_network_display_name(network.display_name());
  form.set_open(rules.applications_open());
  form.set_note(rules.application_note());
  return form;
}

absl::StatusOr<v1::SubmitApplicationResponse> ApplicationsHandler::SubmitApplication(
    const rpc::Call& call, const v1::SubmitApplicationRequest& request) {
  v1::Group group = Settable(request.group());
  group.clear_code();
  group.clear_hub();
  group.clear_evidence();
  group.set_need_percent(100);
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Text("network_code", request.network_code(), 0, 40);
  violations.Text("applicant_display_name", request.applicant_display_name(), 1, 100);
  violations.Text("message", request.message(), 0, 2'000);
  violations.Require(outbox::IsMailAddress(request.applicant_email()), "applicant_email",
                     request.applicant_email().empty() ? "REQUIRED" : "NOT_AN_EMAIL",
                     "An e-mail address is needed, written as name@example.org; the confirmation goes there.",
                     "メールアドレスが必要です。name@example.org の形で書いてください。確認のメールをお送りします。");
  violations.Require(request.locale().empty() || request.locale() == "ja" || request.locale() == "en", "locale",
                     "UNKNOWN_VALUE", "The language is ja or en.", "言語は ja か en です。");
  CheckProfile(violations, group, AppliedFields());
  RETURN_IF_ERROR(violations.status());
  RETURN_IF_ERROR(CheckTogether(group));
  if (!request.website().empty()) return v1::SubmitApplicationResponse();  // no person filled this in

  ASSIGN_OR_RETURN(const identity::v1::Network network, networks_.Find(call, request.network_code()));
  const rpc::Call inside = registry::Networks::Inside(call, network);
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(inside, clock_));
  const std::string group_id =
      ids::DeriveV5(kAppliedGroups, absl::StrCat(inside.principal.network_id, "/", request.request_id()));
  return registry::Mutate<v1::SubmitApplicationResponse>(
      pool_, inside, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::SubmitApplicationResponse> {
        const absl::Time now = clock_.Now();
        ASSIGN_OR_RETURN(const v1::GroupRules rules, LoadRules(tx));
        if (!rules.applications_open()) return ApplicationsClosed();
        EraseUnconfirmed(tx, now - kUnconfirmedFor);
        ASSIGN_OR_RETURN(const RecentApplications recent,
                         CountApplications(tx, request.applicant_email(), now - absl::Hours(24)));
        if (recent.from_address >= kADayFromAddress || recent.in_network >= kADayInNetwork) return TooManyApplications();

        v1::Group applied = group;
        applied.set_name(ids::Name("groups", group_id));
        applied.set_state(v1::GROUP_STATE_UNCONFIRMED);
        applied.set_code(absl::StrFormat("A%02d%02d%02d-%s", today.year() % 100, today.month(), today.day(),
                                         auth::RandomCode(kAlphabet, 6)));
        for (v1::Site& site : *applied.mutable_sites()) site.set_id(ids::NewUuid());
        *applied.mutable_create_time() = registry::ToTimestamp(now);
        Confirm(applied, AllSections(), {.display_name = request.applicant_display_name()}, today, now);
        v1::Application application;
        application.set_applicant_display_name(request.applicant_display_name());
        application.set_applicant_email(request.applicant_email());
        application.set_message(request.message());
        application.set_locale(request.locale());
        RETURN_IF_ERROR(InsertGroup(tx, applied, now, application));
        RecordConfirmations(tx, group_id, AllSections(), now);
        const std::string code = auth::RandomCode(kAlphabet, kCodeLength);
        InsertCode(tx, auth::HashToken(code), group_id, request.applicant_email(), now);
        WriteMail(tx, application, network.code(), network.display_name(), applied.display_name(), code, now, service_key_);
        return v1::SubmitApplicationResponse();
      });
}

absl::StatusOr<v1::ConfirmApplicationResponse> ApplicationsHandler::ConfirmApplication(
    const rpc::Call& call, const v1::ConfirmApplicationRequest& request) {
  const std::string& given = request.code();
  const size_t stop = given.rfind('.');
  if (stop == std::string::npos || given.size() - stop - 1 != kCodeLength || stop > 40) return ApplicationNotFound();
  const std::string code = absl::AsciiStrToUpper(given.substr(stop + 1));
  const absl::StatusOr<identity::v1::Network> network = networks_.Find(call, given.substr(0, stop));
  if (!network.ok()) return absl::IsNotFound(network.status()) ? ApplicationNotFound() : network.status();
  const rpc::Call inside = registry::Networks::Inside(call, *network);
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(inside, clock_));
  return pool_.Transact(
      registry::TxOf(inside), [&](pg::Transaction& tx) -> absl::StatusOr<v1::ConfirmApplicationResponse> {
        ASSIGN_OR_RETURN(const std::optional<std::string> group_id, FindByCode(tx, auth::HashToken(code)));
        if (!group_id) return ApplicationNotFound();
        ASSIGN_OR_RETURN(v1::Group group, LoadGroup(tx, *group_id, today, Lock::kUpdate));
        ASSIGN_OR_RETURN(v1::Application application, LoadApplication(tx, *group_id));
        const absl::Time now = clock_.Now();
        if (!application.has_email_confirm_time()) {
          *application.mutable_email_confirm_time() = registry::ToTimestamp(now);
          SaveApplication(tx, application);
        }
        if (group.state() == v1::GROUP_STATE_UNCONFIRMED) {
          group.set_state(v1::GROUP_STATE_APPLIED);
          RETURN_IF_ERROR(SaveGroup(tx, group, now));
          TellCoordinators(tx, *group_id, group.display_name(), now);
        }
        v1::ConfirmApplicationResponse response;
        response.set_network_display_name(network->display_name());
        response.set_group_display_name(group.display_name());
        response.set_state(group.state());
        *response.mutable_apply_time() = application.apply_time();
        if (group.state() == v1::GROUP_STATE_REJECTED) response.set_reason(group.suspend_reason());
        return response;
      });
}

}  // namespace kubari::groups
