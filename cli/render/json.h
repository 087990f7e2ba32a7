// Messages of the API as JSON.
//
// Fields bear the names of proto/ora/v1. Timestamps are RFC 3339 texts, durations are seconds,
// enums are their value's name in lower case without its prefix (`firing`), labels are one object
// (`{"job":"node"}`), 64-bit integers are numbers, NaN and the infinities are the texts `NaN`,
// `+Inf`, `-Inf`. What is not set is `null`, so that every object of a kind has the same fields.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace ora::cli {

// A JSON string with its quotes. Control characters are escaped, those above ASCII too; a byte that
// is no UTF-8 becomes U+FFFD.
std::string JsonText(absl::string_view text);

// One line.
std::string CompactJson(const google::protobuf::Message& message);

// Indented by two blanks, with a line end.
std::string PrettyJson(const google::protobuf::Message& message);

// An array, indented; `[]` if it is empty.
std::string PrettyJson(const std::vector<const google::protobuf::Message*>& messages);

// One field as JSON, on one line.
std::string FieldJson(const google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor& field);

}  // namespace ora::cli
