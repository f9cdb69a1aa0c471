// kubari-donors: config → wiring → serve.
#include "libs/calendar/clock.h"
#include "libs/config/config.h"
#include "libs/feed/follower.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/rpc/runtime.h"
#include "services/donors/migrations/migrations.h"
#include "services/donors/receipts.h"
#include "services/donors/service.h"

int main(int argc, char** argv) {
  using namespace kubari;

  rpc::CommonOptions common("donors");
  std::string stock = "127.0.0.1:7104";
  config::Options options("kubari-donors", "Donors, the agreements with them, and what they offer.");
  common.Declare(options);
  options.HostPort("stock", &stock, "address of the stock service");
  if (const std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
  if (common.migrate) return rpc::ExitCode(pg::Migrate(common.migration_database_url, "donors", kMigrations));

  rpc::Runtime runtime(common, options);
  if (const absl::Status ready = pg::CheckMigrated(common.database_url, "donors", kMigrations); !ready.ok()) {
    return rpc::ExitCode(ready);
  }
  const calendar::SystemClock clock;
  const feed::FollowerOptions following{.service_key = common.service_key};
  pg::Pool pool({.conninfo = common.database_url,
                 .schema = "donors",
                 .size = common.workers + following.threads,
                 .registry = &runtime.registry()});
  donors::DonorsHandler handler(pool, runtime.Connect(common.identity), runtime.Connect(stock), clock);
  donors::DonorsService service(runtime.dispatcher(), handler);
  feed::Follower receipts(following, runtime.Connect(common.identity), runtime.Connect(stock), pool, runtime.registry(),
                          [&](pg::Transaction& tx, const feed::Network& network, const feed::Entries& entries) {
                            return donors::ApplyReceipts(tx, network, entries, clock);
                          });
  return runtime.Serve({&service});
}
