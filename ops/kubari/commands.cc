#include "ops/kubari/commands.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/allocation/v1/snapshot.pb.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/identity/v1/identity.pb.h"
#include "kubari/stock/v1/stock.pb.h"
#include "libs/contract/contract.h"
#include "libs/errors/errors.h"
#include "libs/ids/ids.h"
#include "libs/ledger_audit/books.h"
#include "ops/kubari/contract.h"
#include "ops/kubari/tables.h"
#include "ops/kubari/take_along.h"
#include "services/allocation/domain/replay.h"

namespace kubari::cli {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

namespace {

int Usage(const char* text) {
  std::fprintf(stderr, "usage: %s\n", text);
  return 2;
}

std::string Locale() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return std::string(value).starts_with("ja") ? "ja" : "en";
  }
  return "en";
}

absl::StatusOr<std::string> ReadAll(const std::string& file) {
  std::ostringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat("The file ", file, " cannot be read. Check its name and rights."));
  text << in.rdbuf();
  return text.str();
}

std::string ToJson(const Message& message, bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

struct Exported {
  const char* kind;
  const char* method;
};

constexpr Exported kExported[] = {
    {"donors", "kubari.donors.v1.DonorsService/ListDonors"},
    {"offers", "kubari.donors.v1.DonorsService/ListOffers"},
    {"groups", "kubari.groups.v1.GroupsService/ListGroups"},
    {"products", "kubari.stock.v1.StockService/ListProducts"},
    {"warehouses", "kubari.stock.v1.StockService/ListWarehouses"},
    {"lots", "kubari.stock.v1.StockService/ListLots"},
    {"balances", "kubari.stock.v1.StockService/ListBalances"},
    {"deliveries", "kubari.stock.v1.StockService/ListDeliveries"},
    {"runs", "kubari.allocation.v1.AllocationService/ListRuns"},
    {"lines", "kubari.allocation.v1.AllocationService/ListLines"},
    {"impact", "kubari.impact.v1.ImpactService/ListImpactMovements"},
    // Followed by position instead of by page token.
    {"ledger", "kubari.stock.v1.StockService/ReadFeed"},
};

struct Imported {
  const char* kind;
  const char* method;
};

constexpr Imported kImported[] = {
    {"warehouses", "kubari.stock.v1.StockService/ImportWarehouses"},
    {"products", "kubari.stock.v1.StockService/ImportProducts"},
    {"donors", "kubari.donors.v1.DonorsService/ImportDonors"},
    {"groups", "kubari.groups.v1.GroupsService/ImportGroups"},
    {"offers", "kubari.donors.v1.DonorsService/ImportOffers"},
};

}  // namespace

const std::vector<std::string>& ImportKinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> out;
    for (const Imported& imported : kImported) out.push_back(imported.kind);
    return out;
  }();
  return kinds;
}

const std::vector<std::string>& ExportKinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> out;
    for (const Exported& exported : kExported) out.push_back(exported.kind);
    return out;
  }();
  return kinds;
}

int PrintError(const absl::Status& status) {
  const std::string reason = errors::ReasonOf(status);
  const bool japanese = Locale() == "ja";
  std::fprintf(stderr, "%s%s%s\n", japanese ? "エラー: " : "Error: ", errors::MessageIn(Locale(), status).c_str(),
               reason.empty() ? "" : absl::StrCat(" [", reason, "]").c_str());
  for (const auto& violation : errors::ViolationsOf(status)) {
    const bool translated = japanese && violation.has_localized_message();
    std::fprintf(stderr, "  %s: %s\n", violation.field().c_str(),
                 (translated ? violation.localized_message().message() : violation.description()).c_str());
  }
  for (const auto& [key, value] : errors::MetadataOf(status)) std::fprintf(stderr, "  %s = %s\n", key.c_str(), value.c_str());
  return 1;
}

