#include "aggregator/rules/rule_group.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "aggregator/rules/alert_records.h"
#include "aggregator/rules/alert_states.h"
#include "aggregator/rules/compiled_rule.h"
#include "aggregator/rules/value_text.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

using state::v1::AlertRecord;

constexpr char kAlertKind[] = "alert";
constexpr size_t kScanRecords = 1'000;
constexpr size_t kChangesMax = 500;  // Made durable at once.
// A value that moves on is made durable only now and then: what it costs is a minute of freshness
// of a figure that the next evaluation tells again.
constexpr absl::Duration kFreshness = absl::Minutes(1);
constexpr size_t kNoRule = SIZE_MAX;  // The alert's rule is no longer configured.

struct Entry {
  AlertRecord record;
  size_t rule = kNoRule;
  absl::Time stored_time = absl::InfinitePast();
};

// What is to follow an entry; without a record it goes.
struct Change {
  std::string id;
  absl::optional<Entry> next;
  bool told = false;  // Its state changed, so the listener is told.
};

absl::string_view StateName(v1::AlertState state) {
  switch (state) {
    case v1::ALERT_STATE_PENDING:
      return "pending";
    case v1::ALERT_STATE_FIRING:
      return "firing";
    case v1::ALERT_STATE_UNKNOWN:
      return "unknown";
    case v1::ALERT_STATE_RESOLVED:
      return "resolved";
    default:
      return "inactive";
  }
}

bool IsActive(const v1::Alert& alert) {
  return alert.state() != v1::ALERT_STATE_RESOLVED && alert.state() != v1::ALERT_STATE_UNSPECIFIED;
}

// Where the alerts of one state stand in a list.
int Rank(v1::AlertState state) {
  switch (state) {
    case v1::ALERT_STATE_FIRING:
      return 0;
    case v1::ALERT_STATE_UNKNOWN:
      return 1;
    case v1::ALERT_STATE_PENDING:
      return 2;
    default:
      return 3;
  }
}

bool ComesBefore(const v1::Alert& a, const v1::Alert& b) {
  return std::make_tuple(Rank(a.state()), -static_cast<int>(a.severity()),
                         absl::string_view(a.id())) <
         std::make_tuple(Rank(b.state()), -static_cast<int>(b.severity()),
                         absl::string_view(b.id()));
}

constexpr size_t kGroupNameBytesMax = 400;

absl::Status CheckOptions(const RuleGroupOptions& options) {
  if (options.name.empty() || options.name.size() > kGroupNameBytesMax ||
      absl::StrContains(options.name, "/")) {
    return absl::InvalidArgumentError(absl::StrCat("rule group `", options.name,
                                                   "`: its name has 1 to ", kGroupNameBytesMax,
                                                   " bytes without `/`"));
  }
  if (options.interval <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("rule group ", options.name, ": its interval is ",
                     absl::FormatDuration(options.interval), "; write more than 0"));
  }
  std::set<std::pair<std::string, storage::Labels>> seen;
  for (const AlertRule& rule : options.rules) {
    if (!seen.insert({rule.name, rule.labels}).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("rule group ", options.name, ": rule ", rule.name, rule.labels.ToString(),
                       " is there twice; give one of them another name or label"));
    }
  }
  return absl::OkStatus();
}

// All of the seams that a group uses, so that they travel together.
struct Seams {
  EvaluateFn evaluate;
  LivenessFn liveness;
  AlertChangedFn changed;
  storage::StateStore& state;
  storage::Clock& clock;
  storage::LogSink& log;
  storage::Counters& counters;
};

class StoredRuleGroup final : public RuleGroup {
 public:
  StoredRuleGroup(RuleGroupOptions options, std::vector<CompiledRule> rules, Seams seams)
      : options_(std::move(options)),
        rules_(std::move(rules)),
        seams_(std::move(seams)),
        evaluations_(seams_.counters.Get("ora_rule_evaluations_total")),
        failures_(seams_.counters.Get("ora_rule_evaluation_failures_total")),
        partials_(seams_.counters.Get("ora_rule_partial_evaluations_total")),
        dropped_(seams_.counters.Get("ora_alerts_dropped_total")),
        forgotten_(seams_.counters.Get("ora_alerts_resolved_forgotten_total")),
        unreadable_(seams_.counters.Get("ora_alert_records_unreadable_total")),
        last_errors_(rules_.size()) {}
  ~StoredRuleGroup() override { Stop(); }

