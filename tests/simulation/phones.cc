#include "tests/simulation/phones.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <thread>

namespace kubari::simulation {

// Journal ----------------------------------------------------------------------------------------------------------

void Journal::Sent(const Wish& wish) {
  const std::lock_guard lock(mutex_);
  for (const std::string& id : wish.request_ids) {
    Heard& heard = requests_[id];
    heard.what = wish.what;
    heard.first_sent = std::min(heard.first_sent, absl::Now());
  }
  if (wish.recall && !wish.opens) {
    Stop& stop = stops_[wish.recall->name];
    stop.until = std::min(stop.until, absl::Now());
  }
}

void Journal::Hear(const Wish& wish, const Result& result, bool lost) {
  const std::lock_guard lock(mutex_);
  Heard& heard = requests_[result.request_id];
  if (lost || result.unknown()) {
    ++heard.unknown;
    return;
  }
  const auto complain = [&](const std::string& what) {
    complaints_.push_back(absl::StrCat(what, ": ", result.request_id, " of ", wish.what));
  };
  if (!result.ok()) {
    heard.refusal = result.refusal;
    ++refusals_[result.refusal];
    if (heard.movements) complain(absl::StrCat(result.refusal, " after it was answered OK"));
    if (result.code == grpc::StatusCode::INTERNAL || result.code == grpc::StatusCode::UNKNOWN)
      complain(absl::StrCat(result.refusal, " (", result.message, ")"));
    return;
  }
  std::vector<std::string> names;
  for (const pb::Movement& movement : result.movements) names.push_back(movement.name());
  // A confirmation of what was confirmed already records nothing, so that there is nothing to be remembered.
  if (heard.movements && !heard.movements->empty() && *heard.movements != names) complain("two answers differ");
  if (!heard.movements || heard.movements->empty()) heard.movements = std::move(names);
  if (wish.recall && wish.opens) {
    Stop& stop = stops_[wish.recall->name];
    stop.from = std::min(stop.from, absl::Now());
  }
}

void Journal::HearChanged(const Wish& wish, const Result& result) {
  if (result.unknown()) return;
  const std::lock_guard lock(mutex_);
  ++refusals_[result.refusal];
  const auto heard = requests_.find(result.request_id);
  const bool recorded = heard != requests_.end() && heard->second.movements && !heard->second.movements->empty();
  if (recorded && result.refusal != "REQUEST_ID_REUSED") {
    complaints_.push_back(absl::StrCat("changed under the same id, and heard ", result.ok() ? "OK" : result.refusal,
                                       ": ", result.request_id, " of ", wish.what));
  }
}

void Journal::Complain(std::string what) {
  const std::lock_guard lock(mutex_);
  complaints_.push_back(std::move(what));
}

// Phone ------------------------------------------------------------------------------------------------------------

Phone::Phone(const Setting& setting, House& house, Board& board, Journal& journal, unsigned seed, int number,
             bool patient)
    : board_(board),
      journal_(journal),
      random_(seed * 7919u + static_cast<unsigned>(number)),
      patient_(patient),
      channel_(house.Connect()),
      stock_(pb::StockService::NewStub(channel_)),
      recalls_(pb::RecallsService::NewStub(channel_)),
      wishes_(setting, board, random_, number) {}

std::vector<Result> Phone::Call(const Wish& wish, absl::Duration limit, bool changed) {
  std::vector<Result> results;
  for (int tries = 0; tries < (patient_ ? 100 : 1); ++tries) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + wish.token);
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(limit));
    results = wish.send({*stock_, *recalls_}, context, changed);
    if (std::none_of(results.begin(), results.end(), [](const Result& one) { return one.unknown(); })) break;
  }
  return results;
}

bool Phone::Try(const Wish& wish) {
  journal_.Sent(wish);
  const bool twice = !patient_ && Pick(0, 19) == 0;
  // Sometimes it hangs up before the answer can be there.
  const absl::Duration limit = !patient_ && Pick(0, 7) == 0 ? absl::Milliseconds(Pick(1, 6)) : absl::Seconds(15);
  // Its answer is lost on the way.
  const bool lost = Pick(0, 9) == 0;
  std::vector<Result> other;
  std::thread also;
  if (twice) also = std::thread([&] { other = Call(wish, absl::Seconds(15), /*changed=*/false); });
  const std::vector<Result> results = Call(wish, limit, /*changed=*/false);
  if (twice) {
    also.join();
    for (const Result& result : other) journal_.Hear(wish, result, /*lost=*/false);
  }
  bool settled = true, recorded = false, whole = true;
  for (const Result& result : results) {
    journal_.Hear(wish, result, lost);
    settled &= !lost && !result.unknown();
    whole &= result.ok() && !result.movements.empty();
    if (lost || !result.ok()) continue;
    recorded |= !result.movements.empty();
    for (const pb::Movement& movement : result.movements) board_.Hear(movement);
  }
  if (settled && wish.recall && results.front().ok()) board_.HearOfRecall(*wish.recall, wish.opens);
  if (settled && recorded) answered_.push_back({wish, whole});
  return settled;
}

void Phone::TryChanged(const Wish& wish) {
  for (const Result& result : Call(wish, absl::Seconds(15), /*changed=*/true)) journal_.HearChanged(wish, result);
}

void Phone::Step() {
  // An old request once more, though it was answered; or changed under the same id.
  if (!answered_.empty() && Pick(0, 9) == 0) {
    const Answered again = answered_[Pick(0, static_cast<int>(answered_.size()) - 1)];
    if (again.whole && Pick(0, 1) == 0) {
      TryChanged(again.wish);
    } else {
      Try(again.wish);
    }
    return;
  }
  // What is unanswered is tried again, in any order, between new wishes.
  if (!unanswered_.empty() && Pick(0, 1) == 0) {
    const auto at = unanswered_.begin() + Pick(0, static_cast<int>(unanswered_.size()) - 1);
    const Wish wish = std::move(*at);
    unanswered_.erase(at);
    if (!Try(wish)) unanswered_.push_back(wish);
    return;
  }
  const Wish wish = wishes_.Next();
  if (Pick(0, 9) == 0 || !Try(wish)) unanswered_.push_back(wish);  // also: the request never left the phone
}

void Phone::Finish() {
  for (int tries = 0; !unanswered_.empty() && tries < 2'000; ++tries) {
    const Wish wish = std::move(unanswered_.front());
    unanswered_.erase(unanswered_.begin());
    if (!Try(wish)) unanswered_.push_back(wish);
  }
  for (const Wish& wish : unanswered_) journal_.Complain(absl::StrCat("no answer in 2,000 tries: ", wish.what));
}

}  // namespace kubari::simulation
