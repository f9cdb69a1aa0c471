#include "services/allocation/market_store.h"

#include <absl/strings/str_cat.h>

#include <map>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/mutation.h"
#include "services/allocation/refusals.h"

namespace kubari::allocation {
namespace {

constexpr pg::Statement kToClose{"SELECT network_id, run_id AS id FROM markets_to_close($1)"};
constexpr pg::Statement kClaims{
    "SELECT claim_number, group_id, lot_id, place_id, (facts->>'proposedItems')::bigint AS items, CASE WHEN "
    "claim_ended > 0 THEN claim_ended "
    "WHEN state IN (4, 5, 8) THEN 2147483647 ELSE 0 END AS claim_ended FROM lines "
    "WHERE network_id = $1 AND run_id = $2 AND claim_number > 0 ORDER BY claim_number"};
// States: 4 REFUSED, 5 EXPIRED, 8 DROPPED.
constexpr pg::Statement kStamp{
    "UPDATE lines SET claim_ended = $3 WHERE network_id = $1 AND run_id = $2 AND claim_number > 0 AND claim_ended = 0 "
    "AND state IN (4, 5, 8)"};
constexpr pg::Statement kPending{
    "SELECT line_id FROM lines WHERE network_id = $1 AND run_id = $2 AND state = 1 AND answer_items IS NOT NULL ORDER "
    "BY line_id"};
constexpr pg::Statement kEndedStay{
    "UPDATE lines SET offered_again_in = '00000000-0000-0000-0000-000000000000' WHERE network_id = $1 AND run_id = $2 "
    "AND claim_ended > 0 AND offered_again_in IS NULL"};

constexpr pg::Statement kInsertBid{
    "INSERT INTO bids (network_id, bid_id, run_id, newest, state, lot_id, place_id, facts, parties, join_code, "
    "create_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11)"};
constexpr pg::Statement kPutParts{
    "INSERT INTO bid_parts (network_id, bid_id, run_id, lot_id, place_id, open, position, group_id, group_name, cases, "
    "price, "
    "won_cases, reason, message, message_ja, subject) "
    "SELECT $1, $2, $3, $4, $5, $6, * FROM unnest($7::integer[], $8::uuid[], $9::text[], $10::bigint[], $11::bigint[], "
    "$12::bigint[], $13::text[], $14::text[], $15::text[], $16::text[]) "
    "ON CONFLICT (network_id, bid_id, group_id) DO UPDATE SET open = excluded.open, position = excluded.position, "
    "cases = excluded.cases, price = excluded.price, won_cases = excluded.won_cases, reason = excluded.reason, "
    "message = excluded.message, message_ja = excluded.message_ja, subject = excluded.subject"};
constexpr pg::Statement kDropParts{
    "DELETE FROM bid_parts WHERE network_id = $1 AND bid_id = $2 AND NOT group_id = ANY($3::uuid[])"};
constexpr pg::Statement kUpdateBid{"UPDATE bids SET state = $3, version = $4 WHERE network_id = $1 AND bid_id = $2"};
#define KUBARI_BIDS \
  "SELECT b.bid_id, b.run_id, b.state, b.facts, b.parties, b.join_code, b.create_time, b.version FROM bids b "
constexpr pg::Statement kFind{KUBARI_BIDS "WHERE b.network_id = $1 AND b.bid_id = $2"};
constexpr pg::Statement kFindLocked{KUBARI_BIDS "WHERE b.network_id = $1 AND b.bid_id = $2 FOR UPDATE"};
constexpr pg::Statement kByCode{KUBARI_BIDS "WHERE b.network_id = $1 AND b.join_code = $2"};
constexpr pg::Statement kByCodeLocked{KUBARI_BIDS "WHERE b.network_id = $1 AND b.join_code = $2 FOR UPDATE"};
constexpr pg::Statement kOpen{KUBARI_BIDS
                              "WHERE b.network_id = $1 AND b.run_id = $2 AND b.state = 1 ORDER BY b.bid_id FOR UPDATE"};
constexpr pg::Statement kOpenOf{KUBARI_BIDS
                                "JOIN bid_parts p USING (network_id, bid_id) WHERE b.network_id = $1 AND b.run_id = $2 "
                                "AND p.group_id = $3 AND p.open "
                                "ORDER BY b.bid_id"};
constexpr pg::Statement kList{
    KUBARI_BIDS
    "WHERE b.network_id = $1 AND ($2::uuid IS NULL OR b.run_id = $2) "
    "AND ($3::uuid IS NULL OR EXISTS (SELECT FROM bid_parts p WHERE p.network_id = b.network_id AND p.bid_id = "
    "b.bid_id "
    "AND p.group_id = $3)) "
    "AND CASE WHEN $4::uuid[] IS NULL THEN b.state IN (3, 4) ELSE EXISTS (SELECT FROM bid_parts p "
    "WHERE p.network_id = b.network_id AND p.bid_id = b.bid_id AND p.group_id = ANY($4)) END "
    "AND (b.newest, b.bid_id) > ($5, $6::uuid) ORDER BY b.newest, b.bid_id LIMIT $7"};
constexpr pg::Statement kParts{
    "SELECT bid_id, group_id, group_name, cases, price, won_cases, reason, message, message_ja, subject FROM bid_parts "
    "WHERE network_id = $1 AND bid_id = ANY($2::uuid[]) ORDER BY bid_id, position"};
constexpr pg::Statement kFreeShares{
    "SELECT a.group_id, (a.balance - coalesce((SELECT sum(p.cases * greatest(p.price, 0)) FROM bid_parts p "
    "WHERE p.network_id = a.network_id AND p.group_id = a.group_id AND p.open AND p.run_id <> $2), 0))::bigint AS free "
    "FROM share_accounts a WHERE a.network_id = $1 ORDER BY a.group_id"};
// Lines: 4 REFUSED, 5 EXPIRED, 8 DROPPED are nobody's any more.
constexpr pg::Statement kCount{
    "SELECT l.run_id, count(*) FILTER (WHERE l.claim_number > 0)::integer AS entries, "
    "count(DISTINCT l.group_id) FILTER (WHERE l.claim_number > 0)::integer AS groups, "
    "coalesce(sum(l.items) FILTER (WHERE l.group_id = $3), 0)::bigint AS items FROM lines l "
    "WHERE l.network_id = $1 AND l.run_id = ANY($2::uuid[]) AND l.state NOT IN (4, 5, 8) GROUP BY l.run_id "
    "UNION ALL "
    "SELECT p.run_id, count(DISTINCT p.bid_id)::integer, count(DISTINCT p.group_id)::integer, 0::bigint FROM bid_parts "
    "p "
    "WHERE p.network_id = $1 AND p.run_id = ANY($2::uuid[]) AND (p.open OR p.won_cases > 0) GROUP BY p.run_id"};

absl::StatusOr<std::vector<BidRow>> ReadBids(pg::Transaction& tx, const absl::StatusOr<pg::Result>& rows) {
  RETURN_IF_ERROR(rows);
  std::vector<BidRow> bids;
  std::vector<std::string> ids;
  std::map<std::string, size_t> by_id;
  for (const pg::Row row : *rows) {
    by_id[row.Get<std::string>("bid_id")] = bids.size();
    BidRow& bid = bids.emplace_back();
    bid.id = row.Get<std::string>("bid_id");
    bid.run_id = row.Get<std::string>("run_id");
    bid.state = static_cast<pb::BidState>(row.Get<int>("state"));
    RETURN_IF_ERROR(FromJson(row.Get<std::string>("facts"), bid.facts));
    bid.parties = row.Get<int>("parties");
    bid.join_code = row.Get<std::string>("join_code");
    bid.create_time = row.Get<absl::Time>("create_time");
    bid.version = row.Get<int64_t>("version");
    ids.push_back(bid.id);
  }
  if (ids.empty()) return bids;
  ASSIGN_OR_RETURN(const pg::Result parts, tx.Query(kParts, tx.network_id(), ids));
  for (const pg::Row row : parts) {
    bids[by_id.at(row.Get<std::string>("bid_id"))].parts.push_back({.group_id = row.Get<std::string>("group_id"),
                                                                    .group_name = row.Get<std::string>("group_name"),
                                                                    .cases = row.Get<int64_t>("cases"),
                                                                    .price = row.Get<int64_t>("price"),
                                                                    .won_cases = row.Get<int64_t>("won_cases"),
                                                                    .reason = row.Get<std::string>("reason"),
                                                                    .message = row.Get<std::string>("message"),
                                                                    .message_ja = row.Get<std::string>("message_ja"),
                                                                    .subject = row.Get<std::string>("subject")});
  }
  return bids;
}

std::string IdIn(const char* collection, const std::string& name) {
  return ids::IdFromName(collection, name).value_or("");
}

absl::Status PutParts(pg::Transaction& tx, const BidRow& row) {
  std::vector<int> position;
  std::vector<std::string> group, name, reason, message, message_ja, subject;
  std::vector<int64_t> cases, price, won;
  for (const PartRow& part : row.parts) {
    position.push_back(static_cast<int>(position.size()));
    group.push_back(part.group_id);
    name.push_back(part.group_name);
    cases.push_back(part.cases);
    price.push_back(part.price);
    won.push_back(part.won_cases);
    reason.push_back(part.reason);
    message.push_back(part.message);
    message_ja.push_back(part.message_ja);
    subject.push_back(part.subject);
  }
  const absl::Status status = tx.Execute(kPutParts, tx.network_id(), row.id, row.run_id, IdIn("lots", row.facts.lot()),
                                         IdIn("places", row.facts.place()), row.open(), position, group, name, cases,
                                         price, won, reason, message, message_ja, subject)
                                  .status();
  if (pg::ConstraintOf(status) == "bid_parts_one_open") return refusals::BidTaken(row.facts.product_display_name());
  return status;
}

absl::StatusOr<BidRow> TheOne(absl::StatusOr<std::vector<BidRow>> bids, const std::string& what) {
  RETURN_IF_ERROR(bids);
  if (bids->empty()) return refusals::BidNotFound(what);
  return std::move(bids->front());
}

}  // namespace

absl::StatusOr<std::vector<Unfinished>> MarketsToClose(pg::Transaction& tx, absl::Time at) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kToClose, at));
  std::vector<Unfinished> runs;
  for (const pg::Row row : rows) runs.push_back({row.Get<std::string>("network_id"), row.Get<std::string>("id")});
  return runs;
}

