#include "ops/kubari/take_along.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/time/clock.h>
#include <google/protobuf/util/json_util.h>
#include <sodium.h>

#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "kubari/identity/v1/identity.pb.h"
#include "kubari/type/v1/access.pb.h"
#include "kubari/type/v1/take_along.pb.h"
#include "libs/contract/contract.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "ops/kubari/commands.h"
#include "ops/kubari/contract.h"
#include "ops/kubari/tables.h"

namespace kubari::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Does a message of type `type` hold one of type `wanted`, at any depth?
bool Holds(const Descriptor& type, const Descriptor& wanted, std::set<const Descriptor*>& seen) {
  if (&type == &wanted) return true;
  if (!seen.insert(&type).second) return false;
  for (int i = 0; i < type.field_count(); ++i) {
    const Descriptor* inner = type.field(i)->message_type();
    if (inner != nullptr && Holds(*inner, wanted, seen)) return true;
  }
  return false;
}

// All values at "documents.sha256", through repeated fields.
void ValuesAt(const Message& message, const std::vector<std::string>& path, size_t depth, std::vector<std::string>& values) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(path[depth]);
  if (field == nullptr) return;
  const auto& reflection = *message.GetReflection();
  const bool last = depth + 1 == path.size();
  const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
  for (int i = 0; i < count; ++i) {
    if (last && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      values.push_back(field->is_repeated() ? reflection.GetRepeatedString(message, field, i) : reflection.GetString(message, field));
    } else if (!last && field->message_type() != nullptr) {
      ValuesAt(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i) : reflection.GetMessage(message, field), path, depth + 1,
               values);
    }
  }
}

bool IsSet(const Message& message, const std::string& name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return false;
  const auto& reflection = *message.GetReflection();
  return field->is_repeated() ? reflection.FieldSize(message, field) > 0 : reflection.HasField(message, field);
}

void Visit(const Message& message, const Descriptor& type, const std::function<void(const Message&)>& meet) {
  if (message.GetDescriptor() == &type) meet(message);
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr || field->is_map()) continue;
    const auto& reflection = *message.GetReflection();
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) Visit(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i) : reflection.GetMessage(message, field), type, meet);
  }
}

const FieldDescriptor* BytesOf(const Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->type() == FieldDescriptor::TYPE_BYTES && !type.field(i)->is_repeated()) return type.field(i);
  }
  return nullptr;
}

const FieldDescriptor* RowsOf(const MethodDescriptor& method) {
  if (method.input_type()->FindFieldByName("page_token") == nullptr) return nullptr;
  for (int i = 0; i < method.output_type()->field_count(); ++i) {
    const FieldDescriptor* field = method.output_type()->field(i);
    if (field->is_repeated() && field->message_type() != nullptr && !field->is_map()) return field;
  }
  return nullptr;
}

std::string Sha256(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  char buffer[64 * 1024];
  while (in.read(buffer, sizeof(buffer)) || in.gcount() > 0) {
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(buffer), in.gcount());
  }
  unsigned char hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256_final(&state, hash);
  char text[2 * sizeof(hash) + 1];
  return sodium_bin2hex(text, sizeof(text), hash, sizeof(hash));
}

// A name that any file system takes; nothing of it leads out of the folder.
std::string SafeName(std::string name) {
  for (char& c : name) {
    if (c == '/' || c == '\\' || c == ':' || (c >= 0 && c < ' ')) c = '-';
  }
  while (!name.empty() && name[0] == '.') name.erase(0, 1);
  return name.empty() ? "file" : name.substr(0, 150);
}

std::string EndingOf(const Message& answer) {
  const auto text = [&](const char* name) {
    const FieldDescriptor* field = answer.GetDescriptor()->FindFieldByName(name);
    return field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING ? "" : answer.GetReflection()->GetString(answer, field);
  };
  const std::string name = text("file_name");
  if (const size_t dot = name.rfind('.'); dot != std::string::npos && name.size() - dot <= 8) return SafeName("x" + name.substr(dot)).substr(1);
  const std::string type = text("media_type");
  for (const auto& [media, ending] : {std::pair("image/jpeg", ".jpg"), {"image/png", ".png"}, {"image/webp", ".webp"}, {"application/pdf", ".pdf"}}) {
    if (type == media) return ending;
  }
  return ".bin";
}

