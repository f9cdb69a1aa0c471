// kubari-impact: config → wiring → serve.
#include "libs/config/config.h"
#include "libs/feed/follower.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/rpc/runtime.h"
#include "services/impact/handler.h"
#include "services/impact/migrations/migrations.h"
#include "services/impact/service.h"

int main(int argc, char** argv) {
  using namespace kubari;

  rpc::CommonOptions common("impact");
  std::string stock = "127.0.0.1:7104", support_address = "127.0.0.1:7108";
  config::Options options("kubari-impact", "What was achieved, derived from the stock ledger's feed.");
  common.Declare(options);
  options.HostPort("stock", &stock, "address of the stock service");
  options.HostPort("support", &support_address, "address of the support service: households of food-support requests");
  if (const std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
  if (common.migrate) return rpc::ExitCode(pg::Migrate(common.migration_database_url, "impact", kMigrations));

  rpc::Runtime runtime(common, options);
  if (const absl::Status ready = pg::CheckMigrated(common.database_url, "impact", kMigrations); !ready.ok()) {
    return rpc::ExitCode(ready);
  }
  pg::Pool pool({.conninfo = common.database_url, .schema = "impact", .size = common.workers, .registry = &runtime.registry()});
  feed::Follower follower({.service_key = common.service_key}, runtime.Connect(common.identity), runtime.Connect(stock), pool,
                          runtime.registry(), &impact::ApplyFeed);
  const auto support = support::v1::SupportService::NewStub(runtime.Connect(support_address));
  impact::ImpactHandler handler(pool, *support, common.service_key);
  impact::ImpactService service(runtime.dispatcher(), handler);
  return runtime.Serve({&service});
}
