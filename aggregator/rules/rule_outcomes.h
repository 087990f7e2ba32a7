// What became of the evaluations of each rule of a group.
#pragma once

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "aggregator/rules/rule_status.h"

namespace ora::aggregator {

// Thread-safe.
class RuleOutcomes {
 public:
  explicit RuleOutcomes(size_t rules) : outcomes_(rules) {}

  enum class News { kNone, kAnotherError };

  // The evaluation of a rule that began at `at` and took `took` ended so. kAnotherError: it failed,
  // and not as the one before.
  News Note(size_t rule, const absl::Status& status, absl::Time at, absl::Duration took)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The evaluation of the whole group.
  void NoteGroup(absl::Time at, absl::Duration took) ABSL_LOCKS_EXCLUDED(mutex_);

  // Writes what is known of a rule, or of the group, into its status.
  void Fill(size_t rule, RuleStatus& status) const ABSL_LOCKS_EXCLUDED(mutex_);
  void Fill(RuleGroupStatus& status) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Outcome {
    RuleHealth health = RuleHealth::kUnknown;
    std::string error;
    absl::Time at;
    absl::Duration took;
  };

  mutable absl::Mutex mutex_;
  std::vector<Outcome> outcomes_ ABSL_GUARDED_BY(mutex_);
  Outcome group_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::aggregator
