// What a durable movement costs, and what stays the same as history grows: the service against PostgreSQL alone, against a call without a
// database, and through the gateway. All in one run on one PostgreSQL. See README.md.
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "libs/log/log.h"
#include "libs/rpc/client.h"
#include "ops/benchmarks/callers.h"
#include "ops/benchmarks/echo.h"
#include "ops/benchmarks/load.h"
#include "ops/benchmarks/pgbench.h"
#include "ops/benchmarks/world.h"

namespace kubari::bench {
namespace {

constexpr int kLots = 1'000;
constexpr int kBatch = 100;

struct Row {
  std::string what;
  int callers = 0;
  int movements = 1;  // in each call
  Measured measured;
  double per_second() const { return measured.calls_per_second * movements; }
};

class Report {
 public:
  const Row& Add(Row row) {
    const Measured& m = row.measured;
    std::printf("  %-34s %7d %10.0f %9.2f %9.2f%s\n", row.what.c_str(), row.callers, row.per_second(), m.p50, m.p99,
                m.failed > 0 ? absl::StrCat("  ", m.failed, " failed: ", m.first_failure.substr(0, 300)).c_str() : "");
    std::fflush(stdout);
    return rows_.emplace_back(std::move(row));
  }
  static void Header() { std::printf("  %-34s %7s %10s %9s %9s\n", "what", "callers", "per second", "p50 ms", "p99 ms"); }

  // A figure that is promised: what it is, what came out, what it is to be.
  void Judge(const std::string& what, double ratio, bool at_least, double bound) {
    std::printf("  %-78s %7.2f   to reach: %s %.2f%s\n", what.c_str(), ratio, at_least ? "≥" : "≤", bound,
                (at_least ? ratio >= bound : ratio <= bound) ? "" : "   not reached");
    std::fflush(stdout);
    ratios_.push_back({what, ratio, bound});
  }

  void Write(const std::string& file, absl::Duration time) const {
    std::ofstream out(file);
    out << absl::StrFormat("{\"seconds\": %d, \"cores\": %d, \"rows\": [", absl::ToInt64Seconds(time), sysconf(_SC_NPROCESSORS_ONLN));
    const char* separator = "\n";
    for (const Row& row : rows_) {
      out << separator
          << absl::StrFormat(R"(  {"what": %s, "callers": %d, "per_second": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "calls": %d, "failed": %d})",
                             log::JsonString(row.what), row.callers, row.per_second(), row.measured.p50, row.measured.p99, row.measured.calls,
                             row.measured.failed);
      separator = ",\n";
    }
    out << "\n], \"ratios\": [";
    separator = "\n";
    for (const Ratio& ratio : ratios_) {
      out << separator << absl::StrFormat(R"(  {"what": %s, "ratio": %.3f, "bound": %.2f})", log::JsonString(ratio.what), ratio.value, ratio.bound);
      separator = ",\n";
    }
    out << "\n]}\n";
    if (!out.flush()) std::fprintf(stderr, "kubari-bench-ledger: %s could not be written.\n", file.c_str());
  }

 private:
  struct Ratio {
    std::string what;
    double value, bound;
  };
  std::vector<Row> rows_;
  std::vector<Ratio> ratios_;
};

struct Options {
  absl::Duration time = absl::Seconds(5);
  std::string json;
  int64_t history = 0;
  bool gateway = true;
};

class Benchmark {
 public:
  Benchmark(const Options& options, const std::string& self)
      : options_(options), installation_({.rate = 0}), setting_(installation_, "bench"), goods_(MakeGoods(setting_, kLots)) {
    const std::string address = installation_.free_address();
    supervisor_.Start({.name = "echo",
                       .command = {self, "--echo", address, installation_.address("identity"), installation_.service_key_file()},
                       .log = installation_.folder() + "/log/echo"});
    echo_ = rpc::Connect(address);
    stock_ = rpc::Connect(installation_.address("stock"));
    (void)Load(1, absl::Milliseconds(500), GrpcGetLot(echo_, goods_));  // until it answers
    Psql(installation_, {"-c", "CREATE TABLE public.bench_commits (id uuid)", "-f", KUBARI_BENCHMARKS "/plain.sql"});
  }

