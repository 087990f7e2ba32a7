// Messages of the API as CSV (RFC 4180, with plain line ends).
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace ora::cli {

// One line; a field with a comma, a quote or a line end is quoted.
std::string CsvLine(const std::vector<std::string>& fields);

// A header and a line a message. Columns are the fields of `type`, those of messages within it
// as `outer.inner`; values are written as in JSON but without quotes; what is not set is empty;
// lists and labels are JSON in one field.
std::string Csv(const google::protobuf::Descriptor& type,
                const std::vector<const google::protobuf::Message*>& messages);

}  // namespace ora::cli
