// Lists of goods: lots and balances, narrowed and ordered as tables show them.
#include <absl/strings/str_cat.h>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"
#include "libs/registry/search_table.h"
#include "services/stock/lists_sql.h"
#include "services/stock/reading_store.h"
#include "services/stock/sql.h"

namespace kubari::stock {
namespace {

using lists::kPlanForValues;
using lists::Number;
using lists::Part;

struct LotLists {
  pg::Statement all, in_stock, found;
};
// Products that these parameters find.
#define KUBARI_FOUND_PRODUCTS(words, readings, similar) \
  "SELECT f.id FROM " KUBARI_SEARCH_FOUND("'{products}'", words, readings, similar) " f"
// $2 GTIN, $3 the donor's lot number, $4 donor, $5 offer, $6 product, $7 own donors; behind $8, $9; $10 so many; $11 a lot's code and $12 to
// $14 words that are searched for.
#define KUBARI_FITTING_LOTS(behind)                                                               \
  "l.network_id = $1 AND ($2::text IS NULL OR l.gtin = $2) "                                      \
  "AND ($3::text IS NULL OR (l.donor_lot_number = $3 AND l.donor_lot_number <> '')) "             \
  "AND ($4::uuid IS NULL OR l.donor_id = $4) AND ($5::uuid IS NULL OR l.offer_id = $5) "          \
  "AND ($6::uuid IS NULL OR l.product_id = $6) AND ($7::uuid[] IS NULL OR l.donor_id = ANY($7)) " \
  "AND ($8::date IS NULL OR (l.last_good_day, l.lot_id) " behind " ($8, $9::uuid)) "
#define KUBARI_PAGE_OF_LOTS(desc) "ORDER BY l.last_good_day" desc ", l.lot_id" desc " LIMIT $10"
// In stock: from the shelves, as of a product's lots most are gone. Found: of each product that the text names no more
// than a page, as an index has it.
#define KUBARI_LOT_LISTS(behind, desc)                                                                                    \
  {                                                                                                                       \
    .all = "SELECT " KUBARI_LOT_COLUMNS "FROM lots l WHERE " KUBARI_FITTING_LOTS(behind) KUBARI_PAGE_OF_LOTS(desc),     \
   .in_stock = "SELECT " KUBARI_LOT_COLUMNS                                                                            \
               "FROM (SELECT DISTINCT b.lot FROM balances b WHERE b.ledger = (SELECT g.ledger FROM ledgers g WHERE "   \
               "g.network_id = $1) AND b.present AND b.place % 10 = 1 AND ($6::uuid IS NULL OR b.product_id = $6)) b " \
               "CROSS JOIN LATERAL (SELECT * FROM lots l WHERE l.network_id = $1 AND l.number = b.lot OFFSET 0) l "    \
               "WHERE ($12::text[] IS NULL OR l.code = $11 OR l.product_id IN ("                                       \
               KUBARI_FOUND_PRODUCTS("$12", "$13", "$14") ")) "                                                        \
               "AND " KUBARI_FITTING_LOTS(behind) KUBARI_PAGE_OF_LOTS(desc),                                           \
   .found = "SELECT " KUBARI_LOT_COLUMNS                                                                               \
            "FROM (SELECT l.last_good_day, l.lot_id FROM (SELECT l.last_good_day, l.lot_id FROM ("                     \
            KUBARI_FOUND_PRODUCTS("$12", "$13", "$14") ") x "                                                          \
            "CROSS JOIN LATERAL (SELECT l.last_good_day, l.lot_id FROM lots l WHERE l.product_id = x.id "              \
            "AND " KUBARI_FITTING_LOTS(behind) KUBARI_PAGE_OF_LOTS(desc) ") l "                                        \
            "UNION SELECT l.last_good_day, l.lot_id FROM lots l WHERE l.code = $11 "                                   \
            "AND " KUBARI_FITTING_LOTS(behind) ") l " KUBARI_PAGE_OF_LOTS(desc) ") f "                                 \
            "CROSS JOIN LATERAL (SELECT * FROM lots l WHERE l.network_id = $1 AND l.lot_id = f.lot_id OFFSET 0) l "    \
            KUBARI_PAGE_OF_LOTS(desc) \
  }
constexpr LotLists kLots KUBARI_FORWARD(KUBARI_LOT_LISTS);
constexpr LotLists kLotsLatestFirst KUBARI_BACKWARD(KUBARI_LOT_LISTS);
#undef KUBARI_LOT_LISTS
#undef KUBARI_PAGE_OF_LOTS
#undef KUBARI_FITTING_LOTS

// $2 warehouse, $3 lot, $4 product, $5 place, $6 only what is free, $7 good until before, $8 zone, $9 to
// $11 words and $12 a lot's code that are searched for.
#define KUBARI_FITTING_BALANCES                                                                                      \
  "b.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = $1) AND b.present AND b.place % 10 = 1 "          \
  "AND ($2::uuid IS NULL OR b.warehouse_id = $2) "                                                                   \
  "AND ($3::uuid IS NULL OR b.lot = (SELECT x.number FROM lots x WHERE x.network_id = $1 AND x.lot_id = $3)) "       \
  "AND ($4::uuid IS NULL OR b.product_id = $4) "                                                                     \
  "AND ($5::uuid IS NULL OR b.place = (SELECT x.number FROM places x WHERE x.network_id = $1 AND x.place_id = $5)) " \
  "AND (NOT $6::boolean OR b.on_hand > b.reserved) AND ($7::date IS NULL OR b.last_good_day < $7) "                  \
  "AND ($8::smallint = 0 OR b.place IN (SELECT x.number FROM places x WHERE x.network_id = $1 AND x.kind = 1 "       \
  "AND x.temperature_zone = $8)) "                                                                                   \
  "AND ($9::text[] IS NULL OR b.lot = (SELECT x.number FROM lots x WHERE x.network_id = $1 AND x.code = $12) "       \
  "OR b.product_id IN (" KUBARI_FOUND_PRODUCTS("$9", "$10", "$11") ")) "
// The page first, `page` in the order `by`; then what it shows.
#define KUBARI_PAGE_OF_BALANCES(page, by)                                                                    \
  "SELECT b.on_hand, b.reserved, " KUBARI_LOT_COLUMNS ", " KUBARI_PLACE_COLUMNS "FROM (" page "ORDER BY " by \
  " LIMIT $13) b "                                                                                           \
  "CROSS JOIN LATERAL (SELECT * FROM lots l WHERE l.network_id = $1 AND l.number = b.lot OFFSET 0) l "       \
  "JOIN places p ON p.network_id = $1 AND p.number = b.place ORDER BY " by
// By date, as an index has them; behind $14, $15, $16.
#define KUBARI_BALANCES_BY_DAY(behind, desc)                                                      \
  {                                                                                               \
    KUBARI_PAGE_OF_BALANCES("SELECT * FROM balances b WHERE " KUBARI_FITTING_BALANCES             \
                            "AND ($14::date IS NULL OR (b.last_good_day, b.lot, b.place) " behind \
                            " ($14, $15::integer, $16::integer)) ",                               \
                            "b.last_good_day" desc ", b.lot" desc ", b.place" desc)               \
  }
constexpr pg::Statement kBalances KUBARI_FORWARD(KUBARI_BALANCES_BY_DAY);
constexpr pg::Statement kBalancesLatestFirst KUBARI_BACKWARD(KUBARI_BALANCES_BY_DAY);
#undef KUBARI_BALANCES_BY_DAY
// By what is free ($18) or on hand, the most first if $19 is −1; behind $17 and then as by date.
constexpr pg::Statement kBalancesByFigure{KUBARI_PAGE_OF_BALANCES(
    "SELECT * FROM (SELECT b.*, $19::bigint * CASE WHEN $18::boolean THEN b.on_hand - b.reserved ELSE b.on_hand END AS "
    "figure FROM balances b WHERE " KUBARI_FITTING_BALANCES
    ") b WHERE $14::date IS NULL OR (b.figure, b.last_good_day, b.lot, b.place) > "
    "($17::bigint, $14, $15::integer, $16::integer) ",
    "b.figure, b.last_good_day, b.lot, b.place")};
// By the name of the place ($18) or of the product; behind $17 and then as by date.
#define KUBARI_BALANCES_BY_NAME(behind, desc)                                                                 \
  {                                                                                                           \
    KUBARI_PAGE_OF_BALANCES(                                                                                  \
        "SELECT * FROM (SELECT b.*, CASE WHEN $18::boolean THEN p.display_name ELSE x.display_name END "      \
        "COLLATE \"C\" AS title FROM balances b JOIN places p ON p.network_id = $1 AND p.number = b.place "   \
        "JOIN products x ON x.network_id = $1 AND x.product_id = b.product_id WHERE " KUBARI_FITTING_BALANCES \
        ") b WHERE $14::date IS NULL OR b.title " behind                                                      \
        " $17::text OR (b.title = $17 "                                                                       \
        "AND (b.last_good_day, b.lot, b.place) > ($14, $15::integer, $16::integer)) ",                        \
        "b.title" desc ", b.last_good_day, b.lot, b.place")                                                   \
  }
constexpr pg::Statement kBalancesByName KUBARI_FORWARD(KUBARI_BALANCES_BY_NAME);
constexpr pg::Statement kBalancesByNameLastFirst KUBARI_BACKWARD(KUBARI_BALANCES_BY_NAME);
#undef KUBARI_BALANCES_BY_NAME
#undef KUBARI_PAGE_OF_BALANCES
#undef KUBARI_FITTING_BALANCES
// Of a place, as its index has them; behind $3, $4.
constexpr pg::Statement kHoldings{
    "SELECT b.on_hand, " KUBARI_LOT_COLUMNS
    "FROM (SELECT * FROM balances b WHERE b.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = $1) "
    "AND b.present AND b.place = (SELECT x.number FROM places x WHERE x.network_id = $1 AND x.place_id = $2) "
    "AND ($3::date IS NULL OR (b.last_good_day, b.lot) > ($3, $4::integer)) ORDER BY b.last_good_day, b.lot LIMIT $5) "
    "b "
    "CROSS JOIN LATERAL (SELECT * FROM lots l WHERE l.network_id = $1 AND l.number = b.lot OFFSET 0) l "
    "ORDER BY b.last_good_day, b.lot"};

bool IsDay(const std::string& text) {
  absl::CivilDay day;
  return absl::ParseCivilTime(text, &day);
}

std::string DayOf(const Lot& lot) { return absl::FormatCivilTime(LastGoodDay(lot.facts)); }

}  // namespace

std::vector<std::string> KeyOf(const Lot& lot) { return {DayOf(lot), lot.id}; }

std::vector<std::string> KeyOf(const BalanceRow& row, BalanceOrder order) {
  std::vector<std::string> key = {DayOf(row.lot), absl::StrCat(row.lot.number), absl::StrCat(row.place.number)};
  switch (order) {
    case BalanceOrder::kGoodUntil:
      break;
    case BalanceOrder::kProduct:
      key.insert(key.begin(), row.lot.facts.product_display_name());
      break;
    case BalanceOrder::kPlace:
      key.insert(key.begin(), row.place.display_name);
      break;
    case BalanceOrder::kOnHand:
      key.insert(key.begin(), absl::StrCat(row.balance.on_hand));
      break;
    case BalanceOrder::kFree:
      key.insert(key.begin(), absl::StrCat(row.balance.free()));
      break;
  }
  return key;
}

std::vector<std::string> KeyOf(const HoldingRow& row) { return {DayOf(row.lot), absl::StrCat(row.lot.number)}; }

absl::StatusOr<std::vector<Lot>> ReadingStore::Lots(const std::string& network_id, const LotFilter& f, const Page& page,
                                                    absl::Time deadline) {
  if (!page.after.empty() && !(page.after.size() == 2 && IsDay(page.after[0]) && ids::IsUuid(page.after[1])))
    return paging::InvalidToken();
  return pool_.Read(
      {.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Lot>> {
        tx.Defer(kPlanForValues);
        const LotLists& lists = f.latest_first ? kLotsLatestFirst : kLots;
        const auto ask = [&](const pg::Statement& list, const auto&... more) {
          return tx.Query(list, network_id, f.gtin, f.donor_lot_number, f.donor, f.offer, f.product, f.own_donors,
                          Part(page, 0), Part(page, 1), page.size + 1, more...);
        };
        ASSIGN_OR_RETURN(const pg::Result rows, f.in_stock     ? ask(lists.in_stock, f.query.lot_code, f.query.words.any(),
                                                                     f.query.words.readings, f.query.words.similar)
                                                : !f.query.words.empty()
                                                    ? ask(lists.found, f.query.lot_code, f.query.words.words,
                                                          f.query.words.readings, f.query.words.similar)
                                                    : ask(lists.all));
        std::vector<Lot> lots;
        for (const pg::Row row : rows) lots.push_back(sql::ReadLot(row));
        return lots;
      });
}

absl::StatusOr<std::vector<BalanceRow>> ReadingStore::Balances(const std::string& network_id, const BalanceFilter& f,
                                                               const Page& page, absl::Time deadline) {
  const bool by_day = f.order == BalanceOrder::kGoodUntil;
  const bool by_figure = f.order == BalanceOrder::kOnHand || f.order == BalanceOrder::kFree;
  const size_t first = by_day ? 0 : 1;  // of the key, where the date stands
  std::optional<int64_t> lot, place, figure;
  if (page.after.size() == first + 3 && IsDay(page.after[first])) {
    lot = Number(page.after[first + 1]), place = Number(page.after[first + 2]);
    if (by_figure) figure = Number(page.after[0]);
  }
  if (!page.after.empty() && !(lot && place && figure.has_value() == by_figure && figure.value_or(0) >= 0))
    return paging::InvalidToken();
  if (figure && f.descending) figure = -*figure;
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<BalanceRow>> {
                      tx.Defer(kPlanForValues);
                      const auto ask = [&](const pg::Statement& list, const auto&... more) {
                        return tx.Query(list, network_id, f.warehouse, f.lot, f.product, f.place, f.free_only,
                                        f.good_until_before, static_cast<int>(f.zone), f.query.words.any(),
                                        f.query.words.readings, f.query.words.similar, f.query.lot_code, page.size + 1, Part(page, first), lot, place, more...);
                      };
                      ASSIGN_OR_RETURN(const pg::Result rows,
                                       by_day      ? ask(f.descending ? kBalancesLatestFirst : kBalances)
                                       : by_figure ? ask(kBalancesByFigure, figure, f.order == BalanceOrder::kFree,
                                                         f.descending ? -1 : 1)
                                                   : ask(f.descending ? kBalancesByNameLastFirst : kBalancesByName,
                                                         Part(page, 0), f.order == BalanceOrder::kPlace));
                      std::vector<BalanceRow> balances;
                      for (const pg::Row row : rows)
                        balances.push_back({sql::ReadLot(row), sql::ReadPlace(row), sql::ReadBalance(row)});
                      return balances;
                    });
}

absl::StatusOr<std::vector<HoldingRow>> ReadingStore::Holdings(const std::string& network_id,
                                                               const std::string& place_id, const Page& page,
                                                               absl::Time deadline) {
  std::optional<int64_t> lot;
  if (page.after.size() == 2 && IsDay(page.after[0])) lot = Number(page.after[1]);
  if (!page.after.empty() && !lot) return paging::InvalidToken();
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<HoldingRow>> {
                      tx.Defer(kPlanForValues);
                      ASSIGN_OR_RETURN(const pg::Result rows,
                                       tx.Query(kHoldings, network_id, place_id, Part(page, 0), lot, page.size + 1));
                      std::vector<HoldingRow> holdings;
                      for (const pg::Row row : rows)
                        holdings.push_back({sql::ReadLot(row), row.Get<int64_t>("on_hand")});
                      return holdings;
                    });
}

}  // namespace kubari::stock