int Call(const Client& client, const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.size() > 2) return Usage("kubari call METHOD [JSON | @FILE | -]");
  const absl::StatusOr<const MethodDescriptor*> method = FindMethod(arguments[0]);
  if (!method.ok()) return PrintError(method.status());
  std::string json = arguments.size() == 2 ? arguments[1] : "{}";
  if (json == "-" || json.starts_with("@")) {
    const absl::StatusOr<std::string> read = ReadAll(json == "-" ? "-" : json.substr(1));
    if (!read.ok()) return PrintError(read.status());
    json = *read;
  }
  const std::unique_ptr<Message> request = NewMessage(*(*method)->input_type());
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, request.get());
  if (!parsed.ok()) {
    std::fprintf(stderr, "Error: the JSON is not a %s: %s\nIts fields:\n%s", (*method)->input_type()->name().c_str(),
                 std::string(parsed.message()).c_str(), DescribeFields(*(*method)->input_type()).c_str());
    return 2;
  }
  // A mutation typed by hand needs an id too; it is shown so that the call can be repeated with it.
  const FieldDescriptor* request_id = (*method)->input_type()->FindFieldByName("request_id");
  if (request_id != nullptr && request->GetReflection()->GetString(*request, request_id).empty()) {
    const std::string id = ids::NewUuid();
    request->GetReflection()->SetString(request.get(), request_id, id);
    std::fprintf(stderr, "requestId: %s\n", id.c_str());
  }
  const std::unique_ptr<Message> response = NewMessage(*(*method)->output_type());
  const absl::Status status = client.Call(**method, *request, *response);
  if (!status.ok()) return PrintError(status);
  std::printf("%s", ToJson(*response, true).c_str());
  return 0;
}

int Methods(const std::vector<std::string>& arguments) {
  TextTable table({"method", "who may call"});
  for (const auto* service : ContractServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string name = ShortName(*service->method(i));
      if (!arguments.empty() && !absl::StrContains(absl::AsciiStrToLower(name), absl::AsciiStrToLower(arguments[0]))) continue;
      table.Add({name, DescribeAccess(*service->method(i))});
    }
  }
  std::printf("%s", table.Print().c_str());
  return 0;
}

int Describe(const std::vector<std::string>& arguments) {
  if (arguments.size() != 1) return Usage("kubari describe METHOD");
  const absl::StatusOr<const MethodDescriptor*> method = FindMethod(arguments[0]);
  if (!method.ok()) return PrintError(method.status());
  std::printf("%s/%s\nWho may call: %s\n\n%s\n%s\n%s\n%s", (*method)->service()->full_name().c_str(), (*method)->name().c_str(),
              DescribeAccess(**method).c_str(), (*method)->input_type()->name().c_str(),
              DescribeFields(*(*method)->input_type()).c_str(), (*method)->output_type()->name().c_str(),
              DescribeFields(*(*method)->output_type()).c_str());
  return 0;
}

namespace {

void PrintProblems(const google::protobuf::RepeatedPtrField<type::v1::ImportProblem>& problems, const char* what) {
  TextTable table({"row", "column", "value", what});
  const bool japanese = Locale() == "ja";
  for (const auto& problem : problems) {
    table.Add({std::to_string(problem.row()), problem.column(), problem.value(), japanese ? problem.message_ja() : problem.message()});
  }
  std::fprintf(stderr, "%s", table.Print().c_str());
}

int TellImport(const std::string& kind, const std::string& file, bool dry_run, bool skip_bad_rows, const donors::v1::ImportDonorsResponse& outcome) {
  const type::v1::TableReading& reading = outcome.reading();
  if (dry_run) {
    std::printf("%s: %s%s%s%s, headers in row %d, %d rows\n", file.c_str(), reading.format().c_str(), reading.encoding().empty() ? "" : ", ",
                reading.encoding().c_str(), reading.sheet().empty() ? "" : absl::StrCat(", sheet ", reading.sheet()).c_str(), reading.header_row(),
                reading.row_count());
    for (int i = 0; i < reading.headers_size() && i < reading.columns_size(); ++i) {
      std::printf("  %s → %s\n", reading.headers(i).c_str(), reading.columns(i).empty() ? "(not used)" : reading.columns(i).c_str());
    }
  }
  if (reading.warnings_size() > 0) PrintProblems(reading.warnings(), "good to know");
  if (outcome.problems_size() > 0) PrintProblems(outcome.problems(), "what is wrong");
  const bool written = outcome.problems_size() == 0 || (skip_bad_rows && outcome.created_count() + outcome.skipped_count() > 0);
  if (!written) {
    std::fprintf(stderr, "Nothing was imported from %s: %d cells need a look.\n", file.c_str(), outcome.problems_size());
    return 1;
  }
  std::printf("%s: %d %s, %d already there.\n", kind.c_str(), outcome.created_count(), dry_run ? "would be added" : "added", outcome.skipped_count());
  if (reading.bad_row_count() == 0) return 0;
  std::fprintf(stderr, "%d rows were left out; mend them and import the file again.\n", reading.bad_row_count());
  return 1;
}

}  // namespace

