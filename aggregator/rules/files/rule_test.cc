#include "aggregator/rules/files/rule_test.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "aggregator/promql/engine.h"
#include "aggregator/promql/parser/literals.h"
#include "aggregator/rules/files/rule_file.h"
#include "aggregator/rules/files/series_notation.h"
#include "aggregator/rules/files/test_bench.h"
#include "ora/config/v1/rule_file.pb.h"
#include "proto/contract/limits.h"
#include "proto/status/status_macros.h"
#include "proto/yaml/yaml_reader.h"

namespace ora::aggregator {
namespace {

using config::v1::RuleTest;
using config::v1::RuleTestFile;
using LabelMap = google::protobuf::Map<std::string, std::string>;

constexpr double kFuzziness = 1e-9;

absl::StatusOr<absl::Duration> DurationOf(const std::string& text, absl::Duration otherwise) {
  if (text.empty()) return otherwise;
  if (text == "0") return absl::ZeroDuration();
  ORA_ASSIGN_OR_RETURN(const int64_t millis, promql::ParseDurationMillis(text));
  return absl::Milliseconds(millis);
}

storage::Labels ToLabels(const LabelMap& map) {
  std::vector<storage::Label> labels;
  for (const auto& [name, value] : map) labels.push_back({name, value});
  return storage::Labels(std::move(labels));
}

// An alert as the reports of failures show it, and as two are compared.
std::string AlertText(const storage::Labels& labels, const storage::Labels& annotations) {
  return absl::StrCat("labels ", labels.ToString(), " annotations ", annotations.ToString());
}

storage::Labels ToLabels(const google::protobuf::RepeatedPtrField<v1::Label>& list) {
  std::vector<storage::Label> labels;
  for (const v1::Label& label : list) labels.push_back({label.name(), label.value()});
  return storage::Labels(std::move(labels));
}

std::string ListText(const std::vector<std::string>& items) {
  return items.empty() ? "none" : absl::StrJoin(items, ", ");
}

// One test of a file.
class RuleTestRun {
 public:
  RuleTestRun(const RuleTestFile& file, const RuleTest& test,
              const std::vector<RuleGroupOptions>& groups, const CheckAliveFn& check_alive)
      : file_(file),
        test_(test),
        group_options_(groups),
        check_alive_(check_alive),
        engine_(series_) {}

  // What failed; an error where the test cannot be run at all.
  absl::StatusOr<std::vector<std::string>> Run() {
    ORA_ASSIGN_OR_RETURN(interval_, DurationOf(file_.evaluation_interval(), absl::Minutes(1)));
    if (interval_ <= absl::ZeroDuration()) {
      return absl::InvalidArgumentError("evaluation_interval is 0; write such as 1m");
    }
    ORA_RETURN_IF_ERROR(LoadSeries());
    ORA_RETURN_IF_ERROR(OpenGroups());
    ORA_ASSIGN_OR_RETURN(const absl::Duration last, LastInstant());
    if (last / interval_ >= kRuleTestStepsMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("it has ", last / interval_, " evaluations; at most ", kRuleTestStepsMax));
    }
    for (absl::Duration at; at <= last; at += interval_) {
      ORA_RETURN_IF_ERROR(check_alive_());
      clock_.Set(absl::UnixEpoch() + at);
      ORA_RETURN_IF_ERROR(EvaluateGroups());
      ORA_RETURN_IF_ERROR(CheckAlertsOf(at));
    }
    ORA_RETURN_IF_ERROR(CheckExpressions());
    return failures_;
  }

