// Codes in, one a line; what libs/gs1 makes of them out, one JSON object a line:
//
//   {"elements":[["01","09521234543213"]],"element_string":"…","link":"…"}   or {"reason":"BARCODE_LENGTH","text":"…"}
//
// With --table, the application identifiers instead: {"first":"3100","last":"3105","format":"N6","key":false}.
#include <cstdio>
#include <iostream>
#include <string>

#include "libs/errors/errors.h"
#include "libs/gs1/ai_table.h"
#include "libs/gs1/gs1.h"

namespace kubari::gs1 {
namespace {

std::string Json(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json.push_back('\\');
    if (static_cast<unsigned char>(c) >= 0x20) {
      json.push_back(c);
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof(escape), "\\u%04x", c);
    json += escape;
  }
  return json + "\"";
}

void Print(const absl::StatusOr<Scan>& scan) {
  if (!scan.ok()) {
    std::cout << "{\"reason\":" << Json(errors::ReasonOf(scan.status()))
              << ",\"text\":" << Json(errors::MessageIn("en", scan.status())) << "}\n";
    return;
  }
  std::cout << "{\"elements\":[";
  const char* separator = "";
  for (const Element& element : scan->elements) {
    std::cout << separator << "[" << Json(element.ai) << "," << Json(element.value) << "]";
    separator = ",";
  }
  const auto link = DigitalLink("https://example.org", scan->elements);
  std::cout << "],\"element_string\":" << Json(ElementString(scan->elements).value())
            << ",\"link\":" << (link.ok() ? Json(*link) : "null") << "}\n";
}

void PrintTable() {
  for (const AiRule& rule : AllRules()) {
    std::cout << "{\"first\":" << Json(rule.first) << ",\"last\":" << Json(rule.last)
              << ",\"format\":" << Json(rule.format)
              << ",\"key\":" << (FindLinkKey(rule.first) == nullptr ? "false" : "true") << "}\n";
  }
}

}  // namespace
}  // namespace kubari::gs1

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--table") {
    kubari::gs1::PrintTable();
    return 0;
  }
  for (std::string line; std::getline(std::cin, line);) kubari::gs1::Print(kubari::gs1::Parse(line, 2026));
}
