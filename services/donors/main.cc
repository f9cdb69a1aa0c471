// kubari-donors: config → wiring → serve.
#include "libs/calendar/clock.h"
#include "libs/config/config.h"
#include "libs/feed/follower.h"
#include "libs/outbox/pump.h"
#include "libs/pg/migrations.h"
#include "libs/pg/pool.h"
#include "libs/registry/networks.h"
#include "libs/rpc/periodic.h"
#include "libs/rpc/runtime.h"
#include "services/donors/daily.h"
#include "services/donors/migrations/migrations.h"
#include "services/donors/receipts.h"
#include "services/donors/service.h"

int main(int argc, char** argv) {
  using namespace kubari;

  rpc::CommonOptions common("donors");
  std::string stock = "127.0.0.1:7104";
  std::string groups = "127.0.0.1:7103";
  config::Options options("kubari-donors", "Donors, the agreements with them, and what they offer.");
  common.Declare(options);
  options.HostPort("stock", &stock, "address of the stock service");
  options.HostPort("groups", &groups, "address of the groups service, whose groups are asked who can use something");
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
                 .size = common.workers + following.threads + 2,  // the outbox and what happens daily
                 .registry = &runtime.registry()});
  donors::DonorsHandler handler(pool, runtime.Connect(common.identity), runtime.Connect(stock), clock);
  donors::DonorsService service(runtime.dispatcher(), handler);
  registry::AgreementsHandler agreements_handler(pool, donors::kParties, clock);
  donors::AgreementsService agreements(runtime.dispatcher(), agreements_handler);
  donors::ProfilesHandler profiles_handler(pool, clock);
  donors::DonorProfilesService profiles(runtime.dispatcher(), profiles_handler);
  donors::QuestionsHandler questions_handler(pool, clock);
  donors::OfferQuestionsService questions(runtime.dispatcher(), questions_handler);
  donors::StandingOffersHandler standing_handler(pool, runtime.Connect(stock), clock);
  donors::StandingOffersService standing(runtime.dispatcher(), standing_handler);
  donors::AnsweredNeeds needs(pool, runtime.Connect(groups), common.service_key, clock);
  donors::BroadcastsHandler broadcasts_handler(pool, runtime.Connect(stock), runtime.Connect(groups), needs, clock);
  donors::BroadcastsService broadcasts(runtime.dispatcher(), broadcasts_handler);
  feed::Follower receipts(following, runtime.Connect(common.identity), runtime.Connect(stock), pool, runtime.registry(),
                          [&](pg::Transaction& tx, const feed::Network& network, const feed::Entries& entries) {
                            return donors::ApplyReceipts(tx, network, entries, clock);
                          });
  outbox::Pump pump(pool, runtime.Connect(common.notifications), common.service_key, runtime.registry());
  registry::Networks networks(runtime.Connect(common.identity), common.service_key, clock);
  rpc::Periodic daily("what ends and repeats", absl::Minutes(1),
                      [&] { return donors::LookAfterAll(pool, networks, needs, clock); });
  return runtime.Serve({&service, &agreements, &profiles, &questions, &standing, &broadcasts});
}
