// kubari-notifications: config → wiring → serve.
#include <curl/curl.h>
#include <sodium.h>

#include "libs/calendar/clock.h"
#include "libs/config/config.h"
#include "libs/feed/follower.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/rpc/runtime.h"
#include "services/notifications/background.h"
#include "services/notifications/domain/ledger_news.h"
#include "services/notifications/migrations/migrations.h"
#include "services/notifications/service.h"

int main(int argc, char** argv) {
  using namespace kubari;

  rpc::CommonOptions common("notifications");
  notifications::CourierOptions courier_options{.public_url = "http://127.0.0.1:7100"};
  std::string encryption_key, smtp_file, stock = "127.0.0.1:7104";
  std::optional<notifications::Vault> vault;
  config::Options options("kubari-notifications", "Every person's inbox, e-mail, and signed webhooks.");
  common.Declare(options);
  options.HostPort("stock", &stock, "address of the stock service");
  options.String("encryption-key", &encryption_key, "64 hexadecimal digits: webhooks' secrets and confidential notices are kept encrypted with it",
                 {.secret = true});
  options.String("smtp-file", &smtp_file, "how e-mail leaves (ops/lib/smtp.conf); read again when it has changed; empty: no e-mail");
  options.String("public-url", &courier_options.public_url, "where people open the web app; links in e-mail lead there");
  options.Bool("webhooks-to-private-addresses", &courier_options.allow_private,
               "webhooks may lead to this host and private networks, also by plain http");
  options.Duration("retry-first", &courier_options.schedule.first, "pause after a first failure, doubled with each further one");
  options.Duration("retry-longest", &courier_options.schedule.longest, "the longest pause");
  options.Duration("give-up", &courier_options.schedule.give_up, "how long a delivery is tried");
  options.Duration("claim", &courier_options.claim, "how long a delivery is one instance's; after a crash it waits as long");
  options.Rule([&] {
    vault = notifications::Vault::FromHex(encryption_key);
    // Only the length is told, never the key.
    return !common.migrate && !vault
               ? absl::StrCat("--encryption-key (KUBARI_ENCRYPTION_KEY or KUBARI_ENCRYPTION_KEY_FILE) has ", encryption_key.size(),
                              " characters; expected 64 hexadecimal digits, for instance from: openssl rand -hex 32")
               : "";
  });
  if (const std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
  if (common.migrate) return rpc::ExitCode(pg::Migrate(common.migration_database_url, "notifications", kMigrations));
  if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 1;

  rpc::Runtime runtime(common, options);
  if (const absl::Status ready = pg::CheckMigrated(common.database_url, "notifications", kMigrations); !ready.ok()) {
    return rpc::ExitCode(ready);
  }
  const calendar::SystemClock clock;
  const feed::FollowerOptions following{.service_key = common.service_key};
  pg::Pool pool({.conninfo = common.database_url,
                 .schema = "notifications",
                 .size = common.workers + following.threads + notifications::Background::kConnections,
                 .registry = &runtime.registry()});
  notifications::Directory directory(runtime.Connect(common.identity), common.service_key, clock);
  notifications::SmtpFile smtp(smtp_file);
  notifications::Addressing addressing(pool, directory, clock);
  notifications::Courier courier(pool, directory, smtp, *vault, clock, runtime.registry(), courier_options);
  notifications::Background background(pool, addressing, courier, clock, courier_options.allow_private);
  notifications::NotificationsService service(
      runtime.dispatcher(), {.pool = pool,
                             .directory = directory,
                             .smtp = smtp,
                             .vault = *vault,
                             .clock = clock,
                             .allow_private = courier_options.allow_private,
                             .wake_addressing = [&] { background.WakeAddressing(); },
                             .wake_couriers = [&] { background.WakeCouriers(); }});
  // Once for each entry: the notices are kept in the transaction that moves the cursor.
  feed::Follower follower(following, runtime.Connect(common.identity), runtime.Connect(stock), pool, runtime.registry(),
                          [&](pg::Transaction& tx, const feed::Network&, const feed::Entries& entries) {
                            const absl::Time now = clock.Now();
                            for (const notifications::v1::Notice& notice : notifications::NewsOf(entries, now - absl::Hours(24))) {
                              notifications::InsertNotice(tx, notice, *vault, now);
                            }
                            return absl::OkStatus();
                          });
  return runtime.Serve({&service});
}
