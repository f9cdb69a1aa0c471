// What a durable movement costs: the service against PostgreSQL alone, against a call without a database, and through the gateway.
// All in one run on one PostgreSQL. See README.md.
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/clock.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "kubari/impact/v1/impact.pb.h"
#include "kubari/stock/v1/stock.pb.h"
#include "libs/log/log.h"
#include "libs/rpc/client.h"
#include "ops/benchmarks/callers.h"
#include "ops/benchmarks/echo.h"
#include "ops/benchmarks/load.h"
#include "ops/benchmarks/pgbench.h"
#include "tests/end_to_end/setting.h"

namespace kubari::bench {
namespace {

struct Row {
  std::string what;  // "TransferStock"
  std::string way;   // "gRPC", "gateway JSON", "pgbench", …
  int callers = 0;
  Measured measured;
};

class Report {
 public:
  void Add(Row row) {
    const Measured& m = row.measured;
    std::printf("  %-14s %-17s %7d %9.0f %9.2f %9.2f %11s %8s%s\n", row.what.c_str(), row.way.c_str(), row.callers, m.calls_per_second, m.p50,
                m.p99, Ratio(row, "pgbench").c_str(), Ratio(row, "echo").c_str(),
                m.failed > 0 ? absl::StrCat("  ", m.failed, " failed: ", m.first_failure).c_str() : "");
    std::fflush(stdout);
    rows_.push_back(std::move(row));
  }

  static void Header() {
    std::printf("  %-14s %-17s %7s %9s %9s %9s %11s %8s\n", "what", "way", "callers", "calls/s", "p50 ms", "p99 ms", "× pgbench", "× echo");
  }

  void Write(const std::string& file, absl::Duration time) const {
    std::ofstream out(file);
    out << absl::StrFormat("{\"seconds\": %d, \"cores\": %d, \"rows\": [", absl::ToInt64Seconds(time), sysconf(_SC_NPROCESSORS_ONLN));
    for (size_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      out << (i == 0 ? "\n" : ",\n")
          << absl::StrFormat(
                 R"(  {"what": %s, "way": %s, "callers": %d, "calls_per_second": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "calls": %d, "failed": %d})",
                 log::JsonString(row.what), log::JsonString(row.way), row.callers, row.measured.calls_per_second, row.measured.p50,
                 row.measured.p99, row.measured.calls, row.measured.failed);
    }
    out << "\n]}\n";
    if (!out.flush()) std::fprintf(stderr, "kubari-bench-ledger: %s could not be written.\n", file.c_str());
  }

 private:
  // Against the row of that way with as many callers; "" where there is none or it means nothing.
  std::string Ratio(const Row& row, const std::string& way) const {
    if (row.way == way || row.way == "pgbench, 1 row" || (way == "pgbench" && row.what != "TransferStock")) return "";
    for (const Row& other : rows_) {
      if (other.way == way && other.callers == row.callers && other.measured.calls_per_second > 0) {
        return absl::StrFormat("%.2f", row.measured.calls_per_second / other.measured.calls_per_second);
      }
    }
    return "";
  }

  std::vector<Row> rows_;
};

// A million items that may be moved about for ever.
Target MakeTarget(end_to_end::Setting& setting) {
  end_to_end::Names names = setting.a;
  const cli::Client coordinator = setting.Coordinator();
  Target target;
  target.lot = end_to_end::Field(coordinator, "stock.ReceiveStock", R"({"requestId": "$uuid", "place": "$shelf", "donor": "$donor",
      "product": "$product", "items": "1000000", "donorLotNumber": "BENCH",
      "goodUntil": {"kind": "DATE_KIND_BEST_BEFORE", "date": "$later"}})",
                                 names, "lot.name");
  names["lot"] = target.lot;
  end_to_end::Field(coordinator, "stock.TransferStock",
                    R"({"requestId": "$uuid", "lot": "$lot", "fromPlace": "$shelf", "toPlace": "$shelf2", "items": "500000"})", names, "movement.name");
  target.from = names.at("shelf");
  target.to = names.at("shelf2");
  target.token = setting.Token(kubari::type::v1::ROLE_VOLUNTEER, names);
  return target;
}

// Until impact has counted what is in the ledger, at most two minutes.
void WaitForFollowers(end_to_end::Setting& setting) {
  kubari::stock::v1::ReadFeedRequest request;
  request.set_page_size(1);
  for (const absl::Time give_up = absl::Now() + absl::Minutes(2); absl::Now() < give_up; absl::SleepFor(absl::Milliseconds(500))) {
    const auto figures = end_to_end::Must<kubari::impact::v1::GetImpactResponse>(setting.Auditing(), "impact.GetImpact",
                                                                                kubari::impact::v1::GetImpactRequest());
    request.set_position(figures.ledger_position());
    if (end_to_end::Must<kubari::stock::v1::ReadFeedResponse>(setting.Auditing(), "stock.ReadFeed", request).entries().empty()) return;
  }
}

