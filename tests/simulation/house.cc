#include "tests/simulation/house.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>
#include <absl/time/clock.h>
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "kubari/donors/v1/donors.grpc.pb.h"
#include "kubari/groups/v1/groups.grpc.pb.h"
#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/errors/errors.h"
#include "libs/pg/testing/database.h"
#include "services/stock/migrations/migrations.h"
#include "tests/end_to_end/process.h"

namespace kubari::simulation {
namespace {

constexpr char kServiceKey[] = "made-up-service-key-of-the-simulation";

std::string Uuid(int kind, int n) { return absl::StrFormat("%08x-0000-4000-8000-%012x", kind, n); }

grpc::Status NoSuch(const std::string& name) {
  return errors::ToGrpc(
      errors::Make(absl::StatusCode::kNotFound, "NOT_FOUND", absl::StrCat("No ", name), "ありません。"));
}

type::v1::Agreement InForce() {
  type::v1::Agreement agreement;
  agreement.set_state(type::v1::AGREEMENT_STATE_SIGNED);
  agreement.set_valid_from_date("2020-01-01");
  return agreement;
}

std::string DaysAhead(int days) {
  return absl::FormatCivilTime(absl::ToCivilDay(absl::Now(), absl::FixedTimeZone(9 * 3600)) + days);
}

// Tokens are their own register: "network/role/organisation/person".
class Identity final : public identity::v1::IdentityService::Service {
  grpc::Status Authenticate(grpc::ServerContext*, const identity::v1::AuthenticateRequest* request,
                            identity::v1::AuthenticateResponse* response) override {
    const std::vector<std::string> parts = absl::StrSplit(request->token(), '/');
    if (parts.size() != 4) return NoSuch(request->token());
    identity::v1::Session& session = *response->mutable_session();
    session.mutable_network()->set_name(absl::StrCat("networks/", parts[0]));
    session.mutable_network()->set_time_zone("Asia/Tokyo");
    session.set_subject(absl::StrCat("people/", parts[3]));
    identity::v1::Grant& grant = *session.add_grants();
    grant.set_organisation(absl::StrCat("organisations/", parts[2]));
    grant.set_role(static_cast<type::v1::Role>(std::atoi(parts[1].c_str())));
    session.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(absl::Now() + absl::Hours(1)));
    return grpc::Status::OK;
  }
};

class Donors final : public donors::v1::DonorsService::Service {
  grpc::Status GetDonor(grpc::ServerContext*, const donors::v1::GetDonorRequest* request,
                        donors::v1::Donor* donor) override {
    if (request->name() != DonorName()) return NoSuch(request->name());
    donor->set_name(DonorName());
    donor->set_display_name("架空食品");
    *donor->add_agreements() = InForce();
    return grpc::Status::OK;
  }
  grpc::Status GetOffer(grpc::ServerContext*, const donors::v1::GetOfferRequest* request,
                        donors::v1::Offer* offer) override {
    if (!absl::StartsWith(OfferLineName(1), absl::StrCat(request->name(), "/"))) return NoSuch(request->name());
    offer->set_name(request->name());
    offer->set_donor(DonorName());
    offer->set_title("模擬の寄付");
    offer->set_state(donors::v1::OFFER_STATE_ACCEPTED);
    offer->mutable_conditions()->set_onward_transfer_allowed(true);
    for (int n = 1; n <= 2; ++n) {
      donors::v1::OfferLine& line = *offer->add_lines();
      line.set_name(OfferLineName(n));
      line.set_product(ProductName(n));
      line.set_cases(100);
      line.set_accepted_cases(100);
      line.set_items_per_case(12);
      line.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
      line.mutable_good_until()->set_date(DaysAhead(60 * n));
      line.set_donor_lot_number(absl::StrCat("S", n));
    }
    return grpc::Status::OK;
  }
};

class Groups final : public groups::v1::GroupsService::Service {
  grpc::Status GetGroup(grpc::ServerContext*, const groups::v1::GetGroupRequest* request,
                        groups::v1::Group* group) override {
    for (int n = 1; n <= kGroups + 1; ++n) {
      if (request->name() != GroupName(n)) continue;
      group->set_name(GroupName(n));
      group->set_display_name(absl::StrCat("こども食堂", n));
      group->set_state(groups::v1::GROUP_STATE_ACTIVE);
      group->set_households(10 * n);
      if (n == 2 || n == 3) group->set_hub(GroupName(1));
      if (n <= kGroups) *group->add_agreements() = InForce();
      groups::v1::Site& site = *group->add_sites();
      site.set_ambient_items(1'000'000);
      site.mutable_address()->set_municipality_code("13101");
      return grpc::Status::OK;
    }
    return NoSuch(request->name());
  }
};

int FreePort() {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::mt19937 random(std::random_device{}());
  // Below the ports that the kernel gives to outgoing connections, so that a killed process finds its port again.
  do {
    address.sin_port = htons(static_cast<uint16_t>(std::uniform_int_distribution<int>(15'000, 19'999)(random)));
  } while (bind(socket_fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0);
  close(socket_fd);
  return ntohs(address.sin_port);
}

}  // namespace

struct House::Parts {
  Identity identity;
  Donors donors;
  Groups groups;
  std::unique_ptr<grpc::Server> neighbours;
  pg::testing::Database database = pg::testing::CreateDatabase("stock", kMigrations);
  std::string address;
  std::string folder;
  std::atomic<int> kills{0};
  std::atomic<int> cuts{0};
  end_to_end::Supervisor supervisor;  // ends first
};

House::House() : parts_(std::make_unique<Parts>()) {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&parts_->identity);
  builder.RegisterService(&parts_->donors);
  builder.RegisterService(&parts_->groups);
  parts_->neighbours = builder.BuildAndStart();
  const std::string neighbours = absl::StrCat("127.0.0.1:", port);