  void Run() {
    std::printf("%d cores for callers, gateway, services and PostgreSQL together; %s a row after half a second of warming up.\n\n",
                static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)), absl::FormatDuration(options_.time).c_str());
    Report::Header();
    // The whole house at work: donors, allocation and impact follow each movement and commit what they make of it.
    Measure("movement, followed", 64, GrpcTransfer(stock_, goods_));
    WaitForFollowers(setting_);
    for (const char* follower : {"donors", "groups", "allocation", "impact"}) installation_.Pause(follower);

    const Row commit = MeasurePgbench("bare commit, pgbench", "commit.pgbench", 1);
    for (const int clients : {1, 8}) MeasurePgbench("movement, pgbench", "plain.pgbench", clients);
    const Row pgbench = MeasurePgbench("movement, pgbench", "plain.pgbench", 32);
    for (const int callers : {1, 8}) Measure("echo, gRPC", callers, GrpcGetLot(echo_, goods_));
    const Row echo = Measure("echo, gRPC", 64, GrpcGetLot(echo_, goods_));
    for (const int callers : {1, 8}) Measure("movement, gRPC", callers, GrpcTransfer(stock_, goods_));
    const Row single = Measure("movement, gRPC", 64, GrpcTransfer(stock_, goods_));
    const Row hot = Measure("movement of one lot, gRPC", 64, GrpcTransfer(stock_, goods_, OneLot));
    const Row batch = Measure(absl::StrCat(kBatch, " movements a call, gRPC"), 8, GrpcBatch(stock_, goods_, kBatch), kBatch);
    const double half = single.per_second() / 2;
    const Row calm_echo = Measure(absl::StrFormat("echo at %.0f a second", half), 64, GrpcGetLot(echo_, goods_), 1, half);
    const Row calm = Measure(absl::StrFormat("movement at %.0f a second", half), 64, GrpcTransfer(stock_, goods_), 1, half);
    if (options_.gateway) MeasureGateway();

    std::printf("\n");
    report_.Judge("single movement, 64 callers ÷ echo, 64 callers", single.per_second() / echo.per_second(), true, 0.6);
    report_.Judge("single movement, 64 callers ÷ movement by pgbench, 32 clients", single.per_second() / pgbench.per_second(), true, 1);
    report_.Judge("movements in batches of 100 ÷ movement by pgbench, 32 clients", batch.per_second() / pgbench.per_second(), true, 5);
    report_.Judge("one hot lot, 64 callers ÷ spread, 64 callers", hot.per_second() / single.per_second(), true, 0.5);
    report_.Judge("p99 at half the load ÷ (4 × p99 of echo + p99 of a bare commit)",
                  calm.measured.p99 / (4 * calm_echo.measured.p99 + commit.measured.p99), false, 1);
    if (options_.history > 0) MeasureHistory();
    if (!options_.json.empty()) report_.Write(options_.json, options_.time);
  }

 private:
  Row Measure(const std::string& what, int callers, const MakeCall& call, int movements = 1, double rate = 0) {
    CleanUp(installation_);
    return report_.Add({what, callers, movements, Load(callers, options_.time, call, rate)});
  }

  Row MeasurePgbench(const std::string& what, const std::string& script, int clients) {
    CleanUp(installation_);
    return report_.Add({what, clients, 1,
                        Pgbench(absl::StrCat(KUBARI_BENCHMARKS "/", script), {}, installation_.conninfo("postgres"), installation_.folder(),
                                clients, options_.time)});
  }

  void MeasureGateway() {
    for (const int callers : {8, 64}) {
      Measure("movement, gateway protobuf", callers, HttpTransfer(installation_.url(), Body::kProtobuf, goods_));
      Measure("movement, gateway JSON", callers, HttpTransfer(installation_.url(), Body::kJson, goods_));
      Measure("lot read, gRPC", callers, GrpcGetLot(stock_, goods_));
      Measure("lot read, gateway protobuf", callers, HttpGetLot(installation_.url(), Body::kProtobuf, goods_));
      Measure("lot read, gateway JSON", callers, HttpGetLot(installation_.url(), Body::kJson, goods_));
    }
  }