// A call to make, or one that was made.
struct Step {
  const Taken* taken = nullptr;
  Arguments arguments;
  std::string Key() const {
    Json key = {{"method", ShortName(*taken->method)}, {"of", arguments}};
    return key.dump();
  }
};

class Walk {
 public:
  Walk(const Client& client, fs::path folder) : client_(client), folder_(std::move(folder)) {}

  absl::StatusOr<bool> Run() {
    std::error_code error;
    fs::create_directories(folder_ / "files", error);
    if (error) return absl::PermissionDeniedError(absl::StrCat("The folder ", folder_.string(), " cannot be made: ", error.message(), "."));
    fs::permissions(folder_, fs::perms::owner_all, error);  // it is other people's data
    RETURN_IF_ERROR(Resume());
    for (const Taken& taken : TakenAlong()) {
      if (taken.each == nullptr) Ask({&taken, {}});
    }
    RETURN_IF_ERROR(Drain());
    // Lists that belong to something of which the caller may see no list: their own part of them.
    for (const Taken& taken : TakenAlong()) {
      if (taken.each != nullptr && !Reachable(*taken.each)) Ask({&taken, {}});
    }
    RETURN_IF_ERROR(Drain());
    RETURN_IF_ERROR(WriteTables());
    return WriteManifest();
  }

 private:
  fs::path FileOf(const MethodDescriptor& method) const { return folder_ / (ShortName(method) + ".ndjson"); }

  // progress.jsonl has a line for each call that is done: the call, the size of its list's file behind it, and what went wrong, if it did.
  absl::Status Resume() {
    std::ifstream in(folder_ / "progress.jsonl");
    std::map<std::string, int64_t> sizes;
    std::string line;
    while (std::getline(in, line)) {
      const Json entry = Json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (entry.is_discarded()) break;  // cut off while it was written
      done_[entry.value("call", "")] = entry.value("refused", "");
      sizes[entry.value("method", "")] = entry.value("size", int64_t{0});
      if (entry.contains("file")) files_[entry["file"]] = entry["call"];
    }
    in.close();
    for (const Taken& taken : TakenAlong()) {
      const fs::path file = FileOf(*taken.method);
      std::error_code error;
      if (!fs::exists(file)) continue;
      fs::resize_file(file, sizes[ShortName(*taken.method)], error);
      if (error) return absl::PermissionDeniedError(absl::StrCat("The file ", file.string(), " cannot be written: ", error.message(), "."));
      RETURN_IF_ERROR(ForEachLine(taken, [&](const Message& row) { Meet(row); }));
    }
    if (!done_.empty()) std::printf("Going on: %zu calls were made before.\n", done_.size());
    progress_.open(folder_ / "progress.jsonl", std::ios::app);
    if (!progress_) return absl::PermissionDeniedError(absl::StrCat("Nothing can be written into ", folder_.string(), "."));
    return absl::OkStatus();
  }

  const Descriptor& RowType(const Taken& taken) const {
    const FieldDescriptor* rows = RowsOf(*taken.method);
    return rows == nullptr ? *taken.method->output_type() : *rows->message_type();
  }

  absl::Status ForEachLine(const Taken& taken, const std::function<void(const Message&)>& take) const {
    std::ifstream in(FileOf(*taken.method));
    std::string line;
    const std::unique_ptr<Message> row = NewMessage(RowType(taken));
    while (std::getline(in, line)) {
      row->Clear();
      if (!google::protobuf::util::JsonStringToMessage(line, row.get()).ok()) {
        return absl::DataLossError(absl::StrCat(FileOf(*taken.method).string(), " was changed; begin with an empty folder."));
      }
      take(*row);
    }
    return absl::OkStatus();
  }

  void Ask(Step step) {
    const std::string key = step.Key();
    if (done_.contains(key) || !asked_.insert(key).second) return;
    steps_.push_back(std::move(step));
  }

  // What else is to be asked because of this message.
  void Meet(const Message& message) {
    for (const Taken& taken : TakenAlong()) {
      if (taken.each == nullptr) continue;
      for (Arguments& arguments : CallsFor(taken, message)) Ask({&taken, std::move(arguments)});
    }
  }

