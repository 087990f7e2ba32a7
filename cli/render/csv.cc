#include "cli/render/csv.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/render/json.h"

namespace ora::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A message whose fields become columns of their own.
bool HasColumns(const FieldDescriptor& field) {
  if (field.is_repeated() || field.message_type() == nullptr) return false;
  const std::string& name = field.message_type()->full_name();
  return name != "google.protobuf.Timestamp" && name != "google.protobuf.Duration" &&
         name != "ora.v1.LabelSet";
}

void AppendTitles(const Descriptor& type, const std::string& prefix,
                  std::vector<std::string>& titles) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (HasColumns(field)) {
      AppendTitles(*field.message_type(), absl::StrCat(prefix, field.name(), "."), titles);
    } else {
      titles.push_back(absl::StrCat(prefix, field.name()));
    }
  }
}

// A text or an enum without the quotes that JSON wants.
std::string FieldText(const Message& message, const FieldDescriptor& field) {
  if (!field.is_repeated() && field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return message.GetReflection()->GetString(message, &field);
  }
  std::string text = FieldJson(message, field);
  if (text == "null") return "";
  if (text.size() >= 2 && text.front() == '"') return text.substr(1, text.size() - 2);
  return text;
}

void AppendValues(const Message& message, std::vector<std::string>& values) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!HasColumns(field)) {
      values.push_back(FieldText(message, field));
    } else if (message.GetReflection()->HasField(message, &field)) {
      AppendValues(message.GetReflection()->GetMessage(message, &field), values);
    } else {
      std::vector<std::string> titles;
      AppendTitles(*field.message_type(), "", titles);
      values.resize(values.size() + titles.size());
    }
  }
}

}  // namespace

std::string CsvLine(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != &fields.front()) line += ',';
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      line += field;
    } else {
      absl::StrAppend(&line, "\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
    }
  }
  return line + "\n";
}

std::string Csv(const Descriptor& type, const std::vector<const Message*>& messages) {
  std::vector<std::string> titles;
  AppendTitles(type, "", titles);
  std::string text = CsvLine(titles);
  for (const Message* message : messages) {
    std::vector<std::string> values;
    AppendValues(*message, values);
    text += CsvLine(values);
  }
  return text;
}

}  // namespace ora::cli