  struct Reads {
    Row forward, backward, list, single;
  };
  Reads MeasureReads(int64_t movements) {
    std::printf("\n%s movements\n", absl::StrCat(movements).c_str());
    const std::vector<std::string> lots = AddHistory(setting_, movements);
    return {Measure("trace forward of a lot, gRPC", 1, GrpcTraceForward(stock_, goods_.auditor, lots)),
            Measure("trace backward of a lot, gRPC", 1, GrpcTraceBackward(stock_, goods_.auditor, lots)),
            Measure("stock list of a warehouse, gRPC", 1, GrpcStockList(stock_, goods_.auditor, setting_.a.at("warehouse"))),
            Measure("movement, gRPC", 64, GrpcTransfer(stock_, goods_))};
  }

  void MeasureHistory() {
    const int64_t at_first =
        std::max<int64_t>(100'000, std::atoll(Psql(installation_, {"-c", "SELECT sum(next_position) FROM stock.ledgers"}).c_str()) + 20'000);
    const Reads few = MeasureReads(at_first), many = MeasureReads(options_.history);
    const Sizes sizes = MeasureSizes(installation_);
    std::printf("\n");
    const auto longer = [](const Row& a, const Row& b) { return b.measured.p50 / a.measured.p50; };
    const std::string times = absl::StrCat(", ", options_.history, " ÷ ", at_first, " movements");
    report_.Judge("trace forward of a lot, p50" + times, longer(few.forward, many.forward), false, 1.5);
    report_.Judge("trace backward of a lot, p50" + times, longer(few.backward, many.backward), false, 1.5);
    report_.Judge("stock list of a warehouse, p50" + times, longer(few.list, many.list), false, 1.5);
    report_.Judge("single movements a second" + times, many.single.per_second() / few.single.per_second(), true, 0.67);
    report_.Judge(absl::StrCat("bytes on disk per movement, indexes included, of ", sizes.movements), sizes.bytes_a_movement, false, 400);
    std::printf("  and %.0f bytes per movement for lots, balances and deliveries\n", sizes.bytes_of_what_follows);
  }

  const Options options_;
  end_to_end::Installation installation_;
  end_to_end::Setting setting_;
  const Goods goods_;
  end_to_end::Supervisor supervisor_;
  std::shared_ptr<grpc::Channel> echo_, stock_;
  Report report_;
};

bool Parse(const std::vector<std::string>& words, Options& options) {
  int seconds = 5;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool more = i + 1 < words.size();
    if (words[i] == "--json" && more) {
      options.json = words[++i];
    } else if (words[i] == "--seconds" && more && absl::SimpleAtoi(words[i + 1], &seconds) && seconds > 0) {
      ++i;
    } else if (words[i] == "--history" && more && absl::SimpleAtoi(words[i + 1], &options.history) && options.history >= 1'000'000) {
      ++i;
    } else if (words[i] == "--no-gateway") {
      options.gateway = false;
    } else {
      return false;
    }
  }
  options.time = absl::Seconds(seconds);
  return true;
}

}  // namespace
}  // namespace kubari::bench

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 4 && words[0] == "--echo") {
    return kubari::bench::ServeEcho(words[1], words[2], kubari::end_to_end::FirstLine(words[3]));
  }
  kubari::bench::Options options;
  if (!kubari::bench::Parse(words, options)) {
    std::fprintf(stderr, "usage: kubari-bench-ledger [--seconds N] [--history MOVEMENTS] [--no-gateway] [--json FILE]\n");
    return 2;
  }
  std::printf("Starting PostgreSQL (fsync on), the services and the gateway …\n");
  kubari::bench::Benchmark(options, argv[0]).Run();
  return 0;
}
