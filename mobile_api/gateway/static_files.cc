#include "mobile_api/gateway/static_files.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <sodium.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "libs/errors/errors.h"
#include "mobile_api/gateway/encoding.h"

namespace kubari::gateway {
namespace {

absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

std::string TypeOf(const std::filesystem::path& path) {
  static const std::map<std::string, std::string> kTypes = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".webp", "image/webp"},
      {".avif", "image/avif"},
      {".gif", "image/gif"},
      {".ico", "image/x-icon"},
      {".wasm", "application/wasm"},
      {".woff2", "font/woff2"},
      {".woff", "font/woff"},
      {".ttf", "font/ttf"},
      {".txt", "text/plain; charset=utf-8"},
      {".csv", "text/csv; charset=utf-8"},
      {".xml", "application/xml"},
      {".pdf", "application/pdf"},
  };
  const auto found = kTypes.find(absl::AsciiStrToLower(path.extension().string()));
  return found == kTypes.end() ? "application/octet-stream" : found->second;
}

bool GainsFromCompression(const std::string& type) {
  return absl::StartsWith(type, "text/") || absl::StrContains(type, "json") || absl::StrContains(type, "xml") ||
         type == "application/wasm" || type == "font/ttf";
}

// Vite's names: assets/{name}-{8 or more of A–Z a–z 0–9 - _}.{extension}.
bool HasHashInName(const std::string& path) {
  if (!absl::StartsWith(path, "/assets/")) return false;
  const std::string stem = std::filesystem::path(path).stem().string();
  // The hash itself may contain "-", so any dash with enough behind it will do; names in /assets/ come from the build
  // only.
  const size_t dash = stem.find('-');
  return dash != std::string::npos && stem.size() - dash - 1 >= 8;
}

std::string EtagOf(const std::string& content) {
  unsigned char hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(hash, reinterpret_cast<const unsigned char*>(content.data()), content.size());
  return absl::StrCat("\"", absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash), 16)), "\"");
}

std::optional<std::string> ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad()) return std::nullopt;
  return content;
}

// %-decoding; nothing if it is malformed or holds a NUL.
std::optional<std::string> DecodePath(std::string_view path) {
  std::string decoded;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      decoded += path[i];
      continue;
    }
    if (i + 2 >= path.size() || !absl::ascii_isxdigit(path[i + 1]) || !absl::ascii_isxdigit(path[i + 2]))
      return std::nullopt;
    decoded += absl::HexStringToBytes(absl::string_view(path.data() + i + 1, 2));
    i += 2;
  }
  if (decoded.find('\0') != std::string::npos) return std::nullopt;
  return decoded;
}

bool MatchesEtag(std::string_view if_none_match, const std::string& etag) {
  for (absl::string_view item : absl::StrSplit(Abseil(if_none_match), ',')) {
    item = absl::StripAsciiWhitespace(item);
    absl::ConsumePrefix(&item, "W/");
    if (item == etag || item == "*") return true;
  }
  return false;
}

void Plain(Response& response, int status, std::string_view text) {
  response.status = status;
  response.Add("Content-Type", "text/plain; charset=utf-8");
  response.Add("Cache-Control", "no-store");
  response.body = text;
}

}  // namespace

absl::StatusOr<StaticFiles> StaticFiles::Load(const std::string& root) {
  StaticFiles result;
  if (root.empty()) return result;
  const auto unreadable = [&](std::string_view what, std::string_view why) {
    return errors::Make(
        absl::StatusCode::kNotFound, "WEB_ROOT_UNREADABLE",
        absl::StrCat("\"", Abseil(what), "\" cannot be read: ", Abseil(why),
                     ". --web-root must be the folder with the built web app's index.html."),
        absl::StrCat("「", Abseil(what),
                     "」を読み取れません。--web-root にはビルドした Web アプリのフォルダーを指定してください。"),
        {{"path", std::string(what)}});
  };
  namespace fs = std::filesystem;
  std::error_code error;
  std::map<std::string, std::string> contents;
  fs::recursive_directory_iterator entry(root, error);
  if (error) return unreadable(root, error.message());
  for (; entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (absl::StartsWith(name, ".") && name != ".well-known") {
      if (entry->is_directory(error)) entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file(error)) continue;
    std::optional<std::string> content = ReadFile(entry->path());
    if (!content.has_value()) return unreadable(entry->path().string(), "it cannot be opened");
    contents["/" + entry->path().lexically_relative(root).generic_string()] = *std::move(content);
  }
  if (error) return unreadable(root, error.message());
  if (contents.count("/index.html") == 0) return unreadable(root, "there is no index.html in it");

  const auto variant = [](std::string content) {
    std::string etag = EtagOf(content);
    return Variant{std::move(content), std::move(etag)};
  };
  for (const auto& [path, content] : contents) {
    // "app.js.br" belongs to "app.js" and is no file of its own.
    const bool sibling = absl::EndsWith(path, ".br") || absl::EndsWith(path, ".gz");
    if (sibling && contents.count(path.substr(0, path.size() - 3)) != 0) continue;
    File file;
    file.type = TypeOf(path);
    file.immutable = HasHashInName(path);
    file.plain = variant(content);
    if (const auto brotli = contents.find(path + ".br"); brotli != contents.end())
      file.brotli = variant(brotli->second);
    if (const auto gzip = contents.find(path + ".gz"); gzip != contents.end()) {
      file.gzip = variant(gzip->second);
    } else if (content.size() > 1'024 && GainsFromCompression(file.type)) {
      file.gzip = variant(Gzip(content, 9));
    }
    result.files_[path] = std::move(file);
  }
  return result;
}

void StaticFiles::Serve(const Head& head, std::string_view path, Response& response) const {
  if (head.method() != http::verb::get && head.method() != http::verb::head) {
    response.Add("Allow", "GET, HEAD");
    return Plain(response, 405, "Only GET and HEAD here.\nこのページには GET と HEAD だけが使えます。\n");
  }
  // Looked up in the map only, never in the file system: ".." finds nothing.
  const std::optional<std::string> decoded = DecodePath(path);
  auto found = decoded.has_value() ? files_.find(*decoded == "/" ? "/index.html" : *decoded) : files_.end();
  const bool page = decoded.has_value() && decoded->find('.', decoded->rfind('/') + 1) == std::string::npos;
  if (found == files_.end() && page) found = files_.find("/index.html");
  if (found == files_.end()) return Plain(response, 404, "Not found.\n見つかりません。\n");

  const File& file = found->second;
  const std::string_view accepted = FieldOf(head, http::field::accept_encoding);
  const Variant* variant = &file.plain;
  if (!file.brotli.etag.empty() && Accepts(accepted, "br")) {
    variant = &file.brotli;
    response.Add("Content-Encoding", "br");
  } else if (!file.gzip.etag.empty() && Accepts(accepted, "gzip")) {
    variant = &file.gzip;
    response.Add("Content-Encoding", "gzip");
  }
  response.Add("Vary", "Accept-Encoding");
  response.Add("ETag", variant->etag);
  response.Add("Cache-Control", file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (MatchesEtag(FieldOf(head, http::field::if_none_match), variant->etag)) {
    response.status = 304;
    return;
  }
  response.Add("Content-Type", file.type);
  response.borrowed = variant->content;
}

}  // namespace kubari::gateway
