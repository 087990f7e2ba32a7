#include "aggregator/logs/log_catalog.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/substitute.h"
#include "aggregator/logs/log_analysis.h"
#include "aggregator/logs/log_figures.h"
#include "proto/contract/limits.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr int64_t kWindowMillisDefault = 600'000;
constexpr int64_t kAgeSteps =
    600;  // How finely the age of a young log is told: 1/600 of the window.
constexpr int64_t kAgeStepMillisMin = 1'000;

constexpr const char* kGauges[] = {"ora_log_files", "ora_log_size_bytes", "ora_log_storage_bytes"};
constexpr const char* kCountersOfLists[] = {"ora_log_appended_bytes_total", "ora_log_lines_total",
                                            "ora_log_lost_bytes_total"};
constexpr const char* kCountersOfAnalyses[] = {
    "ora_log_appended_bytes_total",    "ora_log_lines_total",
    "ora_log_lost_bytes_total",        "ora_log_errors_total",
    "ora_log_response_seconds_bucket", "ora_log_response_seconds_count",
    "ora_log_response_seconds_sum"};

std::string Matcher(absl::string_view label, absl::string_view value) {
  if (value.empty()) return "";
  return absl::StrCat(",", label, "=\"",
                      absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}),
                      "\"");
}

template <typename Names>
std::string Alternatives(const Names& names) {
  std::string text;
  for (const char* name : names) absl::StrAppend(&text, text.empty() ? "" : "|", name);
  return text;
}

std::string Selector(const std::string& name_pattern, const std::string& matchers) {
  return absl::StrCat("{__name__=~\"", name_pattern, "\"", matchers, "}");
}

void SetTime(double seconds, v1::Log& log) {
  const int64_t millis = std::llround(seconds * 1000);
  log.mutable_time()->set_seconds(millis / 1000);
  log.mutable_time()->set_nanos(static_cast<int32_t>(millis % 1000 * 1'000'000));
}

// `HOST:PATH`, a path, the last part of a path, or a component.
bool IsNamed(const v1::Log& log, const std::string& name) {
  return name.empty() || log.path() == name || log.component() == name ||
         absl::StrCat(log.instance(), ":", log.path()) == name ||
         absl::EndsWith(log.path(), absl::StrCat("/", name));
}

int64_t WindowMillis(const v1::AnalyzeLogsRequest& request) {
  if (!request.has_window()) return kWindowMillisDefault;
  return request.window().seconds() * 1000 + request.window().nanos() / 1'000'000;
}

size_t CountMax(const v1::AnalyzeLogsRequest& request) {
  if (request.log_count_max() <= 0) return contract::kAnalysesDefault;
  return std::min(request.log_count_max(), contract::kAnalysesMax);
}

using ValuesBySeries = absl::btree_map<storage::Labels, double>;

ValuesBySeries BySeries(const promql::InstantVector& vector) {
  ValuesBySeries values;
  for (const promql::InstantSample& sample : vector) values[sample.labels] = sample.value;
  return values;
}

// One analysis: its queries, each for all of its logs at once.
class Analysis {
 public:
  Analysis(const QueryFn& query, std::string matchers, int64_t window_millis, int64_t time_millis)
      : query_(query),
        matchers_(std::move(matchers)),
        window_millis_(window_millis),
        time_millis_(time_millis) {}

  // Asks for what the window's figures are made of.
  absl::Status Ask() {
    const std::string counters = Selector(Alternatives(kCountersOfAnalyses), matchers_);
    ORA_ASSIGN_OR_RETURN(now_, query_(counters, time_millis_));
    ORA_ASSIGN_OR_RETURN(const promql::InstantVector start,
                         query_(counters, time_millis_ - window_millis_));
    start_ = BySeries(start);
    const bool any_young = std::any_of(now_.begin(), now_.end(), [&](const auto& sample) {
      return !start_.contains(sample.labels);
    });
    if (any_young) ORA_RETURN_IF_ERROR(AskForTheYoung());
    ORA_ASSIGN_OR_RETURN(
        const promql::InstantVector storage,
        query_(Selector("ora_log_storage_bytes", matchers_), time_millis_ - window_millis_));
    for (const promql::InstantSample& sample : storage) {
      storage_start_[KeyOf(sample.labels)] = sample.value;
    }
    return absl::OkStatus();
  }

  FiguresByLog Totals() const { return CollectFigures(now_); }

  // What each counter has risen by.
  FiguresByLog Rises() const {
    promql::InstantVector rises = now_;
    for (promql::InstantSample& sample : rises) {
      auto before = start_.find(sample.labels);
      if (before == start_.end()) {
        before = first_.find(sample.labels);
        if (before == first_.end()) before = start_.end();
      }
      sample.value = before == start_.end() ? 0 : std::fmax(0, sample.value - before->second);
    }
    return CollectFigures(rises);
  }

  double StorageBytesAtStart(const LogKey& key) const {
    const auto found = storage_start_.find(key);
    return found == storage_start_.end() ? 0 : found->second;
  }