  std::string folder = (std::filesystem::temp_directory_path() / "kubari-simulation-XXXXXX").string();
  parts_->folder = mkdtemp(folder.data());
  parts_->address = absl::StrCat("127.0.0.1:", FreePort());
  parts_->supervisor.Start(
      {.name = "stock",
       .command = {absl::StrCat(KUBARI_BIN_FOLDER, "/kubari-stock"), "--listen", parts_->address, "--metrics-listen",
                   absl::StrCat("127.0.0.1:", FreePort()), "--identity", neighbours, "--donors", neighbours, "--groups",
                   neighbours, "--connections", "8"},
       .added = {{"KUBARI_DATABASE_URL", parts_->database.service}, {"KUBARI_SERVICE_KEY", kServiceKey}},
       .log = parts_->folder + "/stock.log"});
}

House::~House() {
  parts_->neighbours->Shutdown(std::chrono::system_clock::now());
  if (::testing::UnitTest::GetInstance()->Failed()) {
    std::fprintf(stderr, "simulation: the service's log stays in %s\n", parts_->folder.c_str());
    return;
  }
  std::error_code ignored;
  std::filesystem::remove_all(parts_->folder, ignored);
}

std::shared_ptr<grpc::Channel> House::Connect() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(parts_->address, grpc::InsecureChannelCredentials(), arguments);
}

void House::KillProcess() {
  if (parts_->supervisor.Signal("stock", SIGKILL)) ++parts_->kills;
}

void House::CutConnection() {
  parts_->cuts += std::atoi(
      pg::testing::Sql(
          parts_->database.superuser,
          absl::StrCat(
              "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE datname = '",
              parts_->database.name, "' AND usename = 'kubari_stock' ORDER BY random() LIMIT 1) AS one"))
          .c_str());
}

void House::LetReservationsExpire(const std::string& network) {
  pg::testing::Sql(parts_->database.superuser,
                   absl::StrCat("UPDATE stock.reservations SET expire_time = now() - interval '1 second' WHERE "
                                "network_id = '",
                                network, "' AND open AND right(reservation_id::text, 1) IN ",
                                "('0', '2', '4', '6', '8', 'a', 'c', 'e')"));
}

void House::AwaitNoneOverdue(const std::string& network) {
  const std::string overdue = absl::StrCat("SELECT count(*) FROM stock.reservations WHERE network_id = '", network,
                                           "' AND open AND expire_time <= now()");
  for (int tries = 0; tries < 300 && pg::testing::Sql(parts_->database.superuser, overdue) != "0"; ++tries)
    absl::SleepFor(absl::Milliseconds(100));
}

int House::kills() const { return parts_->kills; }
int House::cuts() const { return parts_->cuts; }

std::string Token(const std::string& network, type::v1::Role role, const std::string& organisation,
                  const std::string& person) {
  return absl::StrCat(network, "/", static_cast<int>(role), "/", organisation, "/", person);
}

std::string DonorName() { return absl::StrCat("donors/", Uuid(1, 1)); }
std::string GroupName(int n) { return absl::StrCat("groups/", Uuid(2, n)); }
std::string StrangerName() { return GroupName(kGroups + 1); }
std::string OfferLineName(int n) { return absl::StrCat("offers/", Uuid(3, 1), "/lines/", Uuid(4, n)); }
std::string ProductName(int n) { return absl::StrCat("products/", Uuid(5, n)); }

}  // namespace kubari::simulation