int Import(const Client& client, const std::vector<std::string>& arguments) {
  const std::string usage = absl::StrCat("kubari import ", absl::StrJoin(ImportKinds(), "|"),
                                         " FILE [--dry-run] [--skip-bad-rows] [--sheet NAME] [--header-row N] [--column \"THEIRS=ours\"]…");
  bool dry_run = false;
  type::v1::TableOptions options;
  std::vector<std::string> words;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const bool valued = argument == "--sheet" || argument == "--header-row" || argument == "--column";
    if (valued && i + 1 == arguments.size()) return Usage(usage.c_str());
    if (argument == "--dry-run") {
      dry_run = true;
    } else if (argument == "--skip-bad-rows") {
      options.set_skip_bad_rows(true);
    } else if (argument == "--sheet") {
      options.set_sheet(arguments[++i]);
    } else if (argument == "--header-row") {
      int row = 0;
      if (!absl::SimpleAtoi(arguments[++i], &row) || row < 1) return Usage(usage.c_str());
      options.set_header_row(row);
    } else if (argument == "--column") {
      const std::pair<std::string, std::string> pair = absl::StrSplit(arguments[++i], absl::MaxSplits('=', 1));
      (*options.mutable_columns())[pair.first] = pair.second;
    } else {
      words.push_back(argument);
    }
  }
  if (words.size() != 2) return Usage(usage.c_str());
  for (const Imported& imported : kImported) {
    if (words[0] != imported.kind) continue;
    const absl::StatusOr<std::string> bytes = ReadAll(words[1]);
    if (!bytes.ok()) return PrintError(bytes.status());
    const MethodDescriptor& method = **FindMethod(imported.method);
    // All imports have the same request and the same answer.
    donors::v1::ImportDonorsRequest typed;
    typed.set_table(*bytes);
    typed.set_dry_run(dry_run);
    *typed.mutable_options() = options;
    // The same table, read in the same way, has the same id, so a repeated import is answered from the first one.
    std::string named = absl::StrCat(words[0], dry_run ? "?" : ":", *bytes);
    if (options.ByteSizeLong() > 0) absl::StrAppend(&named, "\n", options.ShortDebugString());
    typed.set_request_id(ids::DeriveV5("6ba7b811-9dad-11d1-80b4-00c04fd430c8", named));
    const std::unique_ptr<Message> request = NewMessage(*method.input_type());
    request->ParseFromString(typed.SerializeAsString());
    const std::unique_ptr<Message> response = NewMessage(*method.output_type());
    const absl::Status status = client.Call(method, *request, *response);
    if (!status.ok()) return PrintError(status);
    donors::v1::ImportDonorsResponse outcome;
    outcome.ParseFromString(response->SerializeAsString());
    return TellImport(words[0], words[1], dry_run, options.skip_bad_rows(), outcome);
  }
  return Usage(usage.c_str());
}

