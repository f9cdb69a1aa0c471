#include "ops/benchmarks/world.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <cstdio>

#include "kubari/impact/v1/impact.pb.h"
#include "kubari/stock/v1/stock.pb.h"
#include "libs/ids/ids.h"

namespace kubari::bench {
namespace {

namespace pb = kubari::stock::v1;

constexpr int kInOneCall = 500;
constexpr int kMovementsOfALot = 20;  // in history.sql
constexpr int kLotsAtOnce = 5'000;

void Record(const cli::Client& client, pb::RecordMovementsRequest& request, std::vector<pb::MovementOutcome>& outcomes) {
  const auto answer = end_to_end::Must<pb::RecordMovementsResponse>(client, "stock.RecordMovements", request);
  for (const pb::MovementOutcome& outcome : answer.outcomes()) {
    if (!outcome.has_error()) {
      outcomes.push_back(outcome);
      continue;
    }
    std::fprintf(stderr, "kubari-bench-ledger: %s\n", outcome.error().ShortDebugString().c_str());
    std::exit(1);
  }
  request.clear_requests();
}

int64_t Number(const std::string& text) {
  int64_t number = 0;
  if (absl::SimpleAtoi(absl::StripAsciiWhitespace(text), &number)) return number;
  std::fprintf(stderr, "kubari-bench-ledger: '%s' is not a number\n", text.c_str());
  std::exit(1);
}

}  // namespace

Goods MakeGoods(end_to_end::Setting& setting, int lots) {
  end_to_end::Names& names = setting.a;
  const cli::Client coordinator = setting.Coordinator();
  Goods goods;
  goods.places = {names.at("shelf"), names.at("shelf2")};
  for (const char* code : {"B-3", "B-4"}) {
    goods.places.push_back(end_to_end::Field(
        coordinator, "stock.CreatePlace",
        absl::StrCat(R"({"requestId": "$uuid", "place": {"warehouse": "$warehouse", "code": ")", code, R"(", "temperatureZone": "TEMPERATURE_ZONE_AMBIENT"}})"),
        names, "name"));
  }
  std::vector<pb::MovementOutcome> received, moved;
  pb::RecordMovementsRequest request;
  for (int i = 0; i < lots; ++i) {
    pb::ReceiveStockRequest& receive = *request.add_requests()->mutable_receive();
    receive.set_request_id(ids::NewUuid());
    receive.set_place(goods.places[0]);
    receive.set_donor(names.at("donor"));
    receive.set_product(names.at("product"));
    receive.set_items(40'000);
    receive.set_donor_lot_number(absl::StrCat("BENCH-", i));
    receive.mutable_good_until()->set_kind(kubari::type::v1::DATE_KIND_BEST_BEFORE);
    receive.mutable_good_until()->set_date("2035-03-31");
    if (request.requests_size() == kInOneCall || i == lots - 1) Record(coordinator, request, received);
  }
  for (const pb::MovementOutcome& outcome : received) goods.lots.push_back(outcome.lot().name());
  for (const std::string& lot : goods.lots) {
    for (size_t place = 1; place < goods.places.size(); ++place) {
      pb::TransferStockRequest& transfer = *request.add_requests()->mutable_transfer();
      transfer.set_request_id(ids::NewUuid());
      transfer.set_lot(lot);
      transfer.set_from_place(goods.places[0]);
      transfer.set_to_place(goods.places[place]);
      transfer.set_items(10'000);
      if (request.requests_size() == kInOneCall) Record(coordinator, request, moved);
    }
  }
  if (request.requests_size() > 0) Record(coordinator, request, moved);
  goods.token = setting.Token(kubari::type::v1::ROLE_VOLUNTEER, names);
  goods.auditor = setting.Token(kubari::type::v1::ROLE_AUDITOR, names);
  return goods;
}

std::string Psql(const end_to_end::Installation& installation, const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", installation.conninfo("postgres")};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const end_to_end::Finished done = end_to_end::RunProgram(command, {}, absl::Hours(1));
  if (done.exit_code == 0) return done.output;
  std::fprintf(stderr, "kubari-bench-ledger: psql failed:\n%s\n", done.output.c_str());
  std::exit(1);
}

void CleanUp(const end_to_end::Installation& installation) { Psql(installation, {"-c", "VACUUM ANALYZE", "-c", "CHECKPOINT"}); }

void WaitForFollowers(end_to_end::Setting& setting) {
  pb::ReadFeedRequest request;
  request.set_page_size(1);
  for (const absl::Time give_up = absl::Now() + absl::Minutes(2); absl::Now() < give_up; absl::SleepFor(absl::Milliseconds(500))) {
    const auto figures = end_to_end::Must<kubari::impact::v1::GetImpactResponse>(setting.Auditing(), "impact.GetImpact",
                                                                                kubari::impact::v1::GetImpactRequest());
    request.set_position(figures.ledger_position());
    if (end_to_end::Must<pb::ReadFeedResponse>(setting.Auditing(), "stock.ReadFeed", request).entries().empty()) return;
  }
}

std::vector<std::string> AddHistory(end_to_end::Setting& setting, int64_t movements) {
  const std::string network = absl::StrCat("network=", setting.network_id);
  while (true) {
    const int64_t missing = movements - Number(Psql(setting.installation(), {"-c", "SELECT sum(next_position) FROM stock.ledgers"}));
    if (missing < kMovementsOfALot) break;
    const int64_t lots = std::min<int64_t>(kLotsAtOnce, missing / kMovementsOfALot);
    Psql(setting.installation(), {"-v", network, "-v", absl::StrCat("lots=", lots), "-f", KUBARI_BENCHMARKS "/history.sql"});
  }
  // Any of them, old and new.
  const std::string found = Psql(setting.installation(), {"-c", "SELECT 'lots/' || lot_id FROM stock.lots WHERE code LIKE 'H%' AND donor_lot_number LIKE 'H%' ORDER BY md5(code) LIMIT 200"});
  return absl::StrSplit(found, '\n', absl::SkipWhitespace());
}

Sizes MeasureSizes(const end_to_end::Installation& installation) {
  const auto bytes = [&](const std::string& tables) {
    return Number(Psql(installation, {"-c", absl::StrCat("SELECT sum(pg_total_relation_size(t)) FROM unnest(ARRAY[", tables, "]::regclass[]) t")}));
  };
  Sizes sizes{.movements = Number(Psql(installation, {"-c", "SELECT count(*) FROM stock.movements"}))};
  sizes.bytes_a_movement = static_cast<double>(bytes("'stock.movements'")) / sizes.movements;
  sizes.bytes_of_what_follows =
      static_cast<double>(bytes("'stock.balances', 'stock.deliveries', 'stock.delivery_lines', 'stock.lots'")) / sizes.movements;
  return sizes;
}

}  // namespace kubari::bench
