#include "proto/yaml/yaml_reader.h"

#include <cstdint>
#include <exception>
#include <limits>
#include <set>
#include <sstream>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "proto/yaml/yaml_scalars.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/yaml.h"

namespace ora::yaml {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::EnumValueDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

constexpr int kDepthMax = 32;
// Aliases may repeat a subtree many times over; the text's size alone does not bound the work.
constexpr size_t kValuesMax = 1'000'000;
// Aliases repeat a text without repeating it in the file.
constexpr size_t kTextBytesMax = 2 * kYamlBytesMax;

std::string Position(const YAML::Mark& mark) {
  return absl::StrCat(mark.line + 1, ":", mark.column + 1);
}

// `LogCategory` to `LOG_CATEGORY_`.
std::string EnumPrefix(const EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix.push_back('_');
    prefix.push_back(absl::ascii_toupper(c));
  }
  prefix.push_back('_');
  return prefix;
}

absl::StatusOr<int> ParseEnum(absl::string_view text, const EnumDescriptor& type) {
  const std::string prefix = EnumPrefix(type);
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor& value = *type.value(i);
    absl::string_view name = value.name();
    if (absl::StartsWith(name, prefix)) name.remove_prefix(prefix.size());
    if (name == "UNSPECIFIED") continue;
    if (absl::EqualsIgnoreCase(name, text)) return value.number();
    names.push_back(absl::AsciiStrToLower(name));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("`", text.substr(0, 100), "` is none of ", absl::StrJoin(names, ", ")));
}

absl::Status OutOfRange(absl::string_view text, absl::string_view range) {
  return absl::InvalidArgumentError(absl::StrCat("`", text, "` is out of range: ", range));
}

// Keeps where the document that was parsed last begins, and nothing else.
class DocumentStart final : public YAML::EventHandler {
 public:
  const YAML::Mark& mark() const { return mark_; }

  void OnDocumentStart(const YAML::Mark& mark) override { mark_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  YAML::Mark mark_;
};

// A stray `,` is to yaml-cpp an empty document that does not take the `,` away, so there is one
// more behind it for ever: YAML::LoadAll never returns. Hence at most two are looked at.
absl::Status CheckOneDocument(absl::string_view file, const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStart start;
  if (!parser.HandleNextDocument(start) || !parser.HandleNextDocument(start)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      file, ":", Position(start.mark()), ": follows the end of the document; keep one document"));
}

bool IsDuration(const FieldDescriptor& field) {
  return field.message_type() != nullptr &&
         field.message_type()->full_name() == "google.protobuf.Duration";
}

}  // namespace

// Walks the nodes of one document and the fields of one message at the same time.
class YamlFiller {
 public:
  YamlFiller(absl::string_view file, FieldPositions& positions)
      : file_(file), positions_(positions) {
    positions_.file_ = file_;
    positions_.positions_.clear();
  }

  absl::Status Fill(const YAML::Node& node, Message& message) {
    return FillMessage(node, "", message, 0);
  }

 private:
  absl::Status Error(const YAML::Node& node, absl::string_view path, absl::string_view what) {
    const absl::string_view separator = path.empty() ? "" : ": ";
    return absl::InvalidArgumentError(
        absl::StrCat(file_, ":", Position(node.Mark()), ": ", path, separator, what));
  }

  absl::Status Enter(const YAML::Node& node, const std::string& path, int depth) {
    if (depth > kDepthMax) {
      return Error(node, path, absl::StrCat("is nested more than ", kDepthMax, " deep"));
    }
    if (++values_ > kValuesMax) {
      return Error(node, path, absl::StrCat("is past the ", kValuesMax, " values of one file"));
    }
    if (node.IsScalar()) text_bytes_ += node.Scalar().size();
    if (text_bytes_ > kTextBytesMax) {
      return Error(node, path,
                   absl::StrCat("is past the ", kTextBytesMax,
                                " bytes of text of one file; write fewer aliases"));
    }
    return absl::OkStatus();
  }

