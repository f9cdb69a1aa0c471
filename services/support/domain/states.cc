#include "services/support/domain/states.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"

namespace kubari::support {
namespace {

bool IsTaken(pb::SupportState state) {
  return state == pb::SUPPORT_STATE_ACKNOWLEDGED || state == pb::SUPPORT_STATE_PREPARING;
}

// Whose step it is; of several, any.
std::set<pb::Part> PartsFor(pb::Step step) {
  switch (step) {
    case pb::STEP_READ_DETAILS:
      return {pb::PART_RESPONSIBLE, pb::PART_REQUESTER, pb::PART_PROPOSED};
    case pb::STEP_UPDATE:
    case pb::STEP_WITHDRAW:
      return {pb::PART_REQUESTER};
    case pb::STEP_ACKNOWLEDGE:
    case pb::STEP_REFUSE:
      return {pb::PART_PROPOSED};
    case pb::STEP_REOPEN:
      return {pb::PART_RESPONSIBLE, pb::PART_REQUESTER};
    default:
      return {pb::PART_RESPONSIBLE};
  }
}

absl::Status State(const Standing& standing, const std::string& name, const std::string& expected_en,
                   const std::string& expected_ja, const std::string& expected) {
  return errors::Make(
      absl::StatusCode::kFailedPrecondition, "REQUEST_STATE",
      absl::StrCat(name, " is ", StateInEnglish(standing.state), "; for this step it must be ", expected_en, "."),
      absl::StrCat(name, " は「", StateInJapanese(standing.state), "」です。この操作ができるのは", expected_ja,
                   "のときです。"),
      {{"request", name}, {"state", pb::SupportState_Name(standing.state)}, {"expected", expected}});
}

absl::Status HandoverOpen(const Standing& standing, const std::string& name) {
  return errors::Make(
      absl::StatusCode::kFailedPrecondition, "HANDOVER_OPEN",
      absl::StrCat(name, " is being handed over already; wait for the answer, or take the proposal back first."),
      absl::StrCat(name, " は引き継ぎの返事を待っています。返事を待つか、先に引き継ぎを取り消してください。"),
      {{"request", name}, {"to", absl::StrCat("organisations/", standing.proposed)}});
}

absl::Status Conditions(const Standing& standing, pb::Step step, const std::string& name) {
  const bool open = IsOpen(standing.state), proposed = !standing.proposed.empty();
  const auto must_be_open = [&] {
    return open ? absl::OkStatus()
                : State(standing, name, "requested, acknowledged or being prepared", "「依頼中」「引受済」「準備中」",
                        "SUPPORT_STATE_REQUESTED,SUPPORT_STATE_ACKNOWLEDGED,SUPPORT_STATE_PREPARING");
  };
  const auto must_be_taken = [&] {
    return IsTaken(standing.state) ? absl::OkStatus()
                                   : State(standing, name, "acknowledged or being prepared", "「引受済」「準備中」",
                                           "SUPPORT_STATE_ACKNOWLEDGED,SUPPORT_STATE_PREPARING");
  };
  const absl::Status erased = errors::Make(
      absl::StatusCode::kFailedPrecondition, "DETAILS_ERASED",
      absl::StrCat("The details of ", name, " were erased after the network's retention time. Make a new request."),
      absl::StrCat(name, " の内容は、保存期間を過ぎたため消去されました。新しい依頼を作成してください。"),
      {{"request", name}});
  const absl::Status no_handover = errors::Make(
      absl::StatusCode::kFailedPrecondition, "NO_HANDOVER",
      absl::StrCat("Nothing is being handed over with ", name,
                   ": it was answered or taken back in the meantime. Read it again."),
      absl::StrCat(
          name,
          " に返事待ちの引き継ぎはありません。すでに返事があったか、取り消されています。読み込み直してください。"),
      {{"request", name}});
  absl::Status status;
  switch (step) {
    case pb::STEP_READ_DETAILS:
      return standing.erased ? erased : absl::OkStatus();
    case pb::STEP_UPDATE:
    case pb::STEP_WITHDRAW:
      return must_be_open();
    case pb::STEP_PROPOSE:
      if (status = must_be_open(); !status.ok()) return status;
      return proposed ? HandoverOpen(standing, name) : absl::OkStatus();
    case pb::STEP_CANCEL_PROPOSAL:
    case pb::STEP_ACKNOWLEDGE:
    case pb::STEP_REFUSE:
      if (status = must_be_open(); !status.ok()) return status;
      return proposed ? absl::OkStatus() : no_handover;
    case pb::STEP_START_PREPARING:
      if (standing.state == pb::SUPPORT_STATE_ACKNOWLEDGED) return absl::OkStatus();
      // Who asked does it itself, as nobody took it.
      if (standing.state == pb::SUPPORT_STATE_REQUESTED) {
        return proposed ? HandoverOpen(standing, name) : absl::OkStatus();
      }
      return State(standing, name, "acknowledged", "「引受済」", "SUPPORT_STATE_ACKNOWLEDGED");
    case pb::STEP_FULFIL:
    case pb::STEP_DECLINE:
      return must_be_taken();
    case pb::STEP_COMPLETE:
      if (status = must_be_taken(); !status.ok()) return status;
      return proposed ? HandoverOpen(standing, name) : absl::OkStatus();
    case pb::STEP_REOPEN:
      if (open) {
        return State(standing, name, "done, declined or withdrawn", "「完了」「対応不可」「取り下げ」",
                     "SUPPORT_STATE_DONE,SUPPORT_STATE_DECLINED,SUPPORT_STATE_WITHDRAWN");
      }
      return standing.erased ? erased : absl::OkStatus();
    default:
      return absl::InternalError("no such step");
  }
}

absl::Status NotYours(const Standing& standing, pb::Step step, const std::string& name) {
  const std::set<pb::Part> needed = PartsFor(step);
  if (needed.contains(pb::PART_PROPOSED) && needed.size() == 1) {
    return errors::Make(
        absl::StatusCode::kPermissionDenied, "NOT_PROPOSED_TO_YOU",
        absl::StrCat(name, " is not proposed to your organisation; only the one to which it is can answer."),
        absl::StrCat(name, " の引き継ぎ先はあなたの団体ではありません。返事ができるのは引き継ぎ先の団体だけです。"),
        {{"request", name}});
  }
  if (needed.contains(pb::PART_REQUESTER) && !needed.contains(pb::PART_RESPONSIBLE)) {
    return errors::Make(absl::StatusCode::kPermissionDenied, "NOT_REQUESTER",
                        absl::StrCat("Only the organisation that asked may do this with ", name, "."),
                        absl::StrCat(name, " に対してこの操作ができるのは、依頼した団体だけです。"),
                        {{"request", name}});
  }
  return errors::Make(
      absl::StatusCode::kPermissionDenied, "NOT_RESPONSIBLE",
      absl::StrCat("Your organisation is not responsible for ", name, " now; only the one that is may do this."),
      absl::StrCat(name, " の現在の担当はあなたの団体ではありません。この操作ができるのは担当の団体だけです。"),
      {{"request", name}, {"responsible", absl::StrCat("organisations/", standing.responsible)}});
}

bool Has(const std::vector<std::string>& organisations, const std::string& id) {
  return !id.empty() && std::find(organisations.begin(), organisations.end(), id) != organisations.end();
}

bool Overlap(const std::set<pb::Part>& a, const std::set<pb::Part>& b) {
  return std::any_of(a.begin(), a.end(), [&](pb::Part part) { return b.contains(part); });
}

}  // namespace

bool IsOpen(pb::SupportState state) { return state == pb::SUPPORT_STATE_REQUESTED || IsTaken(state); }

std::set<pb::Part> PartsOf(const Standing& standing, const std::vector<std::string>& organisations) {
  std::set<pb::Part> parts;
  if (Has(organisations, standing.responsible)) parts.insert(pb::PART_RESPONSIBLE);
  if (Has(organisations, standing.requester)) parts.insert(pb::PART_REQUESTER);
  if (Has(organisations, standing.proposed)) parts.insert(pb::PART_PROPOSED);
  for (const std::string& former : standing.former) {
    if (Has(organisations, former)) parts.insert(pb::PART_FORMER);
  }
  return parts;
}

std::vector<pb::Step> StepsOf(const Standing& standing, const std::set<pb::Part>& parts) {
  std::vector<pb::Step> steps;
  for (int number = pb::Step_MIN + 1; number <= pb::Step_MAX; ++number) {
    const pb::Step step = static_cast<pb::Step>(number);
    if (Overlap(PartsFor(step), parts) && Conditions(standing, step, "").ok()) steps.push_back(step);
  }
  return steps;
}

absl::Status JudgeStep(const Standing& standing, const std::set<pb::Part>& parts, pb::Step step,
                       const std::string& name) {
  if (parts.empty()) return RequestNotFound(name);
  if (!Overlap(PartsFor(step), parts)) {
    // Who is too late with an answer is told so, rather than that it was never asked.
    const bool answers = step == pb::STEP_ACKNOWLEDGE || step == pb::STEP_REFUSE;
    if (answers && standing.proposed.empty()) return Conditions(standing, step, name);
    return NotYours(standing, step, name);
  }
  return Conditions(standing, step, name);
}

const std::string& ActingFor(const Standing& standing, pb::Step step, const std::set<pb::Part>& parts) {
  const std::set<pb::Part> needed = PartsFor(step);
  for (const pb::Part part : {pb::PART_RESPONSIBLE, pb::PART_REQUESTER, pb::PART_PROPOSED}) {
    if (!needed.contains(part) || !parts.contains(part)) continue;
    if (part == pb::PART_RESPONSIBLE) return standing.responsible;
    return part == pb::PART_REQUESTER ? standing.requester : standing.proposed;
  }
  return standing.requester;
}

int DaysFor(pb::Urgency urgency) {
  switch (urgency) {
    case pb::URGENCY_TODAY:
      return 0;
    case pb::URGENCY_THREE_DAYS:
      return 3;
    case pb::URGENCY_WEEK:
      return 7;
    default:
      return 30;
  }
}

bool IsOverdue(pb::SupportState state, absl::CivilDay due, absl::Time answer_due, absl::CivilDay today,
               absl::Time now) {
  return IsOpen(state) && (due < today || answer_due < now);
}

absl::Status RequestNotFound(const std::string& name) {
  return errors::Make(absl::StatusCode::kNotFound, "REQUEST_NOT_FOUND",
                      absl::StrCat("There is no ", name, " to which your organisation is a party."),
                      absl::StrCat("あなたの団体が関わる依頼 ", name, " は見つかりません。"), {{"request", name}});
}

std::string StateInJapanese(pb::SupportState state) {
  switch (state) {
    case pb::SUPPORT_STATE_REQUESTED:
      return "依頼中";
    case pb::SUPPORT_STATE_ACKNOWLEDGED:
      return "引受済";
    case pb::SUPPORT_STATE_PREPARING:
      return "準備中";
    case pb::SUPPORT_STATE_DONE:
      return "完了";
    case pb::SUPPORT_STATE_DECLINED:
      return "対応不可";
    case pb::SUPPORT_STATE_WITHDRAWN:
      return "取り下げ";
    default:
      return "不明";
  }
}

std::string StateInEnglish(pb::SupportState state) {
  switch (state) {
    case pb::SUPPORT_STATE_REQUESTED:
      return "requested";
    case pb::SUPPORT_STATE_ACKNOWLEDGED:
      return "acknowledged";
    case pb::SUPPORT_STATE_PREPARING:
      return "being prepared";
    case pb::SUPPORT_STATE_DONE:
      return "done";
    case pb::SUPPORT_STATE_DECLINED:
      return "declined";
    case pb::SUPPORT_STATE_WITHDRAWN:
      return "withdrawn";
    default:
      return "unknown";
  }
}

}  // namespace kubari::support
