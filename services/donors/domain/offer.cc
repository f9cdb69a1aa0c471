#include "services/donors/domain/offer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/errors/errors.h"
#include "libs/ids/ids.h"

namespace kubari::donors {
namespace {

using v1::OfferState;

struct Transition {
  Step step;
  std::vector<OfferState> from;
  std::optional<OfferState> to;
  const char* english;
  const char* japanese;
};

const Transition& TransitionOf(Step step) {
  using State = v1::OfferState;
  constexpr State kDraft = v1::OFFER_STATE_DRAFT, kSubmitted = v1::OFFER_STATE_SUBMITTED,
                  kQuestioned = v1::OFFER_STATE_QUESTIONED, kAccepted = v1::OFFER_STATE_ACCEPTED;
  // Without a state after it the offer stays as it is.
  static const std::vector<Transition> all = {
      {Step::kUpdate, {kDraft, kQuestioned}, std::nullopt, "changed", "変更"},
      {Step::kSubmit, {kDraft}, kSubmitted, "submitted", "提出"},
      {Step::kAsk, {kSubmitted, kQuestioned}, kQuestioned, "asked about", "質問"},
      {Step::kAnswer, {kQuestioned, kSubmitted}, kSubmitted, "answered for", "回答"},
      {Step::kAccept, {kSubmitted, kQuestioned}, kAccepted, "accepted", "受け入れ"},
      {Step::kDecline, {kSubmitted, kQuestioned}, v1::OFFER_STATE_DECLINED, "declined", "辞退"},
      {Step::kWithdraw, {kDraft, kSubmitted, kQuestioned}, v1::OFFER_STATE_WITHDRAWN, "withdrawn", "取り下げ"},
      {Step::kClose, {kAccepted, v1::OFFER_STATE_RECEIVED}, v1::OFFER_STATE_CLOSED, "closed", "完了に"},
  };
  return *std::find_if(all.begin(), all.end(), [&](const Transition& each) { return each.step == step; });
}

// "SUBMITTED"
std::string Word(OfferState state) {
  return v1::OfferState_Name(state).substr(std::string_view("OFFER_STATE_").size());
}

std::string JapaneseWord(OfferState state) {
  switch (state) {
    case v1::OFFER_STATE_DRAFT:
      return "下書き";
    case v1::OFFER_STATE_SUBMITTED:
      return "提出済み";
    case v1::OFFER_STATE_ACCEPTED:
      return "受入予定";
    case v1::OFFER_STATE_DECLINED:
      return "辞退";
    case v1::OFFER_STATE_WITHDRAWN:
      return "取り下げ";
    case v1::OFFER_STATE_RECEIVED:
      return "入庫済み";
    case v1::OFFER_STATE_QUESTIONED:
      return "質問中";
    case v1::OFFER_STATE_CLOSED:
      return "完了";
    default:
      return "不明";
  }
}

}  // namespace

absl::StatusOr<OfferState> Next(const v1::Offer& offer, Step step) {
  const Transition& transition = TransitionOf(step);
  if (std::find(transition.from.begin(), transition.from.end(), offer.state()) != transition.from.end())
    return transition.to.value_or(offer.state());
  std::vector<std::string> allowed, japanese;
  for (const OfferState state : transition.from) {
    allowed.push_back(Word(state));
    japanese.push_back(JapaneseWord(state));
  }
  return errors::Make(
      absl::StatusCode::kFailedPrecondition, "OFFER_STATE",
      absl::StrCat("The offer '", offer.title(), "' (", offer.code(), ") is ", Word(offer.state()), "; it can be ",
                   transition.english, " only while it is ", absl::StrJoin(allowed, " or "), "."),
      absl::StrCat("申出「", offer.title(), "」（", offer.code(), "）は「", JapaneseWord(offer.state()), "」です。",
                   transition.japanese, "できるのは「", absl::StrJoin(japanese, "」「"), "」のときだけです。"),
      {{"offer", offer.name()}, {"state", Word(offer.state())}, {"allowed", absl::StrJoin(allowed, ",")}});
}

absl::Status AcceptLines(v1::Offer& offer, const google::protobuf::RepeatedPtrField<v1::AcceptedLine>& lines) {
  std::map<std::string, v1::OfferLine*> by_name;
  for (v1::OfferLine& line : *offer.mutable_lines()) by_name[line.name()] = &line;
  std::vector<std::string> unknown;
  for (const v1::AcceptedLine& line : lines) {
    if (!by_name.contains(line.line())) unknown.push_back(line.line());
  }
  if (!unknown.empty()) {
    return errors::Make(absl::StatusCode::kNotFound, "OFFER_LINE_NOT_FOUND",
                        absl::StrCat(offer.name(), " does not have these lines: ", absl::StrJoin(unknown, ", "), "."),
                        absl::StrCat(offer.name(), " に次の明細はありません: ", absl::StrJoin(unknown, ", ")),
                        {{"lines", absl::StrJoin(unknown, ",")}});
  }
  errors::Violations violations;
  for (auto& [name, line] : by_name) line->set_accepted_cases(line->cases());
  std::set<std::string> seen;
  for (int i = 0; i < lines.size(); ++i) {
    const std::string path = absl::StrCat("lines[", i, "]");
    v1::OfferLine& line = *by_name[lines[i].line()];
    violations.Require(seen.insert(line.name()).second, path + ".line", "DUPLICATE", "This line is named twice.",
                       "この明細が二度書かれています。");
    violations.Range(path + ".cases", lines[i].cases(), 0, line.cases());
    line.set_accepted_cases(lines[i].cases());
  }
  const bool any = std::any_of(offer.lines().begin(), offer.lines().end(),
                               [](const auto& line) { return line.accepted_cases() > 0; });
  violations.Require(any, "lines", "NOTHING_ACCEPTED", "No case of any line is accepted; decline the offer instead.",
                     "受け入れるケースがありません。辞退してください。");
  return violations.status();
}

OfferState AfterReceipts(const v1::Offer& offer) {
  if (offer.state() != v1::OFFER_STATE_ACCEPTED && offer.state() != v1::OFFER_STATE_RECEIVED) return offer.state();
  const bool complete = std::all_of(offer.lines().begin(), offer.lines().end(), [](const v1::OfferLine& line) {
    return line.received_items() >= line.accepted_cases() * line.items_per_case();
  });
  return complete ? v1::OFFER_STATE_RECEIVED : v1::OFFER_STATE_ACCEPTED;
}

const std::vector<int>& ExpectedStates() {
  static const std::vector<int> states = {v1::OFFER_STATE_ACCEPTED, v1::OFFER_STATE_RECEIVED, v1::OFFER_STATE_CLOSED};
  return states;
}

bool IsOf(const std::vector<std::string>& donors, const v1::Offer& offer) {
  return std::any_of(donors.begin(), donors.end(), [&](const std::string& id) {
    const std::string name = ids::Name("donors", id);
    return offer.donor() == name || offer.acting_donor() == name;
  });
}

bool MaySee(const Viewer& viewer, const v1::Offer& offer) {
  if (viewer.everything || IsOf(viewer.own_donors, offer)) return true;
  const std::vector<int>& states = ExpectedStates();
  return viewer.expected_goods && std::find(states.begin(), states.end(), offer.state()) != states.end();
}

void HideDonor(const Viewer& viewer, v1::Offer& offer) {
  if (viewer.everything || IsOf(viewer.own_donors, offer) || offer.conditions().donor_may_be_named()) return;
  offer.clear_donor_display_name();
  offer.clear_acting_donor_display_name();
}

}  // namespace kubari::donors
