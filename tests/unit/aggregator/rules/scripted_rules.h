// A rule group over a script of answers: what the tests of the state machine share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "aggregator/rules/alert_records.h"
#include "aggregator/rules/rule_group.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/fakes/memory_state_store.h"

namespace ora::aggregator {

class ScriptedRules : public ::testing::Test {
 protected:
  ScriptedRules() {
    options_.name = "builtin";
    options_.rules = {Rule("Growth")};
  }

  static AlertRule Rule(std::string name) {
    AlertRule rule;
    rule.expression = absl::StrCat("expression of ", name);
    rule.name = std::move(name);
    rule.type = v1::ALERT_TYPE_GROWTH;
    rule.severity = v1::SEVERITY_WARNING;
    rule.threshold = 50;
    rule.unit = "percent";
    rule.annotations = {{"summary", "{{ $labels.log }} at {{ $value }}"}};
    rule.recommended_action = "look at {{ $labels.log }}";
    return rule;
  }

  AlertRule& rule() { return options_.rules[0]; }

  // (Re)starts the group on the state that is stored.
  void Restart() {
    group_.reset();
    absl::StatusOr<std::unique_ptr<RuleGroup>> group = TryOpen();
    ASSERT_TRUE(group.ok()) << group.status();
    group_ = *std::move(group);
  }

  absl::StatusOr<std::unique_ptr<RuleGroup>> TryOpen() {
    return RuleGroup::Open(
        options_, [this](const std::string& e, int64_t) { return Evaluate(e); },
        [this](const std::string& instance) { return Ask(instance); },
        [this](const v1::Alert& alert) { told_.push_back(alert); }, state_, clock_, log_,
        counters_);
  }

  absl::StatusOr<Evaluation> Evaluate(const std::string& expression) {
    if (!error_.ok()) return error_;
    Evaluation evaluation;
    evaluation.partial = partial_;
    evaluation.series = answers_[expression];
    return evaluation;
  }

  Liveness Ask(const std::string& instance) {
    const auto found = liveness_.find(instance);
    return found == liveness_.end() ? Liveness::kLive : found->second;
  }

  static storage::Labels Log(const std::string& log) {
    return {{"__name__", "m"}, {"instance", "web"}, {"log", log}};
  }

  // The first rule's expression answers with one series from now on.
  void Answers(double value) { answers_[rule().expression] = {{Log("/a"), value}}; }
  void AnswersNothing() { answers_.clear(); }
  void HostIs(Liveness liveness) { liveness_["web"] = liveness; }

  void EvaluateAfter(absl::Duration time) {
    clock_.Advance(time);
    const absl::Status status = group_->EvaluateOnce();
    EXPECT_TRUE(status.ok()) << status;
  }
  void EvaluateNow() { EvaluateAfter(absl::ZeroDuration()); }

  std::vector<v1::AlertState> States() {
    std::vector<v1::AlertState> states;
    for (const v1::Alert& alert : group_->Alerts()) states.push_back(alert.state());
    return states;
  }

  std::vector<v1::AlertState> Told() {
    std::vector<v1::AlertState> states;
    for (const v1::Alert& alert : told_) states.push_back(alert.state());
    return states;
  }

  v1::Alert Only() {
    const std::vector<v1::Alert> alerts = group_->Alerts();
    EXPECT_EQ(alerts.size(), 1u);
    return alerts.empty() ? v1::Alert() : alerts[0];
  }

  absl::Duration Since(const google::protobuf::Timestamp& time) {
    return clock_.Now() - FromTimestamp(time);
  }

  RuleGroupOptions options_;
  fakes::ManualClock clock_;
  fakes::MemoryLogSink log_;
  fakes::MemoryStateStore state_;
  storage::Counters counters_;
  std::map<std::string, std::vector<EvaluatedSeries>> answers_;
  std::map<std::string, Liveness> liveness_;
  absl::Status error_;
  bool partial_ = false;
  std::vector<v1::Alert> told_;
  std::unique_ptr<RuleGroup> group_;
};

inline constexpr v1::AlertState kPending = v1::ALERT_STATE_PENDING;
inline constexpr v1::AlertState kFiring = v1::ALERT_STATE_FIRING;
inline constexpr v1::AlertState kUnknown = v1::ALERT_STATE_UNKNOWN;
inline constexpr v1::AlertState kResolved = v1::ALERT_STATE_RESOLVED;

}  // namespace ora::aggregator