  absl::Status FillMessage(const YAML::Node& node, const std::string& path, Message& message,
                           int depth) {
    if (absl::Status entered = Enter(node, path, depth); !entered.ok()) return entered;
    if (!node.IsMap()) return Error(node, path, "is no map; write `field: value` lines");
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return Error(entry.first, path, "has a key that is no name");
      const std::string& key = entry.first.Scalar();
      const std::string key_path = path.empty() ? key : absl::StrCat(path, ".", key);
      const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(key);
      if (field == nullptr) return UnknownField(entry.first, key_path, *message.GetDescriptor());
      if (!seen.insert(key).second) {
        return Error(entry.first, key_path, "is written twice; keep one");
      }
      positions_.positions_.emplace_back(key_path, Position(entry.first.Mark()));
      if (entry.second.IsNull()) continue;  // `field:` alone is as good as absent.
      if (absl::Status filled = FillField(entry.second, key_path, *field, message, depth + 1);
          !filled.ok()) {
        return filled;
      }
    }
    return absl::OkStatus();
  }

  absl::Status UnknownField(const YAML::Node& key, const std::string& path,
                            const Descriptor& type) {
    std::vector<std::string> names;
    for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
    const std::string suggestion = Suggest(key.Scalar(), names);
    if (suggestion.empty()) {
      const std::string known = absl::StrJoin(names, ", ");
      return Error(key, path, absl::StrCat("no such field; there are ", known));
    }
    return Error(key, path, absl::StrCat("no such field; did you mean ", suggestion));
  }

  absl::Status FillField(const YAML::Node& node, const std::string& path,
                         const FieldDescriptor& field, Message& message, int depth) {
    const Reflection& reflection = *message.GetReflection();
    if (field.real_containing_oneof() != nullptr &&
        reflection.HasOneof(message, field.real_containing_oneof())) {
      return Error(node, path,
                   absl::StrCat("is one of several that exclude each other (",
                                field.real_containing_oneof()->name(), "); keep one"));
    }
    if (field.is_map()) return FillMap(node, path, field, message, depth);
    if (field.is_repeated()) return FillList(node, path, field, message, depth);
    if (field.message_type() != nullptr && !IsDuration(field)) {
      return FillMessage(node, path, *reflection.MutableMessage(&message, &field), depth);
    }
    return FillScalar(node, path, field, message, depth);
  }

  absl::Status FillList(const YAML::Node& node, const std::string& path,
                        const FieldDescriptor& field, Message& message, int depth) {
    if (!node.IsSequence()) return Error(node, path, "is no list; write `- value` lines");
    size_t index = 0;
    for (const YAML::Node& item : node) {
      const std::string item_path = absl::StrCat(path, "[", index++, "]");
      positions_.positions_.emplace_back(item_path, Position(item.Mark()));
      const bool nested = field.message_type() != nullptr && !IsDuration(field);
      const absl::Status filled =
          nested ? FillMessage(item, item_path,
                               *message.GetReflection()->AddMessage(&message, &field), depth + 1)
                 : FillScalar(item, item_path, field, message, depth + 1);
      if (!filled.ok()) return filled;
    }
    return absl::OkStatus();
  }

  // A map field is a repeated message of `key` and `value`.
  absl::Status FillMap(const YAML::Node& node, const std::string& path,
                       const FieldDescriptor& field, Message& message, int depth) {
    if (!node.IsMap()) return Error(node, path, "is no map; write `name: value` lines");
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return Error(entry.first, path, "has a key that is no name");
      const std::string entry_path = absl::StrCat(path, ".", entry.first.Scalar());
      if (!seen.insert(entry.first.Scalar()).second) {
        return Error(entry.first, entry_path, "is written twice; keep one");
      }
      positions_.positions_.emplace_back(entry_path, Position(entry.first.Mark()));
      Message& pair = *message.GetReflection()->AddMessage(&message, &field);
      const FieldDescriptor& key = *field.message_type()->map_key();
      const FieldDescriptor& value = *field.message_type()->map_value();
      absl::Status filled = FillScalar(entry.first, entry_path, key, pair, depth + 1);
      if (filled.ok()) filled = FillField(entry.second, entry_path, value, pair, depth + 1);
      if (!filled.ok()) return filled;
    }
    return absl::OkStatus();
  }

  absl::Status FillScalar(const YAML::Node& node, const std::string& path,
                          const FieldDescriptor& field, Message& message, int depth) {
    if (absl::Status entered = Enter(node, path, depth); !entered.ok()) return entered;
    if (!node.IsScalar()) return Error(node, path, "is no single value");
    const absl::Status set = SetScalar(node.Scalar(), field, message);
    return set.ok() ? set : Error(node, path, set.message());
  }

  // Sets a singular field, or adds to a repeated one.
  static absl::Status SetScalar(const std::string& text, const FieldDescriptor& field,
                                Message& message) {
    const Reflection& reflection = *message.GetReflection();
    const auto store = [&](auto set, auto add, const auto& value) {
      if (field.is_repeated()) {
        (reflection.*add)(&message, &field, value);
      } else {
        (reflection.*set)(&message, &field, value);
      }
      return absl::OkStatus();
    };
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        if (!IsUtf8(text)) return absl::InvalidArgumentError("is no UTF-8 text");
        return store(&Reflection::SetString, &Reflection::AddString, text);
      case FieldDescriptor::CPPTYPE_BOOL: {
        const absl::StatusOr<bool> value = ParseBool(text);
        if (!value.ok()) return value.status();
        return store(&Reflection::SetBool, &Reflection::AddBool, *value);
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const absl::StatusOr<int> value = ParseEnum(text, *field.enum_type());
        if (!value.ok()) return value.status();
        return store(&Reflection::SetEnumValue, &Reflection::AddEnumValue, *value);
      }
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT: {
        const absl::StatusOr<double> value = ParseNumber(text);
        if (!value.ok()) return value.status();
        if (field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
          return store(&Reflection::SetDouble, &Reflection::AddDouble, *value);
        }
        return store(&Reflection::SetFloat, &Reflection::AddFloat, static_cast<float>(*value));
      }
      case FieldDescriptor::CPPTYPE_INT32:
      case FieldDescriptor::CPPTYPE_INT64:
      case FieldDescriptor::CPPTYPE_UINT32:
      case FieldDescriptor::CPPTYPE_UINT64:
        return SetWholeNumber(text, field, store);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return SetDuration(text, field, message);
    }
    return absl::InvalidArgumentError("is of a type that configuration files cannot hold");
  }

  template <typename Store>
  static absl::Status SetWholeNumber(const std::string& text, const FieldDescriptor& field,
                                     const Store& store) {
    const bool is_size =
        absl::StrContains(field.name(), "_bytes") || absl::StartsWith(field.name(), "bytes_");
    const bool is_signed = field.cpp_type() == FieldDescriptor::CPPTYPE_INT32 ||
                           field.cpp_type() == FieldDescriptor::CPPTYPE_INT64;
    if (is_signed) {
      absl::StatusOr<int64_t> value = ParseSigned(text);
      if (!value.ok() && is_size) {
        const absl::StatusOr<uint64_t> size = ParseSize(text);  // At most 9e18: fits.
        if (size.ok() && *size > uint64_t{std::numeric_limits<int64_t>::max()}) {
          return OutOfRange(text, "63 bits");
        }
        value = size.ok() ? absl::StatusOr<int64_t>(static_cast<int64_t>(*size))
                          : absl::StatusOr<int64_t>(size.status());
      }
      if (!value.ok()) return value.status();
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
        return store(&Reflection::SetInt64, &Reflection::AddInt64, *value);
      }
      if (*value < std::numeric_limits<int32_t>::min() ||
          *value > std::numeric_limits<int32_t>::max()) {
        return OutOfRange(text, "-2147483648 to 2147483647");
      }
      return store(&Reflection::SetInt32, &Reflection::AddInt32, static_cast<int32_t>(*value));
    }
    const absl::StatusOr<uint64_t> value = is_size ? ParseSize(text) : ParseUnsigned(text);
    if (!value.ok()) return value.status();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
      return store(&Reflection::SetUInt64, &Reflection::AddUInt64, *value);
    }
    if (*value > std::numeric_limits<uint32_t>::max()) return OutOfRange(text, "0 to 4294967295");
    return store(&Reflection::SetUInt32, &Reflection::AddUInt32, static_cast<uint32_t>(*value));
  }

  static absl::Status SetDuration(const std::string& text, const FieldDescriptor& field,
                                  Message& message) {
    absl::StatusOr<absl::Duration> parsed = ParseDurationText(text);
    if (!parsed.ok()) return parsed.status();
    const Reflection& reflection = *message.GetReflection();
    Message& target = field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                          : *reflection.MutableMessage(&message, &field);
    absl::Duration rest;
    google::protobuf::Duration duration;
    duration.set_seconds(absl::IDivDuration(*parsed, absl::Seconds(1), &rest));
    duration.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
    target.CopyFrom(duration);
    return absl::OkStatus();
  }

  const std::string file_;
  FieldPositions& positions_;
  size_t values_ = 0;
  size_t text_bytes_ = 0;
};