namespace {

// Calls `take` for every element of all pages. `feed`: pages by position, the ledger's way.
absl::Status ForEachRow(const Client& client, const MethodDescriptor& method, const std::function<void(const Message&)>& take) {
  const auto& request_type = *method.input_type();
  const auto& response_type = *method.output_type();
  const FieldDescriptor* rows = nullptr;
  for (int i = 0; i < response_type.field_count() && rows == nullptr; ++i) {
    if (response_type.field(i)->is_repeated()) rows = response_type.field(i);
  }
  const bool feed = request_type.FindFieldByName("position") != nullptr;
  const std::unique_ptr<Message> request = NewMessage(request_type);
  request->GetReflection()->SetInt32(request.get(), request_type.FindFieldByName("page_size"), feed ? 1'000 : 200);
  for (;;) {
    const std::unique_ptr<Message> response = NewMessage(response_type);
    const absl::Status status = client.Call(method, *request, *response);
    if (!status.ok()) return status;
    const auto& reflection = *response->GetReflection();
    const int count = reflection.FieldSize(*response, rows);
    for (int i = 0; i < count; ++i) take(reflection.GetRepeatedMessage(*response, rows, i));
    if (feed) {
      if (count == 0) return absl::OkStatus();
      request->GetReflection()->SetInt64(request.get(), request_type.FindFieldByName("position"),
                                         reflection.GetInt64(*response, response_type.FindFieldByName("next_position")));
    } else {
      const std::string token = reflection.GetString(*response, response_type.FindFieldByName("next_page_token"));
      if (token.empty()) return absl::OkStatus();
      request->GetReflection()->SetString(request.get(), request_type.FindFieldByName("page_token"), token);
    }
  }
}

}  // namespace

int Export(const Client& client, const std::vector<std::string>& arguments) {
  const std::string usage = absl::StrCat("kubari export ", absl::StrJoin(ExportKinds(), "|"), " [FILE.csv | FILE.jsonl], or kubari export --all FOLDER");
  if (arguments.size() == 2 && arguments[0] == "--all") return TakeAlong(client, arguments[1]);
  if (arguments.empty() || arguments.size() > 2) return Usage(usage.c_str());
  const bool csv = arguments.size() == 2 && arguments[1].ends_with(".csv");
  for (const Exported& exported : kExported) {
    if (arguments[0] != exported.kind) continue;
    const MethodDescriptor& method = **FindMethod(exported.method);
    // Written beside and renamed at the end, so that a broken export never looks like a whole one.
    const std::string file = arguments.size() == 2 ? arguments[1] : "";
    const std::string part = file + ".part";
    std::ofstream out;
    if (!file.empty()) {
      out.open(part, std::ios::binary);
      if (!out) return PrintError(absl::PermissionDeniedError(absl::StrCat("The file ", part, " cannot be written.")));
    }
    std::ostream& to = file.empty() ? std::cout : out;
    tables::CsvWriter writer;
    int64_t count = 0;
    const absl::Status status = ForEachRow(client, method, [&](const Message& row) {
      if (csv) {
        if (count == 0) writer.TextRow(CsvColumns(*row.GetDescriptor()));
        WriteCsvRow(row, writer);
        to << writer.Take();
      } else {
        to << ToJson(row, false) << '\n';
      }
      ++count;
    });
    if (!status.ok()) {
      if (!file.empty()) std::remove(part.c_str());
      return PrintError(status);
    }
    to.flush();
    if (!to || (!file.empty() && (out.close(), std::rename(part.c_str(), file.c_str()) != 0))) {
      return PrintError(absl::DataLossError(absl::StrCat("The file ", file, " could not be written to the end. Is the disk full?")));
    }
    if (!file.empty()) std::printf("%s: %s rows in %s\n", exported.kind, Grouped(count).c_str(), file.c_str());
    return 0;
  }
  return Usage(usage.c_str());
}

int Verify(const std::vector<std::string>& arguments) {
  if (arguments.size() != 3 || arguments[1] != "--network") return Usage("kubari verify LEDGER.jsonl --network ID");
  const std::string network = arguments[2].substr(arguments[2].starts_with("networks/") ? std::string("networks/").size() : 0);
  if (!ids::IsUuid(network)) return Usage("kubari verify LEDGER.jsonl --network ID, the UUID that 'kubari call identity.GetNetwork' tells");
  std::ifstream in(arguments[0]);
  if (!in) return PrintError(absl::NotFoundError(absl::StrCat("The file ", arguments[0], " cannot be read. Check its name and rights.")));
  ledger_audit::Books books;
  std::vector<std::string> problems;
  ledger_audit::Adder adder(network, books, problems);
  constexpr size_t kShown = 20;
  int64_t count = 0;
  std::string line;
  while (problems.size() < kShown && std::getline(in, line)) {
    ++count;
    stock::v1::FeedEntry entry;
    const auto parsed = google::protobuf::util::JsonStringToMessage(line, &entry);
    if (!parsed.ok()) {
      return PrintError(absl::InvalidArgumentError(absl::StrCat("Line ", count, " is not an entry of a ledger: ",
                                                                std::string(parsed.message()), ". Export it with 'kubari export ledger FILE.jsonl'.")));
    }
    adder.Add(entry);
  }
  // What only the whole can show makes no sense for half of it.
  if (problems.empty()) adder.Finish();
  if (!problems.empty()) {
    std::fprintf(stderr, "%s does not hold (%s entries read):\n", arguments[0].c_str(), Grouped(count).c_str());
    for (const std::string& problem : problems) std::fprintf(stderr, "  %s\n", problem.c_str());
    return 1;
  }
  std::printf("%s holds: %s movements without a gap, every id and hash recomputed, %s lots add up to zero, nothing ever below zero.\n",
              arguments[0].c_str(), Grouped(count).c_str(), Grouped(static_cast<int64_t>(books.lots.size())).c_str());
  return 0;
}

int Trace(const Client& client, const std::vector<std::string>& arguments) {
  if (arguments.size() != 1) return Usage("kubari trace LOT-CODE | lots/ID");
  stock::v1::TraceLotRequest request;
  request.set_lot(arguments[0]);
  const auto trace = client.Call<stock::v1::TraceLotResponse>("kubari.stock.v1.StockService/TraceLot", request);
  if (!trace.ok()) return PrintError(trace.status());
  const stock::v1::Lot& lot = trace->lot();
  std::printf("%s  %s  %s  %s\n", lot.code().c_str(), lot.product_display_name().c_str(),
              lot.good_until().date().c_str(), lot.name().c_str());
  if (!trace->offer().empty()) {
    std::printf("from %s: %s (%s)\n", lot.donor_display_name().c_str(), trace->offer_title().c_str(), trace->offer().c_str());
  }
  TextTable movements({"position", "recorded", "what", "items", "from", "to", "by"});
  for (const stock::v1::Movement& movement : trace->movements()) {
    movements.Add({std::to_string(movement.position()), google::protobuf::util::TimeUtil::ToString(movement.recorded_time()).substr(0, 19),
                   stock::v1::MovementKind_Name(movement.kind()).substr(std::string("MOVEMENT_KIND_").size()),
                   Grouped(movement.items()), movement.from_display_name(), movement.to_display_name(), movement.actor()});
  }
  std::printf("\n%s\n", movements.Print().c_str());
  TextTable holders({"who holds it now", "items"});
  for (const stock::v1::Holder& holder : trace->holders()) {
    holders.Add({holder.place().display_name(), Grouped(holder.items())});
  }
  std::printf("%s", holders.Print().c_str());
  return 0;
}

int Links(const Client& client, const std::string& web, const std::vector<std::string>& arguments) {
  if (!arguments.empty()) return Usage("kubari links");
  identity::v1::ListPeopleRequest request;
  request.set_page_size(200);
  const auto people = client.Call<identity::v1::ListPeopleResponse>("kubari.identity.v1.IdentityService/ListPeople", request);
  if (!people.ok()) return PrintError(people.status());
  TextTable table({"role", "person", "sign-in link (once, 24 hours)"});
  for (const identity::v1::Person& person : people->people()) {
    if (person.grants().empty()) continue;
    identity::v1::CreateInviteRequest invite;
    invite.set_request_id(ids::NewUuid());
    invite.set_person(person.name());
    const auto made = client.Call<identity::v1::CreateInviteResponse>("kubari.identity.v1.IdentityService/CreateInvite", invite);
    if (!made.ok()) return PrintError(made.status());
    const std::string role = type::v1::Role_Name(person.grants(0).role()).substr(std::string("ROLE_").size());
    table.Add({role, person.display_name(), absl::StrCat(web, "/#/join/", made->code())});
  }
  std::printf("%s", table.Print().c_str());
  return 0;
}

int Replay(const Client& client, const std::vector<std::string>& arguments) {
  constexpr char kUsage[] = "kubari replay FILE | runs/{uuid} [--save FILE]";
  const bool save = arguments.size() == 3 && arguments[1] == "--save";
  if (arguments.size() != 1 && !save) return Usage(kUsage);
  std::string bytes;
  if (arguments[0].starts_with("runs/")) {
    allocation::v1::ExportRunRequest request;
    request.set_run(arguments[0]);
    for (int64_t total = 1; static_cast<int64_t>(bytes.size()) < total;) {
      request.set_offset(static_cast<int64_t>(bytes.size()));
      const auto part = client.Call<allocation::v1::ExportRunResponse>("kubari.allocation.v1.AllocationService/ExportRun", request);
      if (!part.ok()) return PrintError(part.status());
      if (part->export_().empty()) break;
      bytes += part->export_();
      total = part->total_bytes();
    }
    if (save) {
      std::ofstream out(arguments[2], std::ios::binary);
      out << bytes;
      out.close();
      if (!out) return PrintError(absl::DataLossError(absl::StrCat("The file ", arguments[2], " could not be written to the end.")));
    }
  } else {
    if (save) return Usage(kUsage);
    std::ifstream in(arguments[0], std::ios::binary);
    if (!in) return PrintError(absl::NotFoundError(absl::StrCat("The file ", arguments[0], " cannot be read. Check its name and rights.")));
    std::stringstream whole;
    whole << in.rdbuf();
    bytes = whole.str();
  }
  allocation::v1::RunExport run;
  if (!run.ParseFromString(bytes) || run.snapshot().empty()) {
    return PrintError(absl::InvalidArgumentError(absl::StrCat(arguments[0], " is no export of a run. 'kubari replay RUN --save FILE' makes one.")));
  }
  const absl::StatusOr<allocation::Replay> replay = allocation::ReplaySnapshot(run.snapshot());
  if (!replay.ok()) return PrintError(replay.status());
  const auto compare = [](const char* what, const std::string& stored, const std::string& here) {
    std::printf("  %-28s %s%s\n", what, here.c_str(), stored == here ? "" : absl::StrCat("  is not ", stored).c_str());
    return stored == here;
  };
  std::printf("%s %s (%s)\n", run.run().c_str(), run.title().c_str(), run.policy_version().c_str());
  bool same = compare("what the run saw", run.snapshot_hash(), replay->snapshot_hash);
  same = compare("lines, computed again", run.result_hash(), replay->result_hash) && same;
  same = compare("the same in another order", run.result_hash(), replay->permuted_hash) && same;
  std::printf("%s\n", same ? "Identical, to the byte." : "Not identical: this is not what the run saw, or not what it proposed.");
  return same ? 0 : 1;
}

int Completion(const std::vector<std::string>& arguments) {
  std::vector<std::string> methods;
  for (const auto* service : ContractServices()) {
    for (int i = 0; i < service->method_count(); ++i) methods.push_back(ShortName(*service->method(i)));
  }
  std::printf(R"(# bash completion for kubari: source <(kubari completion)
_kubari() {
  local word="${COMP_WORDS[COMP_CWORD]}" command="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in
      --server|--web|--key|--key-file) ((i++)) ;;
      -*) ;;
      *) command="${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$command" in
    "") COMPREPLY=($(compgen -W "call methods describe import export verify replay trace links network demo completion help --server --web --key --key-file" -- "$word")) ;;
    call|describe) COMPREPLY=($(compgen -W "%s" -- "$word")) ;;
    import) COMPREPLY=($(compgen -W "%s --dry-run" -- "$word") $(compgen -f -- "$word")) ;;
    export) COMPREPLY=($(compgen -W "%s" -- "$word") $(compgen -f -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -F _kubari kubari
)",
              absl::StrJoin(methods, " ").c_str(), absl::StrJoin(ImportKinds(), " ").c_str(), absl::StrJoin(ExportKinds(), " ").c_str());
  return 0;
}

}  // namespace kubari::cli
