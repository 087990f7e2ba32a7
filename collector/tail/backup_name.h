// What a file's name tells: which log it belongs to, as which backup, of which component.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace ora::collector {

// Where a file stands among the files of its log.
struct BackupRank {
  enum class Kind { kDated, kNumbered, kOther, kBase };  // In the order of age where they meet.
  Kind kind = Kind::kBase;
  std::string date;     // Of kDated: its digits.
  uint64_t number = 0;  // Of kNumbered: higher is older. Of kDated: the count after the date.
  absl::Time modify_time = absl::InfinitePast();  // Of kOther.

  // True if a file with this rank was written before one with `other`.
  bool OlderThan(const BackupRank& other) const;
};

struct BackupName {
  absl::string_view base;  // The name of the file that is written to.
  BackupRank rank;
  bool compressed = false;
};

// `app.log.1`, `app.log.2.gz`, `app.log-20261123`, `app.log.2026-11-23`, `app.log.old`, ... belong
// to `app.log`; any other name is a base. Points into `name`.
BackupName ParseBackupName(absl::string_view name);

// NAME of NAME_stdout.log, NAME_stderr.log, NAME_error.log, NAME.log and NAME.
absl::string_view ComponentOfName(absl::string_view base_name);

// True for NAME_stdout.log and NAME_stderr.log.
bool IsProcessOutput(absl::string_view base_name);

}  // namespace ora::collector
