// Every rule group of an aggregator: the built-in one, and those of rule files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "aggregator/rules/rule_group.h"

namespace ora::aggregator {

// Each group has a thread, so there are at most so many.
inline constexpr size_t kRuleGroupsMax = 500;

// What groups work with; the references outlive the book.
struct RuleSeams {
  EvaluateFn evaluate;
  LivenessFn liveness;
  AlertChangedFn changed;
  storage::StateStore& state;
  storage::Clock& clock;
  storage::LogSink& log;
  storage::Counters& counters;
};

// Thread-safe but for Start, Stop and Replace, which one thread calls.
class RuleBook {
 public:
  // Forgets the alerts of groups that are not among `groups`. INVALID_ARGUMENT: a group's options,
  // a name that two have, or more than kRuleGroupsMax.
  static absl::StatusOr<std::unique_ptr<RuleBook>> Open(std::vector<RuleGroupOptions> groups,
                                                        RuleSeams seams);
  ~RuleBook() { Stop(); }

  // Every group once, as RuleGroup::EvaluateOnce; the first error is returned.
  absl::Status EvaluateOnce() ABSL_LOCKS_EXCLUDED(mutex_);

  void Start();
  void Stop();

  // Puts these groups in the place of all but the first, which is the built-in one; they take up
  // the alerts that are stored. On an error everything stays as it was. Waits for evaluations.
  absl::Status Replace(std::vector<RuleGroupOptions> groups) ABSL_LOCKS_EXCLUDED(mutex_);

  // Of all groups, in the order of AlertService.ListAlerts.
  std::vector<v1::Alert> Alerts() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<RuleGroupStatus> Status() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Groups = std::vector<std::shared_ptr<RuleGroup>>;  // shared_ptr: read while replaced.

  explicit RuleBook(RuleSeams seams) : seams_(std::move(seams)) {}
  absl::StatusOr<std::shared_ptr<RuleGroup>> OpenGroup(RuleGroupOptions options) const;
  absl::Status ForgetOthers(const std::vector<std::string>& names) const;
  Groups groups() const ABSL_LOCKS_EXCLUDED(mutex_);

  const RuleSeams seams_;
  std::string builtin_;  // The first group's name.
  bool running_ = false;
  mutable absl::Mutex mutex_;
  Groups groups_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::aggregator