std::string FieldPositions::Find(absl::string_view field_path) const {
  while (!field_path.empty()) {
    for (const auto& [path, position] : positions_) {
      if (path == field_path) return absl::StrCat(file_, ":", position);
    }
    const size_t parent = field_path.find_last_of(".[");
    field_path = field_path.substr(0, parent == absl::string_view::npos ? 0 : parent);
  }
  return file_;
}

absl::Status ReadYamlWithPositions(absl::string_view file, absl::string_view text, Message& message,
                                   FieldPositions& positions) {
  if (text.size() > kYamlBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        file, ": is ", text.size(), " bytes long; at most ", kYamlBytesMax, " are read"));
  }
  YamlFiller filler(file, positions);
  try {  // yaml-cpp's errors are exceptions; they end here.
    const std::string content(text);
    if (absl::Status one = CheckOneDocument(file, content); !one.ok()) return one;
    const YAML::Node document = YAML::Load(content);
    return document.IsNull() ? absl::OkStatus() : filler.Fill(document, message);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ":", Position(error.mark), ": ", error.msg));
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": is no YAML: ", error.what()));
  }
}

absl::Status ReadYaml(absl::string_view file, absl::string_view text, Message& message) {
  FieldPositions positions;
  return ReadYamlWithPositions(file, text, message, positions);
}

absl::Status LoadConfig(absl::string_view file, absl::string_view text, Message& message,
                        const std::function<absl::Status()>& validate) {
  FieldPositions positions;
  if (absl::Status read = ReadYamlWithPositions(file, text, message, positions); !read.ok()) {
    return read;
  }
  const absl::Status valid = validate();
  if (valid.ok()) return valid;
  const absl::string_view path = valid.message().substr(0, valid.message().find(": "));
  return absl::Status(valid.code(), absl::StrCat(positions.Find(path), ": ", valid.message()));
}

}  // namespace ora::yaml
