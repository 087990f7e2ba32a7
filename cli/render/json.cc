#include "cli/render/json.h"

#include <cmath>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "cli/render/units.h"
#include "cli/render/utf8.h"

namespace ora::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// What a reader of JSON, which is UTF-8 throughout, gets for a byte that is none.
constexpr absl::string_view kReplacement = "\uFFFD";

void AppendJson(std::string& out, const Character& character) {
  const char32_t code = character.code;
  if (code == kNoCharacter) {
    absl::StrAppend(&out, kReplacement);
  } else if (code == '"' || code == '\\') {
    absl::StrAppend(&out, "\\", character.bytes);
  } else if (code == '\n') {
    out += "\\n";
  } else if (code == '\r') {
    out += "\\r";
  } else if (code == '\t') {
    out += "\\t";
  } else if (code < 0x20 || (code >= 0x7F && code <= 0x9F)) {
    // U+0080 to U+009F are controls to a terminal as much as those below a blank.
    absl::StrAppend(&out, "\\u", absl::Hex(static_cast<uint32_t>(code), absl::kZeroPad4));
  } else {
    absl::StrAppend(&out, character.bytes);
  }
}

enum class Layout { kCompact, kPretty };

std::string NumberJson(double number) {
  const std::string text = ExactNumber(number);
  return std::isfinite(number) ? text : JsonText(text);
}

std::string EnumWord(const EnumValueDescriptor& value) {
  // The zero value's name is the prefix and UNSPECIFIED.
  absl::string_view prefix = value.type()->value(0)->name();
  absl::ConsumeSuffix(&prefix, "UNSPECIFIED");
  absl::string_view name = value.name();
  absl::ConsumePrefix(&name, prefix);
  return absl::AsciiStrToLower(name);
}

class JsonWriter {
 public:
  explicit JsonWriter(Layout layout) : layout_(layout) {}

  std::string TakeText() { return std::move(out_); }

  void WriteArray(const std::vector<const Message*>& messages) {
    Open('[');
    for (const Message* message : messages) {
      NextElement();
      WriteMessage(*message);
    }
    Close(']');
  }

  void WriteMessage(const Message& message) {
    const Descriptor& type = *message.GetDescriptor();
    if (type.full_name() == "google.protobuf.Timestamp") {
      out_ += JsonText(ExactTime(absl::FromUnixSeconds(Integer(message, "seconds")) +
                                 absl::Nanoseconds(Integer(message, "nanos"))));
    } else if (type.full_name() == "google.protobuf.Duration") {
      out_ += NumberJson(static_cast<double>(Integer(message, "seconds")) +
                         static_cast<double>(Integer(message, "nanos")) / 1e9);
    } else if (type.full_name() == "ora.v1.LabelSet") {
      WriteLabels(message, *type.FindFieldByName("labels"));
    } else {
      Open('{');
      for (int i = 0; i < type.field_count(); ++i) {
        NextElement();
        WriteKey(type.field(i)->name());
        WriteField(message, *type.field(i));
      }
      Close('}');
    }
  }

  void WriteField(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) {
      if (field.message_type() != nullptr && field.message_type()->full_name() == "ora.v1.Label") {
        WriteLabels(message, field);
        return;
      }
      Open('[');
      for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
        NextElement();
        WriteElement(message, field, i);
      }
      Close(']');
    } else if (field.has_presence() && !reflection.HasField(message, &field)) {
      out_ += "null";
    } else {
      WriteSingle(message, field);
    }
  }

 private:
  static int64_t Integer(const Message& message, const char* name) {
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
    return field->cpp_type() == FieldDescriptor::CPPTYPE_INT32
               ? message.GetReflection()->GetInt32(message, field)
               : message.GetReflection()->GetInt64(message, field);
  }

  void WriteLabels(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    Open('{');
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const Message& label = reflection.GetRepeatedMessage(message, &field, i);
      const Descriptor& type = *label.GetDescriptor();
      const Reflection& fields = *label.GetReflection();
      NextElement();
      WriteKey(fields.GetString(label, type.FindFieldByName("name")));
      out_ += JsonText(fields.GetString(label, type.FindFieldByName("value")));
    }
    Close('}');
  }

  void WriteSingle(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        absl::StrAppend(&out_, reflection.GetInt32(message, &field));
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        absl::StrAppend(&out_, reflection.GetInt64(message, &field));
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        absl::StrAppend(&out_, reflection.GetUInt32(message, &field));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        absl::StrAppend(&out_, reflection.GetUInt64(message, &field));
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        out_ += NumberJson(reflection.GetDouble(message, &field));
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        out_ += NumberJson(reflection.GetFloat(message, &field));
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        out_ += reflection.GetBool(message, &field) ? "true" : "false";
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        out_ += JsonText(EnumWord(*reflection.GetEnum(message, &field)));
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        out_ += JsonText(reflection.GetString(message, &field));
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        WriteMessage(reflection.GetMessage(message, &field));
        break;
    }
  }

  void WriteElement(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        absl::StrAppend(&out_, reflection.GetRepeatedInt32(message, &field, index));
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        absl::StrAppend(&out_, reflection.GetRepeatedInt64(message, &field, index));
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        absl::StrAppend(&out_, reflection.GetRepeatedUInt32(message, &field, index));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        absl::StrAppend(&out_, reflection.GetRepeatedUInt64(message, &field, index));
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        out_ += NumberJson(reflection.GetRepeatedDouble(message, &field, index));
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        out_ += NumberJson(reflection.GetRepeatedFloat(message, &field, index));
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        out_ += reflection.GetRepeatedBool(message, &field, index) ? "true" : "false";
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        out_ += JsonText(EnumWord(*reflection.GetRepeatedEnum(message, &field, index)));
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        out_ += JsonText(reflection.GetRepeatedString(message, &field, index));
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        WriteMessage(reflection.GetRepeatedMessage(message, &field, index));
        break;
    }
  }

  void WriteKey(absl::string_view name) {
    absl::StrAppend(&out_, JsonText(name), layout_ == Layout::kPretty ? ": " : ":");
  }

  void Open(char bracket) {
    out_ += bracket;
    ++depth_;
    first_ = true;
  }

  void NextElement() {
    if (!first_) out_ += ',';
    first_ = false;
    BreakLine();
  }

  void Close(char bracket) {
    --depth_;
    if (!first_) BreakLine();
    first_ = false;
    out_ += bracket;
  }

  void BreakLine() {
    if (layout_ == Layout::kPretty) absl::StrAppend(&out_, "\n", std::string(depth_ * 2, ' '));
  }

  const Layout layout_;
  std::string out_;
  int depth_ = 0;
  bool first_ = true;  // Nothing stands in the bracket that is open.
};

}  // namespace

std::string JsonText(absl::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    AppendJson(out, character);
    text.remove_prefix(character.bytes.size());
  }
  out += '"';
  return out;
}

std::string CompactJson(const Message& message) {
  JsonWriter writer(Layout::kCompact);
  writer.WriteMessage(message);
  return writer.TakeText();
}

std::string PrettyJson(const Message& message) {
  JsonWriter writer(Layout::kPretty);
  writer.WriteMessage(message);
  return writer.TakeText() + "\n";
}

std::string PrettyJson(const std::vector<const Message*>& messages) {
  JsonWriter writer(Layout::kPretty);
  writer.WriteArray(messages);
  return writer.TakeText() + "\n";
}

std::string FieldJson(const Message& message, const FieldDescriptor& field) {
  JsonWriter writer(Layout::kCompact);
  writer.WriteField(message, field);
  return writer.TakeText();
}

}  // namespace ora::cli
