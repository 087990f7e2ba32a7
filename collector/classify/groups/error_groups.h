// Errors that are the same, counted together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "collector/classify/groups/fingerprint.h"
#include "collector/classify/groups/redaction.h"

namespace ora::collector {

struct ErrorGroupOptions {
  size_t groups_max = 500;          // Errors of further groups are counted as `other`.
  size_t sample_bytes_max = 8'192;  // Of one sample; the rest is cut off.
};

// One error with the lines around it.
struct ErrorSample {
  int64_t time_millis = 0;  // When it was read.
  std::string before;       // The lines before it, redacted.
  std::string text;         // Its own line and its trace, redacted.
  std::string after;
};

struct ErrorGroup {
  std::string fingerprint;
  std::string title;
  uint64_t count = 0;
  ErrorSample first;
  ErrorSample last;
};

// One thread. `redaction` must outlive it.
class ErrorGroups {
 public:
  ErrorGroups(const ErrorGroupOptions& options, const Redaction& redaction)
      : options_(options), redaction_(redaction) {}

  // Counts one error. `sample` is as it was read; what is kept of it is redacted.
  void Take(const ErrorText& error, const ErrorSample& sample);

  // Errors of no group of their own.
  uint64_t other() const { return other_; }
  // All that were taken: the sum of the groups' counts and other().
  uint64_t total() const { return total_; }
  // In the order in which they were first seen.
  const std::vector<ErrorGroup>& groups() const { return groups_; }

 private:
  ErrorSample Kept(const ErrorSample& sample) const;

  const ErrorGroupOptions options_;
  const Redaction& redaction_;
  std::vector<ErrorGroup> groups_;
  absl::flat_hash_map<std::string, size_t> by_fingerprint_;
  uint64_t other_ = 0;
  uint64_t total_ = 0;
};

}  // namespace ora::collector
