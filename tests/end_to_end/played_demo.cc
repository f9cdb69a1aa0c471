#include "tests/end_to_end/played_demo.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include <filesystem>
#include <map>

#include "kubari/identity/v1/identity.pb.h"
#include "libs/ids/ids.h"
#include "tests/end_to_end/calls.h"

namespace kubari::end_to_end {

namespace identity = kubari::identity::v1;

PlayedDemo::PlayedDemo(Installation::Options options) : installation(std::move(options)) {
  administrator_key_file = installation.folder() + "/administrator-key";
  demo = installation.Kubari({"demo", "--example", installation.ExampleFolder(), "--key-out", administrator_key_file});
  administrator_key = FirstLine(administrator_key_file);
  if (administrator_key.empty()) return;  // the test of the demo tells why
  intermediary = Must<identity::Session>(installation.Gateway(administrator_key), "identity.GetSession", identity::GetSessionRequest())
                     .grants(0)
                     .organisation();
}

PlayedDemo& TheDemo() {
  static PlayedDemo demo([] {
    Installation::Options options;
    const std::string built = SourceFolder() + "/mobile_api/web/dist";
    if (std::filesystem::exists(built + "/index.html")) options.web_root = built;
    return options;
  }());
  return demo;
}

std::string MakeKey(const cli::Client& administrator, const std::string& organisation, kubari::type::v1::Role role) {
  identity::CreateApiKeyRequest request;
  request.set_request_id(ids::NewUuid());
  request.set_display_name("test");
  request.mutable_grant()->set_organisation(organisation);
  request.mutable_grant()->set_role(role);
  return Must<identity::CreateApiKeyResponse>(administrator, "identity.CreateApiKey", request).key();
}

namespace {

// The example's tables have no quoted cells with commas in the columns that are read here.
std::vector<std::map<std::string, std::string>> ReadTable(const std::string& file) {
  std::vector<std::map<std::string, std::string>> rows;
  std::vector<std::string> header;
  for (const auto& line : absl::StrSplit(ReadFile(file), '\n', absl::SkipWhitespace())) {
    const std::vector<std::string> cells = absl::StrSplit(absl::StripTrailingAsciiWhitespace(line), ',');
    if (header.empty()) {
      header = cells;
      continue;
    }
    std::map<std::string, std::string>& row = rows.emplace_back();
    for (size_t i = 0; i < header.size() && i < cells.size(); ++i) row[header[i]] = cells[i];
  }
  return rows;
}

// The 14 digits of an EAN, an ITF-14 or an element string, "(01)…" or "01…".
std::string Gtin(const std::string& barcode) {
  if (barcode.size() > 14) return barcode.substr(barcode[0] == '(' ? 4 : 2, 14);
  return std::string(14 - barcode.size(), '0') + barcode;
}

}  // namespace

int64_t OfferedItems(const std::string& example_folder) {
  std::map<std::string, int64_t> items_per_case;
  // What is imported of these is a spreadsheet; the base has no dates, so it says the same.
  for (auto& product : ReadTable(SourceFolder() + "/ops/example/base/products.csv")) {
    int64_t items = 0;
    (void)absl::SimpleAtoi(product["items_per_case"], &items);
    items_per_case[Gtin(product["barcode"])] = items;
    if (!product["case_barcode"].empty()) items_per_case[Gtin(product["case_barcode"])] = items;
  }
  int64_t sum = 0;
  for (auto& line : ReadTable(example_folder + "/offers.csv")) {
    int64_t cases = 0, items = 0;
    (void)absl::SimpleAtoi(line["cases"], &cases);
    if (!absl::SimpleAtoi(line["items_per_case"], &items)) items = items_per_case[Gtin(line["barcode"])];
    sum += cases * items;
  }
  return sum;
}

}  // namespace kubari::end_to_end