absl::StatusOr<std::vector<pb::SnapshotClaim>> ClaimsOfRun(pg::Transaction& tx, const std::string& run_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kClaims, tx.network_id(), run_id));
  std::vector<pb::SnapshotClaim> claims;
  for (const pg::Row row : rows) {
    pb::SnapshotClaim& claim = claims.emplace_back();
    claim.set_number(row.Get<int>("claim_number"));
    claim.set_group(ids::Name("groups", row.Get<std::string>("group_id")));
    claim.set_lot(ids::Name("lots", row.Get<std::string>("lot_id")));
    claim.set_place(ids::Name("places", row.Get<std::string>("place_id")));
    claim.set_items(row.Get<int64_t>("items"));
    claim.set_ended_before(row.Get<int>("claim_ended"));
  }
  return claims;
}

absl::Status StampEnded(pg::Transaction& tx, const std::string& run_id, int number) {
  return tx.Execute(kStamp, tx.network_id(), run_id, number).status();
}

absl::StatusOr<std::vector<std::string>> PendingLines(pg::Transaction& tx, const std::string& run_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kPending, tx.network_id(), run_id));
  std::vector<std::string> lines;
  for (const pg::Row row : rows) lines.push_back(row.Get<std::string>("line_id"));
  return lines;
}

absl::Status EndedAreNotOfferedAgain(pg::Transaction& tx, const std::string& run_id) {
  return tx.Execute(kEndedStay, tx.network_id(), run_id).status();
}

