#include "services/allocation/domain/share_out.h"

#include "libs/errors/macros.h"
#include "services/allocation/domain/books.h"
#include "services/allocation/domain/filling.h"
#include "services/allocation/domain/food_problem.h"
#include "services/allocation/domain/share_story.h"

namespace kubari::allocation {
namespace {

// So that no sum can overflow.
absl::Status CheckSize(const Judgement& judgement) {
  __int128 food = 0;
  for (const Supply& supply : judgement.supplies()) food += __int128{supply.items} * supply.value;
  for (const Demand& demand : judgement.demands()) food += demand.history;
  if (food <= fairflow::kMostFood) return absl::OkStatus();
  return absl::InvalidArgumentError("Stock and history are more food than can be counted exactly.");
}

// A supply's pieces follow each other, what comes on top behind the rest.
void Apply(const FoodProblem& problem, Books& books) {
  books.KnowEnough(problem.enough());
  for (const fairflow::PlannedLine& planned : problem.plan().lines) {
    const Piece& piece = problem.pieces()[planned.line.lot];
    const int64_t items = planned.line.cases * piece.items;
    const int group = problem.GroupOf(planned.line.bin);
    if (!books.AtHand(piece.supply) || problem.WeekOf(planned.line.bin) > 0) {
      books.Plan(piece.supply, group, items);
    } else if (!piece.on_top || books.ThroughDoor(piece.supply, books.judgement().DoorOf(piece.supply, group)) > 0) {
      books.Give(piece.supply, group, items);
    }
  }
}

}  // namespace

absl::StatusOr<Outcome> ShareOut(const pb::Snapshot& snapshot, const Judgement& judgement, int64_t many_pairs) {
  RETURN_IF_ERROR(CheckSize(judgement));
  Books books(snapshot, judgement);
  FoodProblem problem(books, many_pairs);
  RETURN_IF_ERROR(problem.Settle());
  Apply(problem, books);
  TakeOutWhatDoesNotFit(books);
  Fill(books);
  Polish(books);
  return TellOutcome(books, problem);
}

}  // namespace kubari::allocation
