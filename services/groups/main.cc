// kubari-groups: config → wiring → serve.
#include "libs/calendar/clock.h"
#include "libs/config/config.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/outbox/pump.h"
#include "libs/registry/networks.h"
#include "libs/rpc/periodic.h"
#include "libs/rpc/runtime.h"
#include "services/groups/agreements.h"
#include "services/groups/daily.h"
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
  // Two more than the workers: for the outbox, and for what is told as days go by.
  pg::Pool pool({.conninfo = common.database_url,
                 .schema = "groups",
                 .size = common.workers + 2,
                 .registry = &runtime.registry()});
  registry::Networks networks(runtime.Connect(common.identity), common.service_key, clock);
  groups::GroupsHandler groups_handler(pool, runtime.Connect(common.identity), clock, common.service_key);
  groups::GroupsService groups_service(runtime.dispatcher(), groups_handler);
  groups::ApplicationsHandler applications_handler(pool, networks, clock, common.service_key);
  groups::ApplicationsService applications_service(runtime.dispatcher(), applications_handler);
  groups::NeedsHandler needs_handler(pool, clock);
  groups::NeedsService needs_service(runtime.dispatcher(), needs_handler);
  groups::SurveysHandler surveys_handler(pool, clock);
  groups::SurveysService surveys_service(runtime.dispatcher(), surveys_handler);
  groups::MunicipalitiesHandler municipalities_handler;
  groups::MunicipalitiesService municipalities_service(runtime.dispatcher(), municipalities_handler);
  registry::AgreementsHandler agreements_handler(pool, groups::kParties, clock);
  groups::AgreementsService agreements_service(runtime.dispatcher(), agreements_handler);
  const outbox::Pump pump(pool, runtime.Connect(common.notifications), common.service_key, runtime.registry());
  // Networks lie in different time zones: a day begins at any hour.
  const rpc::Periodic daily("groups daily", absl::Minutes(10),
                            [&] { return groups::LookAfterAll(pool, networks, clock); });
  return runtime.Serve({&groups_service, &applications_service, &needs_service, &surveys_service, &municipalities_service,
                        &agreements_service});
}
