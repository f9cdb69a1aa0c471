// A trace as GS1 EPCIS 2.0 (JSON-LD) with the Core Business Vocabulary (CBV) 2.0, for other systems.
//
// What becomes of the movements:
// clang-format off
//   RECEIVE, REFUSE, TRANSFER, DISCARD, ADJUST,
//   and RETURN outside of a delivery            ObjectEvent
//   ISSUE, DIRECT, PASS_ON, CONFIRM, SHORTAGE
//   and RETURN of a delivery                    TransactionEvent; the transaction is the delivery: ADD when goods leave
//                                               with it, OBSERVE when they arrive, DELETE when they do not, or go back
//   SEND, ARRIVE and SHORTAGE of a transfer     AggregationEvent: what is loaded onto one transfer and unloaded from it
//   CONSUME and PRODUCE                         one TransformationEvent for all that went in and came out
//   RESERVE, VOID, EXPIRE                       none: a promise is no event of the physical world
//   REVERSAL                                    the event that it takes back once more, with errorDeclaration; if that
//                                               is reversed in turn, a new event, which the declaration names as
//                                               corrective. With reason RETURNED the goods did come back: an event of
//                                               its own
// clang-format on
// Kits are transformations, not aggregations: their items are known by lot, and the parent of an AggregationEvent is
// one thing (EPCIS 2.0, section 7.4.4), while a TransformationEvent takes classes and quantities on both sides (7.4.6).
//
// Goods are classes with quantities: https://id.gs1.org/01/{GTIN}/10/{lot number}, the lot number being the donor's, or
// the lot's code, as on our labels, for lots without one and those made here. A GS1 Digital Link needs no knowledge of
// the length of the company prefix, as urn:epc:class:lgtin would. Goods without a GTIN that means anything outside
// (restricted circulation numbers) are urn:uuid:{lot}. Places, parties, deliveries and transfers are urn:uuid:…, named
// in the header's master data.
//
// eventID is urn:uuid:{movement} (of several: the first): the same in every file, found again in the ledger, and kept
// by an error declaration, as the standard wants it (7.4.1.4). A hash of the content (ni:///sha-256) would change with
// every fact that a later version adds, and nobody could look it up.
#pragma once

#include <string>

#include "services/stock/domain/trace_file.h"

namespace kubari::stock {

std::string TraceEpcis(const TraceFacts& facts);

}  // namespace kubari::stock
