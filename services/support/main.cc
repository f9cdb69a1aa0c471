// kubari-support: config → wiring → serve.
#include "libs/calendar/clock.h"
#include "libs/config/config.h"
#include "libs/outbox/pump.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/rpc/periodic.h"
#include "libs/rpc/runtime.h"
#include "services/support/migrations/migrations.h"
#include "services/support/service.h"
#include "services/support/upkeep.h"

int main(int argc, char** argv) {
  using namespace kubari;

  rpc::CommonOptions common("support");
  std::string stock_address = "127.0.0.1:7104", encryption_key, former_encryption_key;
  config::Options options("kubari-support", "Requests for food support, and who is responsible for them.");
  common.Declare(options);
  options.HostPort("stock", &stock_address, "address of the stock service");
  options.String("encryption-key", &encryption_key, "64 hexadecimal digits: what is kept encrypted is kept with it",
                 {.secret = true});
  options.String("former-encryption-key", &former_encryption_key,
                 "the key before it: what is still sealed with it is sealed anew at the start", {.secret = true});
  options.Rule([&]() -> std::string {
    if (common.migrate) return "";
    if (const auto key = support::Key::FromHex(encryption_key); !key.ok()) {
      return absl::StrCat("--encryption-key (KUBARI_ENCRYPTION_KEY or KUBARI_ENCRYPTION_KEY_FILE) ",
                          std::string(key.status().message()));
    }
    if (former_encryption_key.empty()) return "";
    const auto former = support::Key::FromHex(former_encryption_key);
    return former.ok() ? "" : absl::StrCat("--former-encryption-key ", std::string(former.status().message()));
  });
  if (const std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
  if (common.migrate) return rpc::ExitCode(pg::Migrate(common.migration_database_url, "support", kMigrations));

  rpc::Runtime runtime(common, options);
  if (const absl::Status ready = pg::CheckMigrated(common.database_url, "support", kMigrations); !ready.ok()) {
    return rpc::ExitCode(ready);
  }
  const calendar::SystemClock clock;
  pg::Pool pool({.conninfo = common.database_url,
                 .schema = "support",
                 .size = common.workers + 2,  // the pump and the upkeep
                 .registry = &runtime.registry()});
  support::Keys keys(
      pool, clock, *support::Key::FromHex(encryption_key),
      former_encryption_key.empty() ? std::nullopt : std::optional(*support::Key::FromHex(former_encryption_key)));
  if (const absl::Status opens = keys.Rotate(); !opens.ok()) return rpc::ExitCode(opens);

  const auto identity = identity::v1::IdentityService::NewStub(runtime.Connect(common.identity));
  const auto ledger = stock::v1::StockService::NewStub(runtime.Connect(stock_address));
  const support::Tools tools{.pool = pool,
                             .keys = keys,
                             .clock = clock,
                             .identity = *identity,
                             .stock = *ledger,
                             .service_key = common.service_key};
  support::SupportHandler requests(tools);
  support::CampaignHandler campaigns(tools);
  support::SupportService support_service(runtime.dispatcher(), requests);
  support::CampaignService campaign_service(runtime.dispatcher(), campaigns);
  outbox::Pump pump(pool, runtime.Connect(common.notifications), common.service_key, runtime.registry());
  support::Upkeep upkeep(pool, keys, clock);
  rpc::Periodic periodic("support upkeep", absl::Minutes(5), [&] { return upkeep.Run(); });
  return runtime.Serve({&support_service, &campaign_service});
}
