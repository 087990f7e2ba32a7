// A YAML text into a protobuf message: one reader for every configuration file.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace ora::yaml {

// A longer text is refused.
inline constexpr size_t kYamlBytesMax = size_t{4} << 20;

// Fills `message` from `text`; `file` is only named in errors. An empty text leaves it as it is.
//
// Keys are field names. Lists fill repeated fields (a single value is refused), maps fill messages,
// scalars are read by the field's type: durations as `10s`, `1h30m`, `30d`; enums by their
// value's name without its prefix, any case (`stop_reading`); integer fields whose name holds
// `_bytes` take `64MiB`, `1GB`. Timestamps are not supported.
//
// INVALID_ARGUMENT: `FILE:LINE:COLUMN: logs[0].inclde: no such field; did you mean include` - for
// text that is no YAML, unknown or repeated keys, a value of the wrong type or out of its type's
// range.
absl::Status ReadYaml(absl::string_view file, absl::string_view text,
                      google::protobuf::Message& message);

// Where fields were written, so that a check of ranges can name its line too.
class FieldPositions {
 public:
  // `FILE:LINE:COLUMN` of the field with this path (`logs[0].include[1]`), or of its nearest parent
  // that was written; `FILE` alone if none was.
  std::string Find(absl::string_view field_path) const;

 private:
  friend absl::Status ReadYamlWithPositions(absl::string_view, absl::string_view,
                                            google::protobuf::Message&, FieldPositions&);
  friend class YamlFiller;
  std::string file_;
  std::vector<std::pair<std::string, std::string>> positions_;  // Field path, "LINE:COLUMN".
};

// As ReadYaml, and fills `positions`.
absl::Status ReadYamlWithPositions(absl::string_view file, absl::string_view text,
                                   google::protobuf::Message& message, FieldPositions& positions);

// Reads, validates with `validate` and puts the position of the field that a validation error
// begins with (`path: message`) in front: `FILE:LINE:COLUMN: path: message`.
absl::Status LoadConfig(absl::string_view file, absl::string_view text,
                        google::protobuf::Message& message,
                        const std::function<absl::Status()>& validate);

}  // namespace ora::yaml
