#include "ops/kubari/tables.h"

#include <absl/strings/escaping.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

namespace kubari::cli {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

int Width(std::string_view text) {
  int width = 0;
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    const int bytes = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    // Everything from U+1100 on that occurs here (kana, kanji, full-width forms) is wide; Latin, Greek, arrows and lines are not.
    uint32_t code = bytes == 1 ? c : c & (0xFF >> (bytes + 1));
    for (int b = 1; b < bytes && i + b < text.size(); ++b) code = (code << 6) | (static_cast<unsigned char>(text[i + b]) & 0x3F);
    width += code >= 0x2E80 || (code >= 0x1100 && code < 0x1160) ? 2 : 1;
    i += bytes;
  }
  return width;
}

std::string Grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (int i = static_cast<int>(digits.size()) - 3; i > (number < 0 ? 1 : 0); i -= 3) digits.insert(i, ",");
  return digits;
}

std::string TextTable::Print() const {
  std::vector<int> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (size_t c = 0; c < row.size() && c < widths.size(); ++c) widths[c] = std::max(widths[c], Width(row[c]));
  }
  std::string out;
  for (size_t r = 0; r < rows_.size(); ++r) {
    std::string line = "  ";
    for (size_t c = 0; c < rows_[r].size(); ++c) {
      line += rows_[r][c];
      if (c + 1 < rows_[r].size()) line += std::string(widths[c] - Width(rows_[r][c]) + 2, ' ');
    }
    out += line + "\n";
    if (r == 0) {
      int total = -2;
      for (const int width : widths) total += width + 2;
      out += "  ";
      for (int i = 0; i < total; ++i) out += "─";
      out += "\n";
    }
  }
  return out;
}

namespace {

bool IsTime(const FieldDescriptor& field) {
  return field.message_type() != nullptr && field.message_type()->full_name() == "google.protobuf.Timestamp";
}

std::string Scalar(const Message& message, const Reflection& reflection, const FieldDescriptor& field, int index) {
  const bool repeated = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(repeated ? reflection.GetRepeatedInt32(message, &field, index) : reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(repeated ? reflection.GetRepeatedInt64(message, &field, index) : reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (repeated ? reflection.GetRepeatedBool(message, &field, index) : reflection.GetBool(message, &field)) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return (repeated ? reflection.GetRepeatedEnum(message, &field, index) : reflection.GetEnum(message, &field))->name();
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string value =
          repeated ? reflection.GetRepeatedString(message, &field, index) : reflection.GetString(message, &field);
      return field.type() == FieldDescriptor::TYPE_BYTES ? absl::BytesToHexString(value) : value;
    }
    default:
      return "";
  }
}

void Columns(const Descriptor& type, const std::string& prefix, int depth, std::vector<std::string>& out) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.message_type() == nullptr || (IsTime(field) && !field.is_repeated())) {
      out.push_back(prefix + field.name());
    } else if (!field.is_repeated() && depth < 4) {
      Columns(*field.message_type(), prefix + field.name() + ".", depth + 1, out);
    }
  }
}

void Cells(const Message& message, int depth, tables::CsvWriter& writer) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (field.message_type() == nullptr) {
      const bool number =
          field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 || field.cpp_type() == FieldDescriptor::CPPTYPE_INT32;
      if (!field.is_repeated()) {
        const std::string value = Scalar(message, reflection, field, -1);
        number ? writer.Int(std::stoll(value)) : writer.Text(value);
        continue;
      }
      std::vector<std::string> values;
      for (int v = 0; v < reflection.FieldSize(message, &field); ++v) values.push_back(Scalar(message, reflection, field, v));
      writer.Text(absl::StrJoin(values, ";"));
    } else if (IsTime(field) && !field.is_repeated()) {
      const auto& time = static_cast<const google::protobuf::Timestamp&>(reflection.GetMessage(message, &field));
      writer.Text(reflection.HasField(message, &field) ? google::protobuf::util::TimeUtil::ToString(time) : "");
    } else if (!field.is_repeated() && depth < 4) {
      Cells(reflection.GetMessage(message, &field), depth + 1, writer);
    }
  }
}

}  // namespace

std::vector<std::string> CsvColumns(const Descriptor& type) {
  std::vector<std::string> out;
  Columns(type, "", 0, out);
  return out;
}

void WriteCsvRow(const Message& message, tables::CsvWriter& writer) {
  Cells(message, 0, writer);
  writer.EndRow();
}

}  // namespace kubari::cli
