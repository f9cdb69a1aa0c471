// Programs that know nothing of Kubari but its contract: curl with JSON, gRPC's reflection and health, Prometheus.
#include <absl/strings/match.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/groups/v1/groups.pb.h"
#include "libs/rpc/client.h"
#include "libs/contract/contract.h"
#include "ops/kubari/contract.h"
#include "tests/end_to_end/auditor.h"
#include "tests/end_to_end/calls.h"
#include "tests/end_to_end/played_demo.h"

namespace kubari::end_to_end {
namespace {

Environment ForScripts() {
  return {{"KUBARI_SERVER", TheDemo().installation.url()}, {"KUBARI_KEY_FILE", TheDemo().administrator_key_file}};
}

// The block behind "<!-- walkthrough" in README.md.
std::string Walkthrough() {
  const std::string readme = ReadFile(SourceFolder() + "/README.md");
  const size_t mark = readme.find("<!-- walkthrough");
  const size_t start = mark == std::string::npos ? mark : readme.find("```bash\n", mark);
  const size_t end = start == std::string::npos ? start : readme.find("\n```", start);
  return end == std::string::npos ? "" : readme.substr(start + 8, end - start - 8);
}

TEST(GenericClient, ReadmesWalkthroughRunsAsItStands) {
  ASSERT_NE(Walkthrough(), "");
  const Finished played = RunProgram({"bash", "-c", Walkthrough()}, ForScripts());
  ASSERT_EQ(played.exit_code, 0) << played.output;
  for (const char* expected : {"MOVEMENT_KIND_RECEIVE", "MOVEMENT_KIND_RESERVE", "MOVEMENT_KIND_ISSUE", "MOVEMENT_KIND_CONFIRM",
                               "MOVEMENT_KIND_SHORTAGE", "\"items\": \"118\""}) {
    EXPECT_TRUE(absl::StrContains(played.output, expected)) << expected << " is missing in:\n" << played.output;
  }
}

TEST(GenericClient, CurlSignsInByInviteListsBalancesAndTracesALot) {
  const Finished played = RunProgram({"bash", "-c", R"sh(
    set -euo pipefail
    key=$(cat "$KUBARI_KEY_FILE")
    call() {
      curl -sS --fail-with-body "$KUBARI_SERVER/kubari.$1.v1.${1^}Service/$2" -d "$3" -H 'Content-Type: application/json' \
        ${token:+-H "Authorization: Bearer $token"}
    }
    id() { cat /proc/sys/kernel/random/uuid; }
    token=$key
    intermediary=$(call identity GetSession '{}' | jq -r '.grants[0].organisation')
    person=$(call identity CreatePerson '{"requestId": "'$(id)'", "displayName": "監査（試験）", "email": "'$RANDOM$RANDOM'@test.example",
      "grants": [{"organisation": "'$intermediary'", "role": "ROLE_AUDITOR"}]}' | jq -r .name)
    code=$(call identity CreateInvite '{"requestId": "'$(id)'", "person": "'$person'"}' | jq -r .code)
    token=
    token=$(call identity RedeemInvite '{"requestId": "'$(id)'", "code": "'$code'"}' | jq -r .token)
    call identity GetSession '{}' | jq -r '.displayName'
    lot=$(call stock ListBalances '{"pageSize": 1}' | jq -r '.balances[0].lot.code')
    call stock TraceLot '{"lot": "'$lot'"}' | jq -r '"\(.movements[0].kind) \([.holders[].items | tonumber] | add)"'
    call identity SignOut '{}'
    echo
    call identity GetSession '{}' || true
  )sh"}, ForScripts());
  ASSERT_EQ(played.exit_code, 0) << played.output;
  EXPECT_TRUE(absl::StrContains(played.output, "監査（試験）\nMOVEMENT_KIND_RECEIVE 0\n{}\n")) << played.output;
  EXPECT_TRUE(absl::StrContains(played.output, "\"code\":\"unauthenticated\"")) << "signed out, but: " << played.output;
  EXPECT_TRUE(absl::StrContains(played.output, "TOKEN_INVALID") || absl::StrContains(played.output, "details")) << played.output;
}

TEST(GenericClient, TheCommandLineReadsAndExports) {
  const Environment key = {{"KUBARI_KEY_FILE", TheDemo().administrator_key_file}};
  const Finished balances = TheDemo().installation.Kubari({"call", "stock.ListBalances", R"({"pageSize": 2})"}, key);
  EXPECT_EQ(balances.exit_code, 0) << balances.output;
  EXPECT_TRUE(absl::StrContains(balances.output, "onHand")) << balances.output;
  const std::string file = TheDemo().installation.folder() + "/groups.csv";
  const Finished exported = TheDemo().installation.Kubari({"export", "groups", file}, key);
  EXPECT_EQ(exported.exit_code, 0) << exported.output;
  EXPECT_GT(ReadFile(file).size(), 1'000u);
  const Finished refused = TheDemo().installation.Kubari({"call", "stock.ReadFeed", "{}"}, key);
  EXPECT_EQ(refused.exit_code, 1) << refused.output;
  EXPECT_TRUE(absl::StrContains(refused.output, "ROLE_NOT_ALLOWED")) << refused.output;
}

nlohmann::json ManifestOf(const std::string& folder) { return nlohmann::json::parse(ReadFile(folder + "/manifest.json"), nullptr, false); }

TEST(GenericClient, EverythingIsTakenAlongByWhoeverAsks) {
  PlayedDemo& demo = TheDemo();
  const std::string all = demo.installation.folder() + "/all";
  const Finished taken = demo.installation.Kubari({"export", "--all", all}, {{"KUBARI_KEY_FILE", demo.administrator_key_file}});
  EXPECT_EQ(taken.exit_code, 0) << taken.output;
  const nlohmann::json manifest = ManifestOf(all);
  ASSERT_TRUE(manifest.is_object());
  std::map<std::string, int64_t> rows;
  int64_t runs = 0;
  for (const auto& file : manifest["files"]) {
    const std::string path = file["path"];
    if (file.contains("rows")) rows[path] = file["rows"];
    if (path.starts_with("files/allocation.ExportRun/")) ++runs;
    const Finished hash = RunProgram({"sha256sum", all + "/" + path});
    EXPECT_TRUE(hash.output.starts_with(file["sha256"].get<std::string>())) << path;
  }
  EXPECT_GE(rows["donors.ListDonors.ndjson"], 30);
  EXPECT_GE(rows["groups.ListGroups.ndjson"], 100);
  EXPECT_GE(rows["stock.ListPlaces.csv"], 3) << "a list that is asked for each warehouse";
  EXPECT_GT(rows["stock.ListMovements.ndjson"], 200) << "more than a page";
  // Every run there is: the demo's, and those of the screens' walk, where it came before.
  const auto there = MustList<allocation::v1::ListRunsResponse>(demo.installation.Gateway(demo.administrator_key), "allocation.ListRuns",
                                                               allocation::v1::ListRunsRequest(), [](const auto& page) { return page.runs(); });
  EXPECT_GE(there.size(), 1u);
  EXPECT_EQ(runs, static_cast<int64_t>(there.size()));
  for (const auto& missing : manifest["not_taken"]) {
    const std::string reason = missing["reason"];
    EXPECT_TRUE(reason.starts_with("PERMISSION_DENIED") || reason.ends_with(" NOT_A_PERSON")) << missing.dump();
  }

  // A group takes along what is its own.
  const cli::Client administrator = demo.installation.Gateway(demo.administrator_key);
  groups::v1::ListGroupsRequest one;
  one.set_page_size(1);
  const std::string group = Must<groups::v1::ListGroupsResponse>(administrator, "groups.ListGroups", one).groups(0).name();
  const std::string own = demo.installation.folder() + "/own";
  const std::string key = MakeKey(administrator, "organisations/" + group.substr(group.find('/') + 1), type::v1::ROLE_GROUP);
  const Finished by_group = demo.installation.Kubari({"export", "--all", own}, {{"KUBARI_KEY", key}});
  EXPECT_EQ(by_group.exit_code, 0) << by_group.output;
  const std::string lines = ReadFile(own + "/groups.ListGroups.ndjson");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1) << "itself and nobody else";
  EXPECT_TRUE(absl::StrContains(lines, group));
}

// One message there, one back, on a stream; empty if it fails.
std::string AskStream(const std::string& address, const std::string& method, const std::string& request) {
  grpc::GenericStub stub(rpc::Connect(address));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(&context, method, &queue);
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  call->StartCall(nullptr);
  if (!wait()) return "";
  const grpc::Slice slice(request);
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  if (!wait()) return "";
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  if (!wait()) return "";
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
  std::vector<grpc::Slice> slices;
  (void)answer.Dump(&slices);
  std::string bytes;
  for (const grpc::Slice& part : slices) bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
  return bytes;
}

TEST(GenericClient, ReflectionNamesTheService) {
  for (const auto* service : ContractServices()) {
    const std::string room(service->file()->package().substr(7, service->file()->package().rfind('.') - 7));
    // ServerReflectionRequest.list_services (field 7) = "*".
    const std::string answer = AskStream(TheDemo().installation.address(room),
                                         "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "\x3a\x01*");
    EXPECT_TRUE(absl::StrContains(answer, std::string(service->full_name()))) << room << ": " << answer;
    EXPECT_TRUE(absl::StrContains(answer, "grpc.health.v1.Health")) << room << ": " << answer;
  }
}

TEST(GenericClient, HealthSaysServing) {
  for (const std::string& service : Services()) {
    // Watch gives the state at once; field 1 = 1 is SERVING.
    EXPECT_EQ(AskStream(TheDemo().installation.address(service), "/grpc.health.v1.Health/Watch", ""), std::string("\x08\x01")) << service;
  }
}

TEST(GenericClient, EveryProcessHasMetrics) {
  for (const std::string& process : Processes()) {
    if (process == "postgres") continue;
    long status = 0;
    const std::string metrics = Get(TheDemo().installation.metrics_url(process), &status);
    EXPECT_EQ(status, 200) << process;
    std::vector<std::string> expected = {"process_start_time_seconds"};
    if (process == "gateway") {
      expected.insert(expected.end(), {"kubari_gateway_requests_total{", "kubari_gateway_request_seconds_bucket"});
    } else {
      expected.insert(expected.end(), {"kubari_rpc_in_flight", "kubari_rpc_queue_wait_seconds", "kubari_pg_transactions_total", "kubari_pg_connections"});
    }
    if (process == "stock") expected.insert(expected.end(), {"kubari_stock_movements_total{kind=\"RECEIVE\"}", "kubari_stock_ledger_position{"});
    for (const std::string& series : expected) EXPECT_TRUE(absl::StrContains(metrics, series)) << process << " has no " << series;
  }
}

TEST(GenericClient, TheLedgerAddsUpAfterAllOfThem) {
  const cli::Client administrator = TheDemo().installation.Gateway(TheDemo().administrator_key);
  const Books books = Auditor(TheDemo().installation.Gateway(MakeKey(administrator, TheDemo().intermediary, kubari::type::v1::ROLE_AUDITOR))).Audit();
  EXPECT_GT(books.figures.deliveries(), 0);
}

}  // namespace
}  // namespace kubari::end_to_end