 private:
  absl::Status LoadSeries() {
    ORA_ASSIGN_OR_RETURN(const absl::Duration step, DurationOf(test_.interval(), interval_));
    for (const config::v1::RuleTestSeries& series : test_.input_series()) {
      ORA_ASSIGN_OR_RETURN(const storage::Labels labels, ParseSeries(series.series()));
      ORA_ASSIGN_OR_RETURN(const auto samples, ParseSamples(series.values()));
      for (size_t i = 0; i < samples.size(); ++i) {
        if (!samples[i].has_value()) continue;
        ORA_RETURN_IF_ERROR(series_.Add(
            labels, {absl::ToInt64Milliseconds(static_cast<double>(i) * step), *samples[i]}));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Evaluation> Evaluate(const std::string& expression, int64_t time_millis) {
    promql::QueryContext context;
    context.check_alive = check_alive_;
    ORA_ASSIGN_OR_RETURN(promql::QueryResult result,
                         engine_.Instant(expression, time_millis, context));
    Evaluation evaluation;
    if (auto* vector = std::get_if<promql::InstantVector>(&result.value)) {
      for (promql::InstantSample& sample : *vector) {
        evaluation.series.push_back({std::move(sample.labels), sample.value});
      }
    } else if (const auto* scalar = std::get_if<promql::ScalarValue>(&result.value)) {
      evaluation.series.push_back({storage::Labels(), scalar->value});
    } else {
      return absl::InvalidArgumentError("its answer is neither instant vector nor scalar");
    }
    return evaluation;
  }

  absl::Status OpenGroups() {
    for (RuleGroupOptions options : group_options_) {
      options.record = [this](const std::string& source, const std::vector<EvaluatedSeries>& series,
                              int64_t at) { return series_.Record(source, series, at); };
      options.external_labels = ToLabels(test_.external_labels());
      options.external_url = test_.external_url();
      ORA_ASSIGN_OR_RETURN(auto group, RuleGroup::Open(
                                           std::move(options),
                                           [this](const std::string& text, int64_t at) {
                                             return Evaluate(text, at);
                                           },
                                           [](const std::string&) { return Liveness::kLive; },
                                           nullptr, state_, clock_, log_, counters_));
      groups_.push_back(std::move(group));
    }
    const auto place = [this](const std::unique_ptr<RuleGroup>& group) {
      const auto& order = file_.group_eval_order();
      return std::find(order.begin(), order.end(), group->Status().name) - order.begin();
    };
    std::stable_sort(groups_.begin(), groups_.end(),
                     [&](const auto& a, const auto& b) { return place(a) < place(b); });
    return absl::OkStatus();
  }

  absl::StatusOr<absl::Duration> LastInstant() const {
    absl::Duration last;
    for (const config::v1::AlertRuleTest& test : test_.alert_rule_test()) {
      ORA_ASSIGN_OR_RETURN(const absl::Duration at,
                           DurationOf(test.eval_time(), absl::ZeroDuration()));
      last = std::max(last, at);
    }
    for (const config::v1::PromqlExprTest& test : test_.promql_expr_test()) {
      ORA_ASSIGN_OR_RETURN(const absl::Duration at,
                           DurationOf(test.eval_time(), absl::ZeroDuration()));
      last = std::max(last, at);
    }
    return last;
  }

  absl::Status EvaluateGroups() {
    for (const std::unique_ptr<RuleGroup>& group : groups_) {
      ORA_RETURN_IF_ERROR(group->EvaluateOnce());
      for (const RuleStatus& rule : group->Status().rules) {
        if (rule.last_error.empty()) continue;
        const std::string failure = absl::StrCat("rule ", rule.name, ": ", rule.last_error);
        if (told_.insert(failure).second) failures_.push_back(failure);
      }
    }
    return absl::OkStatus();
  }

  // The tests whose time lies between this evaluation and the next.
  absl::Status CheckAlertsOf(absl::Duration evaluated) {
    for (const config::v1::AlertRuleTest& test : test_.alert_rule_test()) {
      ORA_ASSIGN_OR_RETURN(const absl::Duration at,
                           DurationOf(test.eval_time(), absl::ZeroDuration()));
      if (at < evaluated || at >= evaluated + interval_) continue;
      std::vector<std::string> expected;
      for (const config::v1::ExpectedAlert& alert : test.exp_alerts()) {
        storage::Labels labels = ToLabels(alert.exp_labels());
        labels.Set("alertname", test.alertname());
        expected.push_back(AlertText(labels, ToLabels(alert.exp_annotations())));
      }
      Compare(absl::StrCat("alert ", test.alertname(), " at ", test.eval_time()),
              std::move(expected), FiringAlerts(test.alertname()));
    }
    return absl::OkStatus();
  }

  std::vector<std::string> FiringAlerts(const std::string& name) const {
    std::vector<std::string> firing;
    for (const std::unique_ptr<RuleGroup>& group : groups_) {
      for (const v1::Alert& alert : group->Alerts()) {
        if (alert.rule() != name || alert.state() != v1::ALERT_STATE_FIRING) continue;
        storage::Labels labels = ToLabels(alert.labels().labels());
        labels.Set("alertname", name);
        firing.push_back(AlertText(labels, ToLabels(alert.annotations())));
      }
    }
    return firing;
  }

  absl::Status CheckExpressions() {
    for (const config::v1::PromqlExprTest& test : test_.promql_expr_test()) {
      ORA_ASSIGN_OR_RETURN(const absl::Duration at,
                           DurationOf(test.eval_time(), absl::ZeroDuration()));
      const std::string what = absl::StrCat("expression ", test.expr(), " at ", test.eval_time());
      const absl::StatusOr<Evaluation> answer =
          Evaluate(test.expr(), absl::ToInt64Milliseconds(at));
      if (!answer.ok()) {
        failures_.push_back(absl::StrCat(what, ": ", answer.status().message()));
        continue;
      }
      std::vector<EvaluatedSeries> expected;
      for (const config::v1::ExpectedSample& sample : test.exp_samples()) {
        ORA_ASSIGN_OR_RETURN(const storage::Labels labels, ParseSeries(sample.labels()));
        ORA_ASSIGN_OR_RETURN(const auto values, ParseSamples(sample.value()));
        if (values.size() != 1 || !values[0].has_value()) {
          return absl::InvalidArgumentError(
              absl::StrCat(what, ": value `", sample.value(), "` is no number"));
        }
        expected.push_back({labels, *values[0]});
      }
      CompareSamples(what, std::move(expected), answer->series);
    }
    return absl::OkStatus();
  }

  void Compare(const std::string& what, std::vector<std::string> expected,
               std::vector<std::string> got) {
    std::sort(expected.begin(), expected.end());
    std::sort(got.begin(), got.end());
    if (expected == got) return;
    failures_.push_back(
        absl::StrCat(what, ": expected ", ListText(expected), "; got ", ListText(got)));
  }

  bool IsSame(double a, double b) const {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
    if (a == b || !file_.fuzzy_compare()) return a == b;
    return std::fabs(a - b) <= kFuzziness * std::max(std::fabs(a), std::fabs(b));
  }

  void CompareSamples(const std::string& what, std::vector<EvaluatedSeries> expected,
                      std::vector<EvaluatedSeries> got) {
    const auto by_labels = [](const EvaluatedSeries& a, const EvaluatedSeries& b) {
      return a.labels < b.labels;
    };
    std::stable_sort(expected.begin(), expected.end(), by_labels);
    std::stable_sort(got.begin(), got.end(), by_labels);
    const bool same = std::equal(expected.begin(), expected.end(), got.begin(), got.end(),
                                 [this](const EvaluatedSeries& a, const EvaluatedSeries& b) {
                                   return a.labels == b.labels && IsSame(a.value, b.value);
                                 });
    if (same) return;
    const auto texts = [](const std::vector<EvaluatedSeries>& series) {
      std::vector<std::string> list;
      for (const EvaluatedSeries& one : series) {
        list.push_back(absl::StrCat(one.labels.ToString(), " ", promql::FormatNumber(one.value)));
      }
      return ListText(list);
    };
    failures_.push_back(absl::StrCat(what, ": expected ", texts(expected), "; got ", texts(got)));
  }

  const RuleTestFile& file_;
  const RuleTest& test_;
  const std::vector<RuleGroupOptions>& group_options_;
  const CheckAliveFn& check_alive_;
  absl::Duration interval_;
  BenchSeries series_{kRuleTestSamplesMax};
  BenchState state_;
  BenchClock clock_;
  BenchLog log_;
  storage::Counters counters_;
  promql::Engine engine_;
  std::vector<std::unique_ptr<RuleGroup>> groups_;
  std::vector<std::string> failures_;
  std::set<std::string> told_;
};

absl::StatusOr<std::vector<RuleGroupOptions>> LoadGroups(const RuleTestFile& file,
                                                         const RuleFilesFn& read) {
  std::vector<RuleGroupOptions> groups;
  for (const std::string& pattern : file.rule_files()) {
    ORA_ASSIGN_OR_RETURN(const std::vector<NamedText> texts, read(pattern));
    for (const NamedText& text : texts) {
      RuleFileReading reading = ReadRuleFile(text.path, text.text, absl::Minutes(1));
      if (!reading.errors.empty()) {
        return absl::InvalidArgumentError(absl::StrJoin(reading.errors, "\n"));
      }
      std::move(reading.groups.begin(), reading.groups.end(), std::back_inserter(groups));
    }
  }
  return groups;
}

void AddFailure(absl::string_view failure, RuleTestReport& report) {
  if (report.failures.size() >= contract::kTestFailuresMax) return;
  size_t length = std::min(failure.size(), contract::kTestFailureBytesMax);
  // Not within a character: what follows a character's first byte begins with the bits 10.
  while (length < failure.size() && length > 0 && (failure[length] & 0xc0) == 0x80) --length;
  report.failures.emplace_back(failure.substr(0, length));
}

}  // namespace

absl::StatusOr<RuleTestReport> RunRuleTests(const std::string& file, absl::string_view text,
                                            const RuleFilesFn& read,
                                            const CheckAliveFn& check_alive) {
  RuleTestReport report;
  RuleTestFile tests;
  if (const absl::Status status = yaml::ReadYaml(file, text, tests); !status.ok()) {
    AddFailure(status.message(), report);
    return report;
  }
  const absl::StatusOr<std::vector<RuleGroupOptions>> groups = LoadGroups(tests, read);
  if (!groups.ok()) {
    AddFailure(groups.status().message(), report);
    return report;
  }
  for (int i = 0; i < tests.tests_size(); ++i) {
    const RuleTest& test = tests.tests(i);
    const std::string name = absl::StrCat(
        file, ": test ", i + 1, test.name().empty() ? "" : absl::StrCat(" (", test.name(), ")"));
    const absl::StatusOr<std::vector<std::string>> failures =
        RuleTestRun(tests, test, *groups, check_alive).Run();
    // What ended the run is no failure of the test.
    ORA_RETURN_IF_ERROR(check_alive());
    if (!failures.ok()) {
      AddFailure(absl::StrCat(name, ": ", failures.status().message()), report);
    } else if (failures->empty()) {
      ++report.passed;
    } else {
      for (const std::string& failure : *failures) {
        AddFailure(absl::StrCat(name, ": ", failure), report);
      }
    }
  }
  return report;
}

}  // namespace ora::aggregator
