// kubari-identity: config → wiring → serve.
#include "libs/calendar/clock.h"
#include "libs/config/config.h"
#include "libs/outbox/pump.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/rpc/periodic.h"
#include "libs/rpc/runtime.h"
#include "services/identity/authenticator.h"
#include "services/identity/migrations/migrations.h"
#include "services/identity/password_hasher.h"
#include "services/identity/service.h"
#include "services/identity/store/sessions.h"

int main(int argc, char** argv) {
  using namespace kubari;

  rpc::CommonOptions common("identity");
  config::Options options("kubari-identity",
                          "Who is who: networks, organisations, people, phones, programs, and what each may do.");
  common.Declare(options);
  if (const std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
  if (common.migrate) return rpc::ExitCode(pg::Migrate(common.migration_database_url, "identity", kMigrations));

  rpc::Runtime runtime(common, options);
  if (const absl::Status ready = pg::CheckMigrated(common.database_url, "identity", kMigrations); !ready.ok()) {
    return rpc::ExitCode(ready);
  }
  const calendar::SystemClock clock;
  pg::Pool pool(
      {.conninfo = common.database_url, .schema = "identity", .size = common.workers + 2, .registry = &runtime.registry()});
  identity::OwnAuthenticator authenticator(pool, clock, common.service_key);
  runtime.AuthenticateWith(authenticator);
  // A quarter of the workers may wait for a turn at hashing; the rest serve everybody else.
  identity::PasswordHasher hasher({.waiting = common.workers / 4});
  identity::IdentityService service(runtime.dispatcher(), {pool, clock, hasher, common.service_key});
  outbox::Pump pump(pool, runtime.Connect(common.notifications), common.service_key, runtime.registry());
  rpc::Periodic cleaning("delete expired sessions", absl::Minutes(10),
                         [&] { return identity::DeleteExpired(pool, clock.Now()).status(); });
  return runtime.Serve({&service});
}
