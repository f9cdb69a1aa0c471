// kubari-stock: configuration → wiring → serve.
#include <sodium.h>

#include <algorithm>

#include "libs/calendar/clock.h"
#include "libs/outbox/pump.h"
#include "libs/pg/pool.h"
#include "libs/rpc/periodic.h"
#include "libs/rpc/runtime.h"
#include "prometheus/counter.h"
#include "services/stock/alert_digest.h"
#include "services/stock/alert_metrics.h"
#include "services/stock/alerts_service.h"
#include "services/stock/attempt_log.h"
#include "services/stock/labels_service.h"
#include "services/stock/migrations/migrations.h"
#include "services/stock/pg_ledger_store.h"
#include "services/stock/recalls_service.h"
#include "services/stock/service.h"
#include "services/stock/stocktakes_service.h"

int main(int argc, char** argv) {
  using namespace kubari;  // NOLINT
  rpc::CommonOptions common("stock");
  // More workers than connections: those that wait for news of the ledger hold a thread, but no connection.
  common.workers = 64;
  std::string donors = "127.0.0.1:7102";
  std::string groups = "127.0.0.1:7103";
  std::string public_url = "http://127.0.0.1:7100";
  int connections = 16;
  config::Options options("kubari-stock", "Products, warehouses, lots, and the ledger of every movement.");
  common.Declare(options);
  options.HostPort("donors", &donors, "address of the donors service");
  options.HostPort("groups", &groups, "address of the groups service");
  options.Int("connections", &connections, 2, 500, "database connections");
  options.String("public-url", &public_url,
                 "where people open the web app; the codes on labels and delivery sheets lead there");
  if (const std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
  if (common.migrate) return rpc::ExitCode(pg::Migrate(common.migration_database_url, "stock", kMigrations));
  if (sodium_init() < 0) return 1;

  rpc::Runtime runtime(common, options);
  if (const absl::Status status = pg::CheckMigrated(common.database_url, "stock", kMigrations); !status.ok()) {
    return rpc::ExitCode(status);
  }
  // Every call may wait for a connection; the queue of calls is bounded already.
  pg::Pool pool({.conninfo = common.database_url,
                 .schema = "stock",
                 .size = connections + 1,  // one for the outbox
                 .max_waiters = common.workers,
                 .registry = &runtime.registry()});
  const calendar::SystemClock clock;
  stock::PgLedgerStore ledger(pool);
  stock::AttemptLog attempts(pool, clock, runtime.registry());
  stock::LedgerWriter writer(ledger, clock, runtime.registry(),
                             {.decided = [&](const auto& network, const auto& command, const auto& result) {
                               attempts.Decided(network, command, result);
                             }});
  stock::Catalogue catalogue(pool);
  stock::ReadingStore reading(pool);
  stock::RulesStore rules(pool);
  stock::GrpcRegisters registers(runtime.Connect(common.identity), runtime.Connect(donors), runtime.Connect(groups),
                                 common.service_key);
  const stock::Context context{pool, ledger, writer, catalogue, reading, registers, clock, rules};
  stock::StockService service(runtime.dispatcher(), context, std::max(1, common.workers / 3));

  prometheus::Counter& expired = prometheus::BuildCounter()
                                     .Name("kubari_stock_reservations_expired_total")
                                     .Help("Reservations given up because their time ran out.")
                                     .Register(runtime.registry())
                                     .Add({});
  rpc::Periodic expire("expire overdue reservations", absl::Seconds(2), [&]() -> absl::Status {
    const absl::StatusOr<int> count = stock::ExpireOverdue(ledger, writer, clock);
    if (count.ok()) expired.Increment(*count);
    return count.status();
  });
  rpc::Periodic keep_attempts("keep attempts to take more than there is", absl::Seconds(1),
                              [&] { return attempts.Flush(); });
  rpc::Periodic prune_attempts("forget old attempts", absl::Minutes(10), [&] { return attempts.Prune(); });
  stock::AlertStore alert_store(pool);
  stock::AlertMetrics alert_metrics(alert_store, clock, runtime.registry());
  rpc::Periodic count_alerts("count alerts", absl::Minutes(1), [&] { return alert_metrics.Refresh(); });
  registry::Networks networks(runtime.Connect(common.identity), common.service_key, clock);
  stock::AlertDigest alert_digest(pool, alert_store, rules, clock);
  rpc::Periodic tell_alerts("tell of alerts", absl::Minutes(5), [&] { return alert_digest.TellAll(networks); });
  stock::AlertsService alerts(runtime.dispatcher(), context);
  stock::RecallsService recalls(runtime.dispatcher(), context);
  rpc::Periodic tell_holders("tell holders of recalled goods", absl::Seconds(15),
                             [&] { return stock::TellNewHolders(pool, clock).status(); });
  outbox::Pump pump(pool, runtime.Connect(common.notifications), common.service_key, runtime.registry());
  stock::LabelsService papers(runtime.dispatcher(), context, public_url);
  stock::StocktakesService stocktakes(runtime.dispatcher(), context);
  return runtime.Serve({&service, &stocktakes, &alerts, &papers, &recalls});
}
