#include "aggregator/rules/rule_book.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/rules/alert_order.h"
#include "aggregator/rules/group_options.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr char kAlertKind[] = "alert";
constexpr size_t kScanRecords = 1'000;

// All that can be wrong before a group is opened, so that nothing is half replaced.
absl::StatusOr<std::vector<std::string>> CheckedNames(const std::vector<RuleGroupOptions>& groups) {
  if (groups.size() > kRuleGroupsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are ", groups.size(), " rule groups; at most ", kRuleGroupsMax));
  }
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const RuleGroupOptions& group : groups) {
    ORA_RETURN_IF_ERROR(CheckOptions(group));
    if (!seen.insert(group.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("rule group ", group.name,
                       " is there twice: two files of one name have it; rename a file"));
    }
    names.push_back(group.name);
  }
  return names;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RuleBook>> RuleBook::Open(std::vector<RuleGroupOptions> groups,
                                                         RuleSeams seams) {
  ORA_ASSIGN_OR_RETURN(const std::vector<std::string> names, CheckedNames(groups));
  auto book = std::unique_ptr<RuleBook>(new RuleBook(std::move(seams)));
  if (!names.empty()) book->builtin_ = names.front();
  ORA_RETURN_IF_ERROR(book->ForgetOthers(names));
  absl::MutexLock lock(&book->mutex_);
  for (RuleGroupOptions& options : groups) {
    ORA_ASSIGN_OR_RETURN(std::shared_ptr<RuleGroup> group, book->OpenGroup(std::move(options)));
    book->groups_.push_back(std::move(group));
  }
  return book;
}

absl::StatusOr<std::shared_ptr<RuleGroup>> RuleBook::OpenGroup(RuleGroupOptions options) const {
  ORA_ASSIGN_OR_RETURN(
      std::unique_ptr<RuleGroup> group,
      RuleGroup::Open(std::move(options), seams_.evaluate, seams_.liveness, seams_.changed,
                      seams_.state, seams_.clock, seams_.log, seams_.counters));
  return std::shared_ptr<RuleGroup>(std::move(group));
}

// Nobody would ever resolve the alerts of a group that is gone.
absl::Status RuleBook::ForgetOthers(const std::vector<std::string>& names) const {
  const std::set<std::string> kept(names.begin(), names.end());
  std::string after;
  for (;;) {
    ORA_ASSIGN_OR_RETURN(const std::vector<storage::StateRecord> records,
                         seams_.state.Scan(kAlertKind, after, kScanRecords));
    storage::StateChanges changes;
    for (const storage::StateRecord& record : records) {
      if (kept.contains(record.key.substr(0, record.key.rfind('/')))) continue;
      changes.changes.push_back({kAlertKind, record.key, absl::nullopt});
    }
    if (!changes.changes.empty()) {
      seams_.log.Info(
          absl::StrCat("rules: ", changes.changes.size(),
                       " alerts of groups that are no longer configured are forgotten"));
      ORA_RETURN_IF_ERROR(seams_.state.Apply(changes));
    }
    if (records.size() < kScanRecords) return absl::OkStatus();
    after = records.back().key;
  }
}

RuleBook::Groups RuleBook::groups() const {
  absl::MutexLock lock(&mutex_);
  return groups_;
}

absl::Status RuleBook::EvaluateOnce() {
  absl::Status status;
  for (const std::shared_ptr<RuleGroup>& group : groups()) status.Update(group->EvaluateOnce());
  return status;
}

void RuleBook::Start() {
  running_ = true;
  for (const std::shared_ptr<RuleGroup>& group : groups()) group->Start();
}

void RuleBook::Stop() {
  running_ = false;
  for (const std::shared_ptr<RuleGroup>& group : groups()) group->Stop();
}

absl::Status RuleBook::Replace(std::vector<RuleGroupOptions> groups) {
  ORA_ASSIGN_OR_RETURN(std::vector<std::string> names, CheckedNames(groups));
  const Groups before = this->groups();
  // Two groups must not write the same alerts, so the old ones end first.
  for (size_t i = 1; i < before.size(); ++i) before[i]->Stop();
  Groups next(before.begin(), before.begin() + std::min<std::ptrdiff_t>(1, std::ssize(before)));
  for (RuleGroupOptions& options : groups) {
    absl::StatusOr<std::shared_ptr<RuleGroup>> group = OpenGroup(std::move(options));
    if (!group.ok()) {
      for (size_t i = 1; running_ && i < before.size(); ++i) before[i]->Start();
      return group.status();
    }
    next.push_back(*std::move(group));
  }
  {
    absl::MutexLock lock(&mutex_);
    groups_ = next;
  }
  for (size_t i = 1; running_ && i < next.size(); ++i) next[i]->Start();
  names.push_back(builtin_);
  return ForgetOthers(names);
}

std::vector<v1::Alert> RuleBook::Alerts() const {
  std::vector<v1::Alert> all;
  for (const std::shared_ptr<RuleGroup>& group : groups()) {
    std::vector<v1::Alert> alerts = group->Alerts();
    std::move(alerts.begin(), alerts.end(), std::back_inserter(all));
  }
  std::sort(all.begin(), all.end(), ComesBefore);
  return all;
}

std::vector<RuleGroupStatus> RuleBook::Status() const {
  std::vector<RuleGroupStatus> all;
  for (const std::shared_ptr<RuleGroup>& group : groups()) all.push_back(group->Status());
  return all;
}

}  // namespace ora::aggregator