absl::Status InsertBid(pg::Transaction& tx, const BidRow& row) {
  const absl::Status status =
      tx.Execute(kInsertBid, tx.network_id(), row.id, row.run_id, row.newest(), static_cast<int>(row.state),
                 IdIn("lots", row.facts.lot()), IdIn("places", row.facts.place()), ToJson(row.facts), row.parties,
                 row.join_code, row.create_time)
          .status();
  if (pg::ConstraintOf(status) == "bids_pkey") return refusals::BidIdTaken(ids::Name("bids", row.id));
  RETURN_IF_ERROR(status);
  return PutParts(tx, row);
}

absl::StatusOr<BidRow> FindBid(pg::Transaction& tx, const std::string& bid_id, bool lock) {
  return TheOne(ReadBids(tx, tx.Query(lock ? kFindLocked : kFind, tx.network_id(), bid_id)), ids::Name("bids", bid_id));
}

absl::StatusOr<BidRow> FindBidByCode(pg::Transaction& tx, const std::string& join_code, bool lock) {
  return TheOne(ReadBids(tx, tx.Query(lock ? kByCodeLocked : kByCode, tx.network_id(), join_code)), join_code);
}

absl::Status UpdateBid(pg::Transaction& tx, BidRow& row) {
  ++row.version;
  std::vector<std::string> groups;
  for (const PartRow& part : row.parts) groups.push_back(part.group_id);
  RETURN_IF_ERROR(tx.Execute(kDropParts, tx.network_id(), row.id, groups).status());
  RETURN_IF_ERROR(PutParts(tx, row));
  return tx.Execute(kUpdateBid, tx.network_id(), row.id, static_cast<int>(row.state), row.version).status();
}

