#include "aggregator/rules/rule_group.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "aggregator/rules/alert_order.h"
#include "aggregator/rules/alert_records.h"
#include "aggregator/rules/alert_states.h"
#include "aggregator/rules/compiled_rule.h"
#include "aggregator/rules/group_options.h"
#include "aggregator/rules/rule_outcomes.h"
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
        outcomes_(rules_.size() + options_.recordings.size()) {}
  ~StoredRuleGroup() override { Stop(); }

  absl::Status TakeUp() ABSL_LOCKS_EXCLUDED(evaluation_mutex_, mutex_);

  absl::Status EvaluateOnce() override ABSL_LOCKS_EXCLUDED(evaluation_mutex_, mutex_);
  void Start() override ABSL_LOCKS_EXCLUDED(mutex_);
  void Stop() override ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<v1::Alert> Alerts() const override ABSL_LOCKS_EXCLUDED(mutex_);
  RuleGroupStatus Status() const override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void TakeUpRecord(const storage::StateRecord& stored)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  size_t RuleOf(const v1::Alert& alert) const;
  absl::optional<std::vector<Answer>> Ask(size_t rule, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  absl::StatusOr<Evaluation> Evaluate(const std::string& expression, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  TemplateScope Scope(absl::Time now);
  absl::StatusOr<std::vector<Answer>> AnswersOf(const CompiledRule& compiled, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  void Note(size_t rule, const absl::Status& status, absl::Time now, absl::Duration began);
  const std::string& NameOf(size_t rule) const;
  size_t RecordThose(size_t first, size_t alerts_before, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  absl::Status Record(const RecordingRule& rule, size_t index, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
  void RecordAlerts(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(evaluation_mutex_);
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

  RuleOutcomes outcomes_;  // By rule: the alerting ones, then the recording ones.

  // Held through an evaluation with its queries and writes; mutex_ may be taken under it.
  absl::Mutex evaluation_mutex_;
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
    if (rules_[i].rule.name == alert.rule() && BearsLabelsOf(rules_[i], labels)) return i;
  }
  return kNoRule;
}

const std::string& StoredRuleGroup::NameOf(size_t rule) const {
  return rule < rules_.size() ? rules_[rule].rule.name
                              : options_.recordings[rule - rules_.size()].name;
}

void StoredRuleGroup::Note(size_t rule, const absl::Status& status, absl::Time now,
                           absl::Duration began) {
  if (!status.ok()) failures_.Increment();
  const absl::Duration took = seams_.clock.Monotonic() - began;
  if (outcomes_.Note(rule, status, now, took) == RuleOutcomes::News::kNone) return;
  seams_.log.Warning(absl::StrCat(
      "rule ", NameOf(rule), ": ", status.message(),
      rule < rules_.size() ? "; its alerts stay as they are" : "; nothing is recorded"));
}

absl::StatusOr<Evaluation> StoredRuleGroup::Evaluate(const std::string& expression,
                                                     absl::Time now) {
  evaluations_.Increment();
  ORA_ASSIGN_OR_RETURN(
      Evaluation evaluation,
      seams_.evaluate(expression, absl::ToUnixMillis(now - options_.query_offset)));
  if (options_.limit > 0 && evaluation.series.size() > options_.limit) {
    return absl::ResourceExhaustedError(
        absl::StrCat("exceeded limit of ", options_.limit, " with ", evaluation.series.size(),
                     " series; raise the limit of group ", options_.name));
  }
  return evaluation;
}

// What templates know besides the series.
TemplateScope StoredRuleGroup::Scope(absl::Time now) {
  TemplateScope scope;
  scope.external_labels = options_.external_labels;
  scope.external_url = options_.external_url;
  scope.now_seconds = absl::ToDoubleSeconds(now - absl::UnixEpoch());
  scope.query =
      [this, now](const std::string& expression) -> absl::StatusOr<std::vector<TemplateSample>> {
    ORA_ASSIGN_OR_RETURN(
        const Evaluation evaluation,
        seams_.evaluate(expression, absl::ToUnixMillis(now - options_.query_offset)));
    std::vector<TemplateSample> samples;
    for (const EvaluatedSeries& series : evaluation.series) {
      samples.push_back({series.labels, series.value});
    }
    return samples;
  };
  return scope;
}

// ABORTED where the answer is partial: it is not one to judge by, and no failure.
absl::StatusOr<std::vector<Answer>> StoredRuleGroup::AnswersOf(const CompiledRule& compiled,
                                                               absl::Time now) {
  ORA_ASSIGN_OR_RETURN(const Evaluation evaluation, Evaluate(compiled.rule.expression, now));
  if (evaluation.partial) return absl::AbortedError("its answer is partial");
  std::vector<Answer> answers;
  std::set<std::string> ids;
  const TemplateScope scope = Scope(now);
  for (const EvaluatedSeries& series : evaluation.series) {
    Answer answer = MakeAnswer(compiled, series, scope);
    if (!ids.insert(answer.id).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two series of its answer are the same alert: ", answer.labels.ToString()));
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

// Nothing where the answer is not one to judge by.
absl::optional<std::vector<Answer>> StoredRuleGroup::Ask(size_t rule, absl::Time now) {
  const absl::Duration began = seams_.clock.Monotonic();
  absl::StatusOr<std::vector<Answer>> answers = AnswersOf(rules_[rule], now);
  if (absl::IsAborted(answers.status())) {
    partials_.Increment();
    return absl::nullopt;
  }
  Note(rule, answers.status(), now, began);
  if (!answers.ok()) return absl::nullopt;
  return *std::move(answers);
}

absl::Status StoredRuleGroup::Record(const RecordingRule& rule, size_t index, absl::Time now) {
  ORA_ASSIGN_OR_RETURN(Evaluation evaluation, Evaluate(rule.expression, now));
  if (evaluation.partial) return absl::AbortedError("its answer is partial");
  std::set<storage::Labels> seen;
  for (EvaluatedSeries& series : evaluation.series) {
    series.labels.Set(storage::kMetricNameLabel, rule.name);
    for (const storage::LabelView label : rule.labels) series.labels.Set(label.name, label.value);
    if (!seen.insert(series.labels).second) {
      return absl::InvalidArgumentError(absl::StrCat(
          "vector contains metrics with the same labelset after applying rule labels: ",
          series.labels.ToString()));
    }
  }
  return options_.record(absl::StrCat(options_.name, "/", index), evaluation.series,
                         absl::ToUnixMillis(now - options_.query_offset));
}

// Records the rules from `first` on that stand after `alerts_before` alerting ones; returns the
// next.
size_t StoredRuleGroup::RecordThose(size_t first, size_t alerts_before, absl::Time now) {
  for (; first < options_.recordings.size(); ++first) {
    const RecordingRule& rule = options_.recordings[first];
    if (rule.alerts_before > alerts_before) break;
    const absl::Duration began = seams_.clock.Monotonic();
    const absl::Status status = Record(rule, first, now);
    if (absl::IsAborted(status)) partials_.Increment();
    if (!absl::IsAborted(status)) Note(rules_.size() + first, status, now, began);
  }
  return first;
}

// The series by which Prometheus's dashboards show alerts.
void StoredRuleGroup::RecordAlerts(absl::Time now) {
  if (!options_.record) return;
  std::vector<EvaluatedSeries> series;
  for (const auto& [id, entry] : entries_) {
    const v1::Alert& alert = entry.record.alert();
    if (!IsActive(alert)) continue;
    EvaluatedSeries since{LabelsOf(alert), static_cast<double>(alert.pending_time().seconds())};
    since.labels.Set("alertname", alert.rule());
    EvaluatedSeries state{since.labels, 1};
    since.labels.Set(storage::kMetricNameLabel, "ALERTS_FOR_STATE");
    state.labels.Set(storage::kMetricNameLabel, "ALERTS");
    state.labels.Set("alertstate", alert.state() == v1::ALERT_STATE_PENDING ? "pending" : "firing");
    series.push_back(std::move(since));
    series.push_back(std::move(state));
  }
  const absl::Status status = options_.record(absl::StrCat(options_.name, "/ALERTS"), series,
                                              absl::ToUnixMillis(now - options_.query_offset));
  if (!status.ok()) {
    seams_.log.Warning(absl::StrCat("rule group ", options_.name, ": ALERTS: ", status.message()));
  }
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
  for (const auto& [id, entry] : entries_) {
    v1::Alert& alert = alerts.emplace_back(entry.record.alert());
    if (alert.state() == v1::ALERT_STATE_FIRING && entry.record.has_false_since_time()) {
      *alert.mutable_keep_firing_since_time() = entry.record.false_since_time();
    }
  }
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
  const absl::Duration began = seams_.clock.Monotonic();
  absl::Status stored = absl::OkStatus();
  size_t recording = 0;
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    recording = RecordThose(recording, rule, now);
    const absl::optional<std::vector<Answer>> answers = Ask(rule, now);
    stored.Update(Store(JudgeAbsent(rule, answers, now)));
    if (answers.has_value()) stored.Update(Store(JudgeAnswers(rule, *answers, now)));
  }
  RecordThose(recording, rules_.size(), now);
  stored.Update(Store(JudgeAbsent(kNoRule, std::vector<Answer>(), now)));
  stored.Update(Store(OldestResolvedPastTheLimit()));
  RecordAlerts(now);
  outcomes_.NoteGroup(now, seams_.clock.Monotonic() - began);
  Publish();
  Tell();
  return stored;
}

std::vector<v1::Alert> StoredRuleGroup::Alerts() const {
  absl::MutexLock lock(&mutex_);
  return published_;
}

RuleGroupStatus StoredRuleGroup::Status() const {
  RuleGroupStatus group = Configured(options_);
  outcomes_.Fill(group);
  const std::vector<v1::Alert> alerts = Alerts();
  size_t alerting = 0;
  size_t recording = rules_.size();
  for (RuleStatus& rule : group.rules) {
    if (rule.kind == RuleKind::kRecording) {
      outcomes_.Fill(recording++, rule);
      continue;
    }
    outcomes_.Fill(alerting, rule);
    for (const v1::Alert& alert : alerts) {
      if (IsActive(alert) && RuleOf(alert) == alerting) rule.alerts.push_back(alert);
    }
    ++alerting;
  }
  return group;
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
