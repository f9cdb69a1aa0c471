// kubari-allocation: config → wiring → serve.
#include "libs/calendar/clock.h"
#include "libs/config/config.h"
#include "libs/feed/follower.h"
#include "libs/outbox/pump.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/rpc/periodic.h"
#include "libs/rpc/runtime.h"
#include "services/allocation/feed_effects.h"
#include "services/allocation/market_closer.h"
#include "services/allocation/migrations/migrations.h"
#include "services/allocation/reoffer.h"
#include "services/allocation/service.h"
#include "services/allocation/telling.h"

int main(int argc, char** argv) {
  using namespace kubari;

  rpc::CommonOptions common("allocation");
  std::string stock = "127.0.0.1:7104", groups = "127.0.0.1:7103", donors = "127.0.0.1:7102";
  config::Options options("kubari-allocation", "Who gets what, and why.");
  common.Declare(options);
  options.HostPort("stock", &stock, "address of the stock service");
  options.HostPort("groups", &groups, "address of the groups service");
  options.HostPort("donors", &donors, "address of the donors service");
  if (const std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
  if (common.migrate) return rpc::ExitCode(pg::Migrate(common.migration_database_url, "allocation", kMigrations));

  rpc::Runtime runtime(common, options);
  if (const absl::Status ready = pg::CheckMigrated(common.database_url, "allocation", kMigrations); !ready.ok()) {
    return rpc::ExitCode(ready);
  }
  const calendar::SystemClock clock;
  const feed::FollowerOptions following{.service_key = common.service_key};
  // One connection each for the workers, the followers of the feed, and the work in the background.
  pg::Pool pool({.conninfo = common.database_url,
                 .schema = "allocation",
                 .size = common.workers + following.threads + 6,
                 .registry = &runtime.registry()});
  const auto stock_channel = runtime.Connect(stock);
  allocation::SnapshotReader reader(stock_channel, runtime.Connect(groups), runtime.Connect(donors));
  allocation::Ledger ledger(stock_channel, common.service_key);
  allocation::Publisher publisher(pool, ledger, clock);
  allocation::AllocationService service(runtime.dispatcher(), {pool, reader, publisher, clock});
  feed::Follower follower(following, runtime.Connect(common.identity), stock_channel, pool, runtime.registry(),
                          &allocation::ApplyFeed);
  rpc::Periodic finishing("finish runs and answers", absl::Seconds(5), [&] { return publisher.FinishWhatIsLeft(); });
  allocation::Reoffer reoffer(pool, reader, publisher, clock, common.service_key);
  rpc::Periodic offering("offer again what came back", absl::Minutes(1), [&] { return reoffer.OfferWhatCameBack(); });
  allocation::MarketCloser closer(pool, reader, publisher, clock, common.service_key);
  allocation::MarketService market(runtime.dispatcher(), {pool, reader, publisher, clock}, closer);
  rpc::Periodic closing("close claims and bids", absl::Seconds(5), [&] { return closer.CloseWhatIsDue(); });
  rpc::Periodic giving_back("give back spent shares", absl::Minutes(1), [&] { return closer.GiveBackShares(); });
  rpc::Periodic reminding("remind groups that have not answered", absl::Minutes(1),
                          [&] { return allocation::RemindGroups(pool, clock); });
  outbox::Pump pump(pool, runtime.Connect(common.notifications), common.service_key, runtime.registry());
  return runtime.Serve({&service, &market});
}