  // May the caller read any list in which such messages stand?
  bool Reachable(const Descriptor& type) const {
    for (const Taken& taken : TakenAlong()) {
      std::set<const Descriptor*> seen;
      if (taken.each != nullptr || !Holds(RowType(taken), type, seen)) continue;
      const auto done = done_.find(Step{&taken, {}}.Key());
      if (done != done_.end() && done->second.empty()) return true;
    }
    return false;
  }

  absl::Status Drain() {
    while (!steps_.empty()) {
      const Step step = std::move(steps_.front());
      steps_.pop_front();
      // A role that may not call a method may not call it for the next parent either.
      if (not_for_the_role_.contains(step.taken->method)) continue;
      std::string file;
      const absl::Status status = Take(step, file);
      if (errors::ReasonOf(status) == "ROLE_NOT_ALLOWED") not_for_the_role_.insert(step.taken->method);
      // An answer of the service is noted; a server that is away or a full disk is for another try.
      const bool refused = !status.ok() && !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status) && !absl::IsUnauthenticated(status) &&
                           !absl::IsDataLoss(status) && !absl::IsResourceExhausted(status);
      if (!status.ok() && !refused) return status;
      Json entry = {{"call", step.Key()}, {"method", ShortName(*step.taken->method)}};
      std::error_code ignored;
      const auto size = fs::file_size(FileOf(*step.taken->method), ignored);
      entry["size"] = ignored ? 0 : static_cast<int64_t>(size);
      std::string reason;
      if (refused) {
        reason = absl::StrCat(absl::StatusCodeToString(status.code()), " ", errors::ReasonOf(status));
        entry["refused"] = reason;
      }
      if (!file.empty()) {
        entry["file"] = file;
        files_[file] = step.Key();
      }
      done_[step.Key()] = reason;
      progress_ << entry.dump() << '\n' << std::flush;
      if (!progress_) return absl::DataLossError("Nothing more can be written. Is the disk full?");
    }
    return absl::OkStatus();
  }

  absl::Status Take(const Step& step, std::string& file) {
    const MethodDescriptor& method = *step.taken->method;
    const std::unique_ptr<Message> request = NewMessage(*method.input_type());
    for (const auto& [name, value] : step.arguments) {
      request->GetReflection()->SetString(request.get(), method.input_type()->FindFieldByName(name), value);
    }
    return RowsOf(method) != nullptr ? TakeList(method, *request) : TakeOne(step, *request, file);
  }

  absl::Status Append(const MethodDescriptor& method, std::ofstream& out, const Message& row) {
    std::string json;
    (void)google::protobuf::util::MessageToJsonString(row, &json);
    out << json << '\n';
    return out ? absl::OkStatus() : absl::DataLossError(absl::StrCat(FileOf(method).string(), " could not be written. Is the disk full?"));
  }

  absl::Status TakeList(const MethodDescriptor& method, Message& request) {
    const FieldDescriptor* rows = RowsOf(method);
    const auto& reflection = *request.GetReflection();
    if (const FieldDescriptor* size = method.input_type()->FindFieldByName("page_size")) reflection.SetInt32(&request, size, 200);
    std::error_code ignored;
    const auto before = fs::exists(FileOf(method)) ? fs::file_size(FileOf(method), ignored) : 0;
    int64_t count = 0;
    for (;;) {
      const std::unique_ptr<Message> page = NewMessage(*method.output_type());
      const absl::Status status = client_.Call(method, request, *page);
      if (!status.ok()) {
        // A part of a list is none: the next try begins it anew.
        if (count > 0) fs::resize_file(FileOf(method), before, ignored);
        return status;
      }
      std::ofstream out(FileOf(method), std::ios::binary | std::ios::app);
      for (int i = 0; i < page->GetReflection()->FieldSize(*page, rows); ++i, ++count) {
        const Message& row = page->GetReflection()->GetRepeatedMessage(*page, rows, i);
        RETURN_IF_ERROR(Append(method, out, row));
        Meet(row);
      }
      const FieldDescriptor* next = method.output_type()->FindFieldByName("next_page_token");
      const std::string token = next == nullptr ? "" : page->GetReflection()->GetString(*page, next);
      if (count >= 10'000 && count % 10'000 < 200) std::printf("  %s: %s rows\n", ShortName(method).c_str(), Grouped(count).c_str());
      if (token.empty()) return absl::OkStatus();
      reflection.SetString(&request, method.input_type()->FindFieldByName("page_token"), token);
    }
  }

  absl::Status TakeOne(const Step& step, Message& request, std::string& file) {
    const MethodDescriptor& method = *step.taken->method;
    const std::unique_ptr<Message> answer = NewMessage(*method.output_type());
    const FieldDescriptor* bytes = BytesOf(*method.output_type());
    const FieldDescriptor* total = method.output_type()->FindFieldByName("total_bytes");
    const FieldDescriptor* offset = method.input_type()->FindFieldByName("offset");
    const bool parts = bytes != nullptr && total != nullptr && offset != nullptr;
    if (parts) request.GetReflection()->SetInt32(&request, method.input_type()->FindFieldByName("max_bytes"), 4 << 20);
    const fs::path temporary = folder_ / "files" / ".part";
    std::ofstream out;
    if (bytes != nullptr) out.open(temporary, std::ios::binary);
    for (int64_t at = 0;;) {
      answer->Clear();
      RETURN_IF_ERROR(client_.Call(method, request, *answer));
      if (bytes == nullptr) break;
      const std::string part = answer->GetReflection()->GetString(*answer, bytes);
      out << part;
      at += static_cast<int64_t>(part.size());
      if (!parts || part.empty() || at >= answer->GetReflection()->GetInt64(*answer, total)) break;
      request.GetReflection()->SetInt64(&request, offset, at);
    }
    if (bytes != nullptr) {
      out.close();
      std::string of;
      for (const auto& [name, value] : step.arguments) absl::StrAppend(&of, of.empty() ? "" : "_", value);
      file = absl::StrCat("files/", ShortName(method), "/", SafeName(of), EndingOf(*answer));
      std::error_code error;
      fs::create_directories(folder_ / "files" / ShortName(method), error);
      fs::rename(temporary, folder_ / file, error);
      if (!out || error) return absl::DataLossError(absl::StrCat("The file ", file, " could not be written. Is the disk full?"));
      answer->GetReflection()->ClearField(answer.get(), bytes);
    }
    std::ofstream list(FileOf(method), std::ios::binary | std::ios::app);
    Meet(*answer);
    return Append(method, list, *answer);
  }

  // LIST.csv of LIST.ndjson, for people.
  absl::Status WriteTables() {
    for (const Taken& taken : TakenAlong()) {
      const fs::path from = FileOf(*taken.method);
      if (!fs::exists(from)) continue;
      fs::path to = from;
      to.replace_extension(".csv");
      std::ofstream out(to, std::ios::binary);
      tables::CsvWriter writer;
      writer.TextRow(CsvColumns(RowType(taken)));
      RETURN_IF_ERROR(ForEachLine(taken, [&](const Message& row) {
        WriteCsvRow(row, writer);
        out << writer.Take();
        ++rows_[ShortName(*taken.method)];
      }));
      out << writer.Take();
      if (!out) return absl::DataLossError(absl::StrCat(to.string(), " could not be written. Is the disk full?"));
    }
    return absl::OkStatus();
  }

  // Returns whether everything was read that the caller may read.
  absl::StatusOr<bool> WriteManifest() {
    Json manifest = {{"format", "kubari export, version 1"},
                     {"time", absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone())},
                     {"server", client_.options().server}};
    const auto session =
        client_.Call<identity::v1::Session>("kubari.identity.v1.IdentityService/GetSession", identity::v1::GetSessionRequest());
    if (session.ok()) {
      std::string json;
      (void)google::protobuf::util::MessageToJsonString(*session, &json);
      manifest["taken_by"] = Json::parse(json, nullptr, false);
    }
    Json files = Json::array(), not_taken = Json::array();
    for (const Taken& taken : TakenAlong()) {
      const std::string name = ShortName(*taken.method);
      for (const char* ending : {".ndjson", ".csv"}) {
        const fs::path path = folder_ / (name + ending);
        if (!fs::exists(path)) continue;
        files.push_back({{"path", name + ending}, {"rows", rows_[name]}, {"bytes", fs::file_size(path)}, {"sha256", Sha256(path)}});
      }
    }
    for (const auto& [file, call] : files_) {
      files.push_back({{"path", file}, {"of", Json::parse(call, nullptr, false)}, {"bytes", fs::file_size(folder_ / file)}, {"sha256", Sha256(folder_ / file)}});
    }
    bool whole = true;
    for (const auto& [call, reason] : done_) {
      if (reason.empty()) continue;
      not_taken.push_back({{"call", Json::parse(call, nullptr, false)}, {"reason", reason}});
      // An inbox is a person's; a program's key has none.
      if (reason.starts_with("PERMISSION_DENIED") || reason.ends_with(" NOT_A_PERSON")) continue;
      whole = whole && reason.starts_with("NOT_FOUND");  // gone since it was listed
      std::fprintf(stderr, "Not taken: %s (%s)\n", call.c_str(), reason.c_str());
    }
    manifest["files"] = files;
    manifest["not_taken"] = not_taken;
    std::ofstream out(folder_ / "manifest.json");
    out << manifest.dump(1) << '\n';
    out.close();
    if (!out) return absl::DataLossError("manifest.json could not be written. Is the disk full?");
    int64_t rows = 0;
    for (const auto& [name, count] : rows_) rows += count;
    std::printf("%s rows of %zu lists and %zu files in %s; manifest.json says what is there.\n", Grouped(rows).c_str(), rows_.size(), files_.size(),
                folder_.string().c_str());
    std::error_code ignored;
    progress_.close();
    if (whole) fs::remove(folder_ / "progress.jsonl", ignored);
    return whole;
  }

  const Client& client_;
  const fs::path folder_;
  std::ofstream progress_;
  std::deque<Step> steps_;
  std::set<std::string> asked_;
  std::map<std::string, std::string> done_;   // call → why it was refused, or empty
  std::map<std::string, std::string> files_;  // path → call
  std::set<const MethodDescriptor*> not_for_the_role_;
  std::map<std::string, int64_t> rows_;
};

}  // namespace

