// kubari-groups: config → wiring → serve.
#include "libs/calendar/clock.h"
#include "libs/config/config.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/rpc/runtime.h"
#include "services/groups/migrations/migrations.h"
#include "services/groups/service.h"

int main(int argc, char** argv) {
  using namespace kubari;

  rpc::CommonOptions common("groups");
  config::Options options("kubari-groups",
                          "Recipient groups: who they are, whom they serve, what they can take and when.");
  common.Declare(options);
  if (const std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
  if (common.migrate) return rpc::ExitCode(pg::Migrate(common.migration_database_url, "groups", kMigrations));

  rpc::Runtime runtime(common, options);
  if (const absl::Status ready = pg::CheckMigrated(common.database_url, "groups", kMigrations); !ready.ok()) {
    return rpc::ExitCode(ready);
  }
  const calendar::SystemClock clock;
  pg::Pool pool(
      {.conninfo = common.database_url, .schema = "groups", .size = common.workers, .registry = &runtime.registry()});
  groups::GroupsHandler handler(pool, runtime.Connect(common.identity), clock);
  groups::GroupsService service(runtime.dispatcher(), handler);
  return runtime.Serve({&service});
}
