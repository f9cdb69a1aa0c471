// Finding a municipality by its name.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/municipalities/municipalities.h"
#include "libs/paging/paging.h"
#include "libs/registry/fields.h"
#include "libs/registry/search.h"
#include "services/groups/municipality_handler.h"

namespace kubari::groups {
namespace {

constexpr int kUsualSize = 20;

v1::Municipality ToProto(const municipalities::Municipality& municipality) {
  v1::Municipality made;
  made.set_code(std::string(municipality.code));
  made.set_prefecture(std::string(municipalities::PrefectureName(municipality.code.substr(0, 2))));
  made.set_display_name(std::string(municipality.name));
  made.set_name_kana(std::string(municipality.kana));
  return made;
}

// The search key of each, in the order of All(), made once.
const std::vector<std::string>& Keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> all;
    for (const municipalities::Municipality& each : municipalities::All()) {
      const std::string prefecture(municipalities::PrefectureName(each.code.substr(0, 2)));
      all.push_back(registry::FullSearchKey(
          {std::string(each.name), std::string(each.kana), std::string(each.code), prefecture + std::string(each.name)}));
    }
    return all;
  }();
  return keys;
}

// By how well they fit, then by code.
std::vector<const municipalities::Municipality*> Search(const std::string& query, const std::string& prefecture) {
  const registry::SearchWords words = registry::SplitQuery(query);
  std::vector<std::pair<int, const municipalities::Municipality*>> found;
  for (size_t i = 0; i < municipalities::All().size(); ++i) {
    const municipalities::Municipality& each = municipalities::All()[i];
    if (!prefecture.empty() && each.code.substr(0, 2) != prefecture) continue;
    const int rank = words.empty() ? 0 : registry::Rank(Keys()[i], words);
    if (rank >= 0) found.emplace_back(rank, &each);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const municipalities::Municipality*> ordered;
  for (const auto& [rank, each] : found) ordered.push_back(each);
  return ordered;
}

}  // namespace

absl::StatusOr<v1::ListMunicipalitiesResponse> MunicipalitiesHandler::ListMunicipalities(
    const rpc::Call&, const v1::ListMunicipalitiesRequest& request) {
  errors::Violations violations;
  violations.Text("query", request.query(), 0, registry::kMaxName);
  violations.Require(request.prefecture().empty() || registry::IsPrefectureCode(request.prefecture()), "prefecture",
                     "NOT_A_PREFECTURE", "A prefecture is two digits, 01 to 47.",
                     "都道府県は01〜47の2桁で指定してください。");
  violations.Range("codes", request.codes_size(), 0, 200);
  RETURN_IF_ERROR(violations.status());
  v1::ListMunicipalitiesResponse response;
  if (request.codes_size() > 0) {
    for (const std::string& code : request.codes()) {
      if (const municipalities::Municipality* found = municipalities::Find(code)) {
        *response.add_municipalities() = ToProto(*found);
      } else if (const municipalities::Abolished* gone = municipalities::FindAbolished(code)) {
        v1::Municipality& made = *response.add_municipalities();
        made.set_code(code);
        made.set_prefecture(std::string(municipalities::PrefectureName(code.substr(0, 2))));
        made.set_abolish_date(std::string(gone->date));
        for (const std::string_view successor : gone->successors) made.add_successors(std::string(successor));
      }
    }
    return response;
  }
  ASSIGN_OR_RETURN(const int asked, paging::PageSize(request.page_size()));
  const int size = request.page_size() == 0 ? kUsualSize : asked;
  const std::string fingerprint = paging::Fingerprint(request, "municipalities");
  ASSIGN_OR_RETURN(const std::vector<std::string> key, paging::Decode(request.page_token(), fingerprint));
  int first = 0;
  if (!key.empty() && (key.size() != 1 || !absl::SimpleAtoi(key[0], &first) || first < 0)) return paging::InvalidToken();
  const auto found = Search(request.query(), request.prefecture());
  const int last = std::min<int>(static_cast<int>(found.size()), first + size);
  for (int i = first; i < last; ++i) *response.add_municipalities() = ToProto(*found[i]);
  if (last < static_cast<int>(found.size()))
    response.set_next_page_token(paging::Encode(fingerprint, {absl::StrCat(last)}));
  return response;
}

}  // namespace kubari::groups