  absl::Duration Length(const LogKey& key) const {
    const auto found = first_seconds_.find(key);
    if (found == first_seconds_.end()) return absl::Milliseconds(window_millis_);
    const int64_t age = time_millis_ - std::llround(found->second * 1000);
    return absl::Milliseconds(std::clamp<int64_t>(age, 0, window_millis_));
  }

 private:
  // Counters that are younger than the window begin at the first value in it.
  absl::Status AskForTheYoung() {
    for (const char* counter : kCountersOfAnalyses) {
      const std::string selector = Selector(counter, matchers_);
      ORA_ASSIGN_OR_RETURN(
          const promql::InstantVector least,
          query_(absl::Substitute("min_over_time($0[$1ms])", selector, window_millis_),
                 time_millis_));
      for (const promql::InstantSample& sample : least) {
        storage::Labels labels = sample.labels;
        labels.Set(storage::kMetricNameLabel, counter);
        first_[std::move(labels)] = sample.value;
      }
    }
    const int64_t step = std::max(window_millis_ / kAgeSteps, kAgeStepMillisMin);
    ORA_ASSIGN_OR_RETURN(
        const promql::InstantVector ages,
        query_(absl::Substitute("min_over_time(timestamp($0)[$1ms:$2ms])",
                                Selector("ora_log_appended_bytes_total", matchers_), window_millis_,
                                step),
               time_millis_));
    for (const promql::InstantSample& sample : ages) {
      storage::Labels labels = sample.labels;
      labels.Set(storage::kMetricNameLabel, "ora_log_appended_bytes_total");
      if (!start_.contains(labels)) first_seconds_[KeyOf(labels)] = sample.value;
    }
    return absl::OkStatus();
  }

  const QueryFn& query_;
  const std::string matchers_;
  const int64_t window_millis_;
  const int64_t time_millis_;
  promql::InstantVector now_;
  ValuesBySeries start_, first_;
  absl::btree_map<LogKey, double> storage_start_, first_seconds_;
};

}  // namespace

absl::StatusOr<std::vector<v1::Log>> LogCatalog::List(const std::string& instance,
                                                      const std::string& component,
                                                      int64_t time_millis) const {
  const std::string matchers =
      absl::StrCat(Matcher("instance", instance), Matcher("component", component));
  const std::string names =
      absl::StrCat(Alternatives(kGauges), "|", Alternatives(kCountersOfLists));
  ORA_ASSIGN_OR_RETURN(const promql::InstantVector series,
                       query_(Selector(names, matchers), time_millis));
  FiguresByLog by_log = CollectFigures(series);
  ORA_ASSIGN_OR_RETURN(
      const promql::InstantVector times,
      query_(absl::StrCat("timestamp(", Selector("ora_log_appended_bytes_total", matchers), ")"),
             time_millis));
  for (const promql::InstantSample& sample : times) {
    const auto found = by_log.find(KeyOf(sample.labels));
    if (found != by_log.end()) SetTime(sample.value, found->second.log);
  }
  std::vector<v1::Log> logs;
  for (auto& [key, figures] : by_log) logs.push_back(std::move(figures.log));
  return logs;
}

absl::StatusOr<v1::AnalyzeLogsResponse> LogCatalog::Analyze(const v1::AnalyzeLogsRequest& request,
                                                            int64_t time_millis) const {
  ORA_ASSIGN_OR_RETURN(std::vector<v1::Log> logs, List("", "", time_millis));
  logs.erase(std::remove_if(logs.begin(), logs.end(),
                            [&](const v1::Log& log) { return !IsNamed(log, request.log()); }),
             logs.end());
  if (logs.empty() && !request.log().empty()) {
    return absl::NotFoundError(absl::StrCat(
        "log `", request.log(),
        "` is not followed by any collector; write HOST:PATH, a path or a component of `ora logs "
        "list`"));
  }
  v1::AnalyzeLogsResponse response;
  if (logs.empty()) return response;
  const std::string matchers =
      logs.size() > 1
          ? std::string()
          : absl::StrCat(Matcher("instance", logs[0].instance()), Matcher("log", logs[0].path()));
  Analysis analysis(query_, matchers, WindowMillis(request), time_millis);
  ORA_RETURN_IF_ERROR(analysis.Ask());
  FiguresByLog now = analysis.Totals();
  FiguresByLog rises = analysis.Rises();
  std::vector<v1::LogAnalysis> analyses;
  for (const v1::Log& log : logs) {
    const LogKey key{log.instance(), log.path()};
    LogFigures& figures = now[key];
    figures.log = log;
    analyses.push_back(MakeLogAnalysis(
        figures, {rises[key], analysis.StorageBytesAtStart(key), analysis.Length(key)}));
  }
  std::stable_sort(analyses.begin(), analyses.end(), [](const auto& a, const auto& b) {
    return a.growth_bytes() > b.growth_bytes();
  });
  const size_t count = std::min(analyses.size(), CountMax(request));
  response.set_omitted(static_cast<uint32_t>(analyses.size() - count));
  for (size_t i = 0; i < count; ++i) *response.add_analyses() = std::move(analyses[i]);
  return response;
}

}  // namespace ora::aggregator