const std::vector<Taken>& TakenAlong() {
  static const std::vector<Taken> all = [] {
    std::vector<Taken> out;
    for (const auto* service : ContractServices()) {
      for (int i = 0; i < service->method_count(); ++i) {
        const MethodDescriptor& method = *service->method(i);
        const bool annotated = method.options().HasExtension(type::v1::take_along);
        const type::v1::TakeAlong along = method.options().GetExtension(type::v1::take_along);
        const type::v1::Access access = method.options().GetExtension(type::v1::access);
        const bool for_people = access.any_role() || access.own_roles_size() > 0 ||
                                std::any_of(access.roles().begin(), access.roles().end(), [](int role) { return role != type::v1::ROLE_SERVICE; });
        if (along.left_out() || !for_people || !(annotated || method.name().rfind("List", 0) == 0)) continue;
        Taken taken = {.method = &method, .fields = {along.fields().begin(), along.fields().end()}, .where = along.where()};
        if (!along.each().empty()) taken.each = service->file()->pool()->FindMessageTypeByName(along.each());
        out.push_back(std::move(taken));
      }
    }
    return out;
  }();
  return all;
}

std::vector<Arguments> CallsFor(const Taken& taken, const Message& message) {
  std::vector<Arguments> calls;
  if (taken.each == nullptr) return calls;
  Visit(message, *taken.each, [&](const Message& met) {
    if (!taken.where.empty() && !IsSet(met, taken.where)) return;
    std::vector<Arguments> here = {{}};
    for (const auto& [field, at] : taken.fields) {
      std::vector<std::string> values;
      ValuesAt(met, absl::StrSplit(at, '.'), 0, values);
      std::vector<Arguments> longer;
      for (const Arguments& so_far : here) {
        for (const std::string& value : values) {
          if (value.empty()) continue;
          longer.push_back(so_far);
          longer.back()[field] = value;
        }
      }
      here = std::move(longer);
    }
    calls.insert(calls.end(), here.begin(), here.end());
  });
  return calls;
}

int TakeAlong(const Client& client, const std::string& folder) {
  const absl::StatusOr<bool> whole = Walk(client, folder).Run();
  if (!whole.ok()) {
    const int code = PrintError(whole.status());
    std::fprintf(stderr, "The same command goes on where it stopped.\n");
    return code;
  }
  return *whole ? 0 : 1;
}

}  // namespace kubari::cli