  absl::Status TakeUp() ABSL_LOCKS_EXCLUDED(evaluation_mutex_, mutex_);

  absl::Status EvaluateOnce() override ABSL_LOCKS_EXCLUDED(evaluation_mutex_, mutex_);
  void Start() override ABSL_LOCKS_EXCLUDED(mutex_);
  void Stop() override ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<v1::Alert> Alerts() const override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void TakeUpRecord(const storage::StateRecord& stored)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  size_t RuleOf(const v1::Alert& alert) const;
  absl::optional<std::vector<Answer>> Ask(size_t rule, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  void NoteFailure(size_t rule, absl::string_view error)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  std::vector<Change> JudgeAbsent(size_t rule, const absl::optional<std::vector<Answer>>& answers,
                                  absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  std::vector<Change> JudgeAnswers(size_t rule, const std::vector<Answer>& answers, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  absl::optional<Change> Take(const std::string& id, const Entry* before, Entry next,
                              absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  absl::Status Store(std::vector<Change> changes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  std::vector<Change> OldestResolvedPastTheLimit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  size_t ActiveCount() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  Liveness LivenessOf(const v1::Alert& alert) const;
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_) ABSL_LOCKS_EXCLUDED(mutex_);
  void Tell() ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  void Run() ABSL_LOCKS_EXCLUDED(evaluation_mutex_, mutex_);
  std::string Key(const std::string& id) const { return absl::StrCat(options_.name, "/", id); }

  const RuleGroupOptions options_;
  const std::vector<CompiledRule> rules_;
  Seams seams_;
  storage::Counter &evaluations_, &failures_, &partials_, &dropped_, &forgotten_, &unreadable_;

  // Held through an evaluation with its queries and writes; mutex_ may be taken under it.
  absl::Mutex evaluation_mutex_;
  std::vector<std::string> last_errors_
      ABSL_GUARDED_BY(evaluation_mutex_);  // By rule; logged once.
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(evaluation_mutex_);
  std::vector<v1::Alert> to_tell_ ABSL_GUARDED_BY(evaluation_mutex_);

  mutable absl::Mutex mutex_ ABSL_ACQUIRED_AFTER(evaluation_mutex_);
  // A copy, so that a reader never waits for an evaluation.
  std::vector<v1::Alert> published_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Of Start and Stop, which one owner calls.
};

absl::Status StoredRuleGroup::TakeUp() {
  absl::MutexLock lock(&evaluation_mutex_);
  std::string after = Key("");
  for (;;) {
    ORA_ASSIGN_OR_RETURN(const std::vector<storage::StateRecord> records,
                         seams_.state.Scan(kAlertKind, after, kScanRecords));
    for (const storage::StateRecord& stored : records) {
      if (!absl::StartsWith(stored.key, Key(""))) {
        Publish();
        return absl::OkStatus();
      }
      TakeUpRecord(stored);
    }
    if (records.size() < kScanRecords) break;
    after = records.back().key;
  }
  Publish();
  return absl::OkStatus();
}

void StoredRuleGroup::TakeUpRecord(const storage::StateRecord& stored) {
  absl::StatusOr<AlertRecord> record = DecodeAlertRecord(stored.value);
  if (record.ok() && Key(record->alert().id()) != stored.key) {
    record = absl::DataLossError("alert record is under another alert's key");
  }
  if (!record.ok()) {
    unreadable_.Increment();
    seams_.log.Warning(absl::StrCat("rule group ", options_.name, ": ", stored.key, ": ",
                                    record.status().message(), "; the alert is raised anew"));
    return;
  }
  Entry entry;
  entry.rule = RuleOf(record->alert());
  entry.record = *std::move(record);
  entry.stored_time = FromTimestamp(entry.record.alert().last_true_time());
  std::string id = entry.record.alert().id();
  entries_[std::move(id)] = std::move(entry);
}

// By name and labels, not by expression: a new threshold does not make it another rule.
size_t StoredRuleGroup::RuleOf(const v1::Alert& alert) const {
  const storage::Labels labels = LabelsOf(alert);
  for (size_t i = 0; i < rules_.size(); ++i) {
    const AlertRule& rule = rules_[i].rule;
    if (rule.name != alert.rule()) continue;
    const bool all = std::all_of(rule.labels.begin(), rule.labels.end(), [&](const auto& label) {
      return labels.Get(label.name) == label.value;
    });
    if (all) return i;
  }
  return kNoRule;
}

void StoredRuleGroup::NoteFailure(size_t rule, absl::string_view error) {
  failures_.Increment();
  if (last_errors_[rule] == error) return;
  last_errors_[rule] = std::string(error);
  seams_.log.Warning(
      absl::StrCat("rule ", rules_[rule].rule.name, ": ", error, "; its alerts stay as they are"));
}

// Nothing where the answer is not one to judge by.
absl::optional<std::vector<Answer>> StoredRuleGroup::Ask(size_t rule, absl::Time now) {
  const CompiledRule& compiled = rules_[rule];
  evaluations_.Increment();
  const absl::StatusOr<Evaluation> evaluation =
      seams_.evaluate(compiled.rule.expression, absl::ToUnixMillis(now));
  if (!evaluation.ok()) {
    NoteFailure(rule, evaluation.status().message());
    return absl::nullopt;
  }
  if (evaluation->partial) {
    partials_.Increment();
    return absl::nullopt;
  }
  std::vector<Answer> answers;
  std::set<std::string> ids;
  for (const EvaluatedSeries& series : evaluation->series) {
    Answer answer = MakeAnswer(compiled.rule, series);
    if (!ids.insert(answer.id).second) {
      NoteFailure(rule, absl::StrCat("two series of its answer are the same alert: ",
                                     answer.labels.ToString()));
      return absl::nullopt;
    }
    answers.push_back(std::move(answer));
  }
  last_errors_[rule].clear();
  return answers;
}

Liveness StoredRuleGroup::LivenessOf(const v1::Alert& alert) const {
  for (const v1::Label& label : alert.labels().labels()) {
    if (label.name() == storage::kInstanceLabel) return seams_.liveness(label.value());
  }
  return Liveness::kUnheardOf;
}

size_t StoredRuleGroup::ActiveCount() const {
  size_t active = 0;
  for (const auto& [id, entry] : entries_) active += IsActive(entry.record.alert()) ? 1 : 0;
  return active;
}

// The change to make durable; one that need not be is taken over at once.
absl::optional<Change> StoredRuleGroup::Take(const std::string& id, const Entry* before, Entry next,
                                             absl::Time now) {
  const v1::AlertState from =
      before == nullptr ? v1::ALERT_STATE_UNSPECIFIED : before->record.alert().state();
  const bool moved = from != next.record.alert().state();
  const bool timer_moved = before != nullptr && before->record.has_false_since_time() !=
                                                    next.record.has_false_since_time();
  const bool newer = before == nullptr || FromTimestamp(before->record.alert().last_true_time()) !=
                                              FromTimestamp(next.record.alert().last_true_time());
  next.stored_time = before == nullptr ? absl::InfinitePast() : before->stored_time;
  if (moved || timer_moved || (newer && now - next.stored_time >= kFreshness)) {
    next.stored_time = now;
    return Change{id, std::move(next), moved};
  }
  entries_[id] = std::move(next);
  return absl::nullopt;
}

std::vector<Change> StoredRuleGroup::JudgeAnswers(size_t rule, const std::vector<Answer>& answers,
                                                  absl::Time now) {
  std::vector<Change> changes;
  const CompiledRule& compiled = rules_[rule];
  size_t active = ActiveCount();
  size_t dropped = 0;
  for (const Answer& answer : answers) {
    const auto found = entries_.find(answer.id);
    const Entry* before = found == entries_.end() ? nullptr : &found->second;
    if (before == nullptr || !IsActive(before->record.alert())) {
      if (active >= options_.alerts_max) {
        ++dropped;
        continue;
      }
      ++active;
    }
    AlertRecord described = before == nullptr ? AlertRecord() : before->record;
    *described.mutable_alert() = Described(compiled, answer, described.alert());
    Entry next;
    next.rule = rule;
    next.record = *NextRecord(compiled.timing, described, {now, answer.value});
    absl::optional<Change> change = Take(answer.id, before, std::move(next), now);
    if (change.has_value()) changes.push_back(*std::move(change));
  }
  if (dropped == 0) return changes;
  dropped_.Add(dropped);
  seams_.log.Warning(absl::StrCat("rule ", compiled.rule.name, ": ", dropped,
                                  " alerts are not raised: group ", options_.name, " has ",
                                  options_.alerts_max, " already"));
  return changes;
}

// The alerts of a rule that its answer leaves out; without an answer only those that it cannot
// change.
std::vector<Change> StoredRuleGroup::JudgeAbsent(size_t rule,
                                                 const absl::optional<std::vector<Answer>>& answers,
                                                 absl::Time now) {
  std::vector<Change> changes;
  std::set<absl::string_view> answered;
  if (answers.has_value()) {
    for (const Answer& answer : *answers) answered.insert(answer.id);
  }
  AlertTiming timing;
  timing.resolved_retention = options_.resolved_retention;
  timing.when_silent = WhenSilent::kJudge;  // What is asked by no rule has nothing to wait for.
  if (rule != kNoRule) timing = rules_[rule].timing;
  std::vector<std::pair<std::string, Entry>> kept;
  for (const auto& [id, entry] : entries_) {
    const v1::Alert& alert = entry.record.alert();
    if (entry.rule != rule || answered.contains(id)) continue;
    if (!answers.has_value() && IsActive(alert)) continue;
    Observation seen{now, absl::nullopt};
    if (IsActive(alert) && timing.when_silent == WhenSilent::kHold)
      seen.liveness = LivenessOf(alert);
    absl::optional<AlertRecord> record = NextRecord(timing, entry.record, seen);
    if (!record.has_value()) {
      changes.push_back({id, absl::nullopt});
      continue;
    }
    Entry next = entry;
    next.record = *std::move(record);
    kept.emplace_back(id, std::move(next));
  }
  for (auto& [id, next] : kept) {
    const Entry before = entries_[id];
    absl::optional<Change> change = Take(id, &before, std::move(next), now);
    if (change.has_value()) changes.push_back(*std::move(change));
  }
  return changes;
}

std::vector<Change> StoredRuleGroup::OldestResolvedPastTheLimit() {
  std::vector<Change> changes;
  if (entries_.size() <= options_.alerts_max) return changes;
  std::vector<std::pair<absl::Time, std::string>> resolved;
  for (const auto& [id, entry] : entries_) {
    const v1::Alert& alert = entry.record.alert();
    if (!IsActive(alert)) resolved.emplace_back(FromTimestamp(alert.resolve_time()), id);
  }
  std::sort(resolved.begin(), resolved.end());
  const size_t excess = std::min(entries_.size() - options_.alerts_max, resolved.size());
  for (size_t i = 0; i < excess; ++i) changes.push_back({resolved[i].second, absl::nullopt});
  forgotten_.Add(excess);
  return changes;
}

// Makes `changes` durable, then takes them over, a batch at a time.
absl::Status StoredRuleGroup::Store(std::vector<Change> changes) {
  for (size_t begin = 0; begin < changes.size(); begin += kChangesMax) {
    const size_t end = std::min(begin + kChangesMax, changes.size());
    storage::StateChanges batch;
    for (size_t i = begin; i < end; ++i) {
      storage::StateChanges::Change change{kAlertKind, Key(changes[i].id), absl::nullopt};
      if (changes[i].next.has_value()) change.value = EncodeAlertRecord(changes[i].next->record);
      batch.changes.push_back(std::move(change));
    }
    ORA_RETURN_IF_ERROR(Annotate(seams_.state.Apply(batch),
                                 absl::StrCat("rule group ", options_.name, ": store alerts")));
    for (size_t i = begin; i < end; ++i) {
      Change& change = changes[i];
      if (!change.next.has_value()) {
        entries_.erase(change.id);
        continue;
      }
      if (change.told) to_tell_.push_back(change.next->record.alert());
      entries_[change.id] = *std::move(change.next);
    }
  }
  return absl::OkStatus();
}

void StoredRuleGroup::Publish() {
  std::vector<v1::Alert> alerts;
  alerts.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) alerts.push_back(entry.record.alert());
  std::sort(alerts.begin(), alerts.end(), ComesBefore);
  absl::MutexLock lock(&mutex_);
  published_.swap(alerts);
}

void StoredRuleGroup::Tell() {
  std::vector<v1::Alert> changed;
  changed.swap(to_tell_);
  for (const v1::Alert& alert : changed) {
    seams_.log.Info(absl::StrCat("alert ", alert.id(), " ", alert.rule(),
                                 LabelsOf(alert).ToString(), " is ", StateName(alert.state()),
                                 " at ", ValueWithUnit(alert.value(), alert.unit())));
    if (seams_.changed) seams_.changed(alert);
  }
}

absl::Status StoredRuleGroup::EvaluateOnce() {
  absl::MutexLock lock(&evaluation_mutex_);
  const absl::Time now = seams_.clock.Now();
  absl::Status stored = absl::OkStatus();
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    const absl::optional<std::vector<Answer>> answers = Ask(rule, now);
    stored.Update(Store(JudgeAbsent(rule, answers, now)));
    if (answers.has_value()) stored.Update(Store(JudgeAnswers(rule, *answers, now)));
  }
  stored.Update(Store(JudgeAbsent(kNoRule, std::vector<Answer>(), now)));
  stored.Update(Store(OldestResolvedPastTheLimit()));
  Publish();
  Tell();
  return stored;
}

std::vector<v1::Alert> StoredRuleGroup::Alerts() const {
  absl::MutexLock lock(&mutex_);
  return published_;
}

void StoredRuleGroup::Start() {
  if (thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = false;
  }
  thread_ = std::thread([this] { Run(); });
}

void StoredRuleGroup::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void StoredRuleGroup::Run() {
  absl::Duration next = seams_.clock.Monotonic();
  for (;;) {
    const absl::Status evaluated = EvaluateOnce();
    if (!evaluated.ok()) seams_.log.Error(evaluated.message());
    const absl::Duration now = seams_.clock.Monotonic();
    next = std::max(next + options_.interval,
                    now);  // Evaluations that were missed are not made up for.
    absl::MutexLock lock(&mutex_);
    if (seams_.clock.Await(mutex_, absl::Condition(&stopping_), next - now)) return;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<RuleGroup>> RuleGroup::Open(
    RuleGroupOptions options, EvaluateFn evaluate, LivenessFn liveness, AlertChangedFn changed,
    storage::StateStore& state, storage::Clock& clock, storage::LogSink& log,
    storage::Counters& counters) {
  ORA_RETURN_IF_ERROR(CheckOptions(options));
  std::vector<CompiledRule> rules;
  for (const AlertRule& rule : options.rules) {
    ORA_ASSIGN_OR_RETURN(CompiledRule compiled, Compile(rule, options.resolved_retention));
    rules.push_back(std::move(compiled));
  }
  auto group =
      std::make_unique<StoredRuleGroup>(std::move(options), std::move(rules),
                                        Seams{std::move(evaluate), std::move(liveness),
                                              std::move(changed), state, clock, log, counters});
  ORA_RETURN_IF_ERROR(group->TakeUp());
  return std::unique_ptr<RuleGroup>(std::move(group));
}

}  // namespace ora::aggregator
