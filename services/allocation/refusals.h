// Every "no" of this service: a stable reason, what is there, what was asked, and what to do; English and Japanese.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/allocation/v1/market.pb.h"
#include "libs/eligibility/eligibility.h"

namespace kubari::allocation::refusals {

absl::Status RunNotFound(std::string_view name);
absl::Status LineNotFound(std::string_view name);
absl::Status WarehouseNotFound(std::string_view name);
absl::Status RunIdTaken(std::string_view name);
absl::Status NothingToAllocate();
absl::Status RunTooLarge(int64_t lots, int64_t groups, int64_t most_pairs);
absl::Status RunState(std::string_view name, v1::RunState state);
absl::Status LineState(std::string_view name, v1::LineState state);
// Another answer to the same line was decided a moment ago. `items`: accepted; 0: refused.
absl::Status BeingAnswered(std::string_view name, v1::LineState state, int64_t items);
// The time to answer is over.
absl::Status AnsweredTooLate(std::string_view name, v1::LineState state);
// The reservation was voided, expired or issued meanwhile.
absl::Status ReservationGone(std::string_view name, v1::LineState state, const absl::Status& ledger);
// `reasons`: hard ones only.
absl::Status GroupNotEligible(std::string_view group, std::string_view display_name,
                              const std::vector<eligibility::Reason>& reasons);
// The group was not among the active ones when the run was made.
absl::Status GroupNotSeen(std::string_view group);
// Something names what the run does not see: an inactive group; a lot (and place; empty: any) without free stock.
absl::Status NotAGroupOfTheRun(std::string_view group);
absl::Status LotNotSeen(std::string_view lot, std::string_view place);
absl::Status QuantityTooLarge(int64_t requested, int64_t free);
absl::Status NotWholeCases(int64_t requested, int64_t per_case, int64_t all);
absl::Status BelowMinimumLot(int64_t requested, int64_t minimum);
// Of what comes to a hub; `line`: one of its lines.
absl::Status BelowMinimumAtHub(const v1::Line& line, int64_t items, int64_t minimum);

// Runs in which groups choose.
absl::Status RunPolicy(std::string_view name, v1::Policy policy);
// `state`: "OPEN", "CLOSING", "CLOSED", or that of a run that is not published.
absl::Status MarketClosed(std::string_view name, std::string_view state);
absl::Status NoCapacity(std::string_view zone, std::string_view zone_ja, int64_t requested, int64_t free);
// In milli-person-days.
absl::Status ClaimCap(int64_t requested, int64_t left);
// In milli-shares.
absl::Status BelowLowestPrice(int64_t price, int64_t lowest);
absl::Status NotEnoughShares(int64_t requested, int64_t free);
absl::Status BidNotFound(std::string_view name);
absl::Status BidIdTaken(std::string_view name);
absl::Status BidState(std::string_view name, v1::BidState state);
absl::Status BidFull(int parties);
absl::Status BidTaken(std::string_view product);

// "INSUFFICIENT_STOCK: 日本語 / English": why the ledger said no, for Line.reason.
std::string InWords(const absl::Status& status);

}  // namespace kubari::allocation::refusals
