// How lines begin: the ways in which logs write when, where and how bad.
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "collector/classify/line_classifier.h"
#include "collector/classify/text_index.h"

namespace ora::collector {

// The bytes of the timestamp that `text` begins with: `2024-01-01 12:00:00,123`,
// `2024-01-01T12:00:00.123Z`, `2024/01/01 12:00:00`, `12:00:00.123`; 0 if it begins with none.
size_t TimestampSize(absl::string_view text);

// Here and below: with an index of a text that the line is a part of, the same is found faster.
// The message of a line of syslog (RFC 3164 or 5424, with or without a priority).
struct SyslogLine {
  absl::string_view message;
  absl::optional<int> severity;  // 0 to 7.
};
absl::optional<SyslogLine> ParseSyslog(absl::string_view line, const TextIndex* index = nullptr);

// The message of a line that begins as RFC 5424 and rsyslog write it after an ISO timestamp
// (`host prog[pid]: msg`); `rest` begins after the timestamp. None if it does not.
absl::optional<absl::string_view> TaggedMessage(absl::string_view rest,
                                                const TextIndex* index = nullptr);

// The level of a glog line: `E1123 05:45:09.123456 123 file.cc:12] msg`.
absl::optional<Level> ParseGlog(absl::string_view line);

// A line of an access log in the common or combined format.
struct AccessLine {
  int status = 0;
  absl::string_view rest;  // After the status.
};
absl::optional<AccessLine> ParseAccess(absl::string_view line);

}  // namespace ora::collector