void Psql(const end_to_end::Installation& installation, const std::vector<std::string>& statements) {
  std::vector<std::string> command = {"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", installation.conninfo("postgres")};
  for (const std::string& statement : statements) command.insert(command.end(), {"-c", statement});
  const end_to_end::Finished done = end_to_end::RunProgram(command);
  if (done.exit_code == 0) return;
  std::fprintf(stderr, "kubari-bench-ledger: psql failed:\n%s\n", done.output.c_str());
  std::exit(1);
}

// Every row starts alike: no row versions left by the one before, nothing waiting to be written.
void CleanUp(const end_to_end::Installation& installation) { Psql(installation, {"VACUUM ANALYZE", "CHECKPOINT"}); }

int Run(absl::Duration time, const std::string& json, const std::string& self) {
  std::printf("Starting PostgreSQL (fsync on), the services and the gateway …\n");
  end_to_end::Installation installation(end_to_end::Installation::Options{.rate = 0});
  end_to_end::Setting setting(installation, "bench");
  const Target target = MakeTarget(setting);
  const std::string echo = installation.free_address();
  end_to_end::Supervisor supervisor;
  supervisor.Start({.name = "echo",
                    .command = {self, "--echo", echo, installation.address("identity"), installation.service_key_file()},
                    .log = installation.folder() + "/log/echo"});
  const auto id = [](const std::string& name) { return name.substr(name.find('/') + 1); };
  const std::map<std::string, std::string> variables = {
      {"network", setting.network_id}, {"lot", id(target.lot)}, {"from_place", id(target.from)}, {"to_place", id(target.to)}};
  const auto echo_channel = rpc::Connect(echo), stock = rpc::Connect(installation.address("stock"));
  // Until it answers.
  (void)Load(1, absl::Milliseconds(500), GrpcGetLot(echo_channel, target));

  std::printf("%d cores for callers, gateway, services and PostgreSQL together; %s a row after half a second of warming up.\n\n",
              static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)), absl::FormatDuration(time).c_str());
  Report report;
  Report::Header();
  Psql(installation, {"CREATE TABLE public.bench_commits (id uuid)"});
  const std::vector<int> many = {1, 8, 32, 64};
  const auto measure = [&](const char* what, const char* way, int callers, const MakeCall& call) {
    CleanUp(installation);
    report.Add({what, way, callers, Load(callers, time, call)});
  };
  // The whole house at work: donors, allocation and impact follow each movement and commit what they make of it.
  for (const int callers : many) measure("TransferStock", "gRPC, followed", callers, GrpcTransfer(stock, target));
  std::printf("\n");
  WaitForFollowers(setting);
  for (const char* follower : {"donors", "groups", "allocation", "impact"}) installation.Pause(follower);
  for (const int callers : many) {
    measure("no database", "echo", callers, GrpcGetLot(echo_channel, target));
    CleanUp(installation);
    report.Add({"bare insert", "pgbench, 1 row", callers,
                Pgbench(KUBARI_PGBENCH_FOLDER "/commit.pgbench", {}, installation.conninfo("postgres"), installation.folder(), callers, time)});
    CleanUp(installation);
    report.Add({"TransferStock", "pgbench", callers,
                Pgbench(KUBARI_PGBENCH_FOLDER "/movement.pgbench", variables, installation.conninfo("kubari_stock"), installation.folder(),
                        callers, time)});
    measure("TransferStock", "gRPC", callers, GrpcTransfer(stock, target));
    measure("TransferStock", "gateway protobuf", callers, HttpTransfer(installation.url(), Body::kProtobuf, target));
    measure("TransferStock", "gateway JSON", callers, HttpTransfer(installation.url(), Body::kJson, target));
    measure("GetLot", "gRPC", callers, GrpcGetLot(stock, target));
    measure("GetLot", "gateway protobuf", callers, HttpGetLot(installation.url(), Body::kProtobuf, target));
    measure("GetLot", "gateway JSON", callers, HttpGetLot(installation.url(), Body::kJson, target));
    std::printf("\n");
  }
  if (!json.empty()) report.Write(json, time);
  return 0;
}

}  // namespace
}  // namespace kubari::bench

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 4 && words[0] == "--echo") {
    return kubari::bench::ServeEcho(words[1], words[2], kubari::end_to_end::FirstLine(words[3]));
  }
  std::string json;
  int seconds = 5;
  for (size_t i = 0; i + 1 < words.size(); i += 2) {
    if (words[i] == "--json") {
      json = words[i + 1];
    } else if (words[i] != "--seconds" || !absl::SimpleAtoi(words[i + 1], &seconds) || seconds < 1) {
      seconds = 0;
    }
  }
  if (words.size() % 2 != 0 || seconds == 0) {
    std::fprintf(stderr, "usage: kubari-bench-ledger [--json FILE] [--seconds N]\n");
    return 2;
  }
  return kubari::bench::Run(absl::Seconds(seconds), json, argv[0]);
}
