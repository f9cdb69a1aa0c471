// The life of an offer. Pure; the contract's messages serve as values.
//
//   DRAFT ─submit─▶ SUBMITTED ─accept─▶ ACCEPTED ─everything arrived─▶ RECEIVED
//     │ ▲update       ▲ask│ ├─decline─▶ DECLINED   ◀─a receipt reversed─┘ │
//     │               │  ▼answer             └──────────close──────────────┴▶ CLOSED
//     │            QUESTIONED (▲update; accepted, declined and withdrawn as SUBMITTED is)
//     └────withdraw───────┴▶ WITHDRAWN
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kubari/donors/v1/donors.pb.h"

namespace kubari::donors {

enum class Step { kUpdate, kSubmit, kAsk, kAnswer, kAccept, kDecline, kWithdraw, kClose };

// The state after the step. FAILED_PRECONDITION / OFFER_STATE (metadata "state", "allowed") if the offer's state does
// not allow it.
absl::StatusOr<v1::OfferState> Next(const v1::Offer& offer, Step step);

// Sets accepted_cases of all lines: those named as said, the others whole. All errors at once: NOT_FOUND /
// OFFER_LINE_NOT_FOUND for lines that the offer does not have; INVALID_ARGUMENT for more cases than offered, a line
// named twice, or nothing taken at all.
absl::Status AcceptLines(v1::Offer& offer, const google::protobuf::RepeatedPtrField<v1::AcceptedLine>& lines);

// The state by what has arrived: ACCEPTED becomes RECEIVED when every accepted line is there in full, and ACCEPTED
// again when a reversal takes some away. Other states stay.
v1::OfferState AfterReceipts(const v1::Offer& offer);

// Who asks for an offer.
struct Viewer {
  // Warehouse managers, coordinators, auditors, administrators, services.
  bool everything = false;
  // Volunteers: what is or was expected at a warehouse.
  bool expected_goods = false;
  // Donors in which the caller holds the donor's role: it sees what they offer, for themselves or for others.
  std::vector<std::string> own_donors;
};

// ACCEPTED, RECEIVED, CLOSED: what a volunteer sees.
const std::vector<int>& ExpectedStates();
bool MaySee(const Viewer& viewer, const v1::Offer& offer);
// Is it of one of these donors (UUIDs), or made by one of them for another?
bool IsOf(const std::vector<std::string>& donors, const v1::Offer& offer);
// Takes out the donors' names unless the viewer may know them.
void HideDonor(const Viewer& viewer, v1::Offer& offer);

}  // namespace kubari::donors