absl::StatusOr<std::vector<BidRow>> OpenBids(pg::Transaction& tx, const std::string& run_id) {
  return ReadBids(tx, tx.Query(kOpen, tx.network_id(), run_id));
}

absl::StatusOr<std::vector<BidRow>> OpenBidsOf(pg::Transaction& tx, const std::string& run_id,
                                               const std::string& group_id) {
  return ReadBids(tx, tx.Query(kOpenOf, tx.network_id(), run_id, group_id));
}

absl::StatusOr<std::vector<pb::SnapshotBalance>> FreeShares(pg::Transaction& tx, const std::string& run_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFreeShares, tx.network_id(), run_id));
  std::vector<pb::SnapshotBalance> balances;
  for (const pg::Row row : rows) {
    pb::SnapshotBalance& balance = balances.emplace_back();
    balance.set_group(ids::Name("groups", row.Get<std::string>("group_id")));
    balance.set_milli_shares(row.Get<int64_t>("free"));
  }
  return balances;
}

absl::StatusOr<std::vector<BidRow>> ListBids(pg::Transaction& tx, const BidFilter& filter, int64_t newest,
                                             const std::string& id, int limit) {
  return ReadBids(
      tx, tx.Query(kList, tx.network_id(), filter.run_id, filter.group_id, filter.own_groups, newest, id, limit));
}

absl::StatusOr<std::map<std::string, Counts>> CountEntries(pg::Transaction& tx, const std::vector<RunRow>& runs,
                                                           const std::string& group_id) {
  std::vector<std::string> ids;
  for (const RunRow& run : runs) ids.push_back(run.id);
  const auto group = group_id.empty() ? std::nullopt : std::optional(group_id);
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kCount, tx.network_id(), ids, group));
  std::map<std::string, Counts> counts;
  for (const pg::Row row : rows) {
    Counts& of = counts[row.Get<std::string>("run_id")];
    of.entries += row.Get<int>("entries");
    of.groups += row.Get<int>("groups");
    of.items += row.Get<int64_t>("items");
  }
  return counts;
}

}  // namespace kubari::allocation
