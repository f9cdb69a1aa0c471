// kubari-notifications: config → wiring → serve.
#include "libs/config/config.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/rpc/runtime.h"
#include "services/notifications/migrations/migrations.h"

int main(int argc, char** argv) {
  using namespace kubari;

  rpc::CommonOptions common("notifications");
  std::string encryption_key, smtp_file, public_url = "http://127.0.0.1:7100";
  config::Options options("kubari-notifications", "Every person's inbox, e-mail, and signed webhooks.");
  common.Declare(options);
  options.String("encryption-key", &encryption_key, "64 hexadecimal digits: what is kept encrypted is kept with it", {.secret = true});
  options.String("smtp-file", &smtp_file, "how e-mail leaves (ops/lib/smtp.conf); read again when it has changed");
  options.String("public-url", &public_url, "where people open the web app; links in e-mail lead there");
  if (const std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
  if (common.migrate) return rpc::ExitCode(pg::Migrate(common.migration_database_url, "notifications", kMigrations));

  rpc::Runtime runtime(common, options);
  if (const absl::Status ready = pg::CheckMigrated(common.database_url, "notifications", kMigrations); !ready.ok()) {
    return rpc::ExitCode(ready);
  }
  return runtime.Serve({});
}
