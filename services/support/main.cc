// kubari-support: config → wiring → serve.
#include "libs/config/config.h"
#include "libs/outbox/pump.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/rpc/runtime.h"
#include "services/support/migrations/migrations.h"

int main(int argc, char** argv) {
  using namespace kubari;

  rpc::CommonOptions common("support");
  std::string stock = "127.0.0.1:7104", encryption_key;
  config::Options options("kubari-support", "Requests for food support, and who is responsible for them.");
  common.Declare(options);
  options.HostPort("stock", &stock, "address of the stock service");
  options.String("encryption-key", &encryption_key, "64 hexadecimal digits: what is kept encrypted is kept with it", {.secret = true});
  if (const std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
  if (common.migrate) return rpc::ExitCode(pg::Migrate(common.migration_database_url, "support", kMigrations));

  rpc::Runtime runtime(common, options);
  if (const absl::Status ready = pg::CheckMigrated(common.database_url, "support", kMigrations); !ready.ok()) {
    return rpc::ExitCode(ready);
  }
  pg::Pool pool({.conninfo = common.database_url,
                 .schema = "support",
                 .size = common.workers + 2,
                 .registry = &runtime.registry()});
  outbox::Pump pump(pool, runtime.Connect(common.notifications), common.service_key, runtime.registry());
  return runtime.Serve({});
}
