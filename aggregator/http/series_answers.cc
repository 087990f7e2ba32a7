#include "aggregator/http/series_answers.h"

#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "aggregator/http/envelope.h"
#include "aggregator/http/json_text.h"
#include "aggregator/metrics/metric_catalog.h"
#include "aggregator/promql/parser/literals.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr char kTruncated[] = "results truncated due to limit";

using Matchers = std::vector<storage::Matcher>;

// What a request gets at most of a list.
AnswerNotes Truncate(std::vector<std::string>& texts, size_t limit) {
  if (limit == 0 || texts.size() <= limit) return {};
  texts.resize(limit);
  return {{kTruncated}, {}};
}

HttpResponse Texts(std::vector<std::string> texts, size_t limit) {
  const AnswerNotes notes = Truncate(texts, limit);
  std::string data;
  AppendJsonTexts(texts, data);
  return Success(data, notes);
}

// The texts that `read` gives for any of the selectors, or for all series if there is none.
template <typename ReadFn>
absl::StatusOr<std::vector<std::string>> Union(const std::vector<Matchers>& selectors,
                                               const ReadFn& read) {
  if (selectors.empty()) return read(Matchers());
  if (selectors.size() == 1) return read(selectors.front());
  std::set<std::string> found;
  for (const Matchers& matchers : selectors) {
    ORA_ASSIGN_OR_RETURN(const std::vector<std::string> texts, read(matchers));
    found.insert(texts.begin(), texts.end());
  }
  return std::vector<std::string>(found.begin(), found.end());
}

void AppendDescription(const MetricDescription& metric, std::string& out) {
  AppendJsonText(metric.name, out);
  absl::StrAppend(&out, ":[{\"type\":\"", Text(metric.type), "\",\"help\":");
  AppendJsonText(metric.help, out);
  out += ",\"unit\":";
  AppendJsonText(metric.unit, out);
  out += "}]";
}

}  // namespace

absl::StatusOr<HttpResponse> SeriesAnswers::Series() const {
  ORA_ASSIGN_OR_RETURN(const size_t limit, parameters_.Limit("limit"));
  ORA_ASSIGN_OR_RETURN(const absl::optional<int64_t> start, parameters_.TimeMillis("start"));
  ORA_ASSIGN_OR_RETURN(const absl::optional<int64_t> end, parameters_.TimeMillis("end"));
  ORA_ASSIGN_OR_RETURN(const std::vector<Matchers> selectors, parameters_.Selectors());
  if (selectors.empty()) return absl::InvalidArgumentError("no match[] parameter provided");
  const bool in_range_only = start.has_value() || end.has_value();
  storage::SelectRequest select;
  select.range.start_millis = start.value_or(INT64_MIN);
  select.range.end_millis = end.value_or(INT64_MAX);
  select.series_max = series_max_;
  select.hints.by_labels_only = !in_range_only;
  std::set<storage::Labels> found;
  storage::SampleColumns columns;
  for (const Matchers& matchers : selectors) {
    select.matchers = matchers;
    ORA_ASSIGN_OR_RETURN(const std::unique_ptr<storage::SeriesCursor> cursor,
                         reader_.Select(select));
    // One more than are asked for, so that it is known whether there are.
    for (size_t count = 0; (limit == 0 || count <= limit) && cursor->Next();) {
      ORA_RETURN_IF_ERROR(check_alive_());
      if (in_range_only) {
        ORA_RETURN_IF_ERROR(cursor->ReadSamples(columns));
        if (columns.size() == 0) continue;
      }
      found.insert(cursor->labels());
      ++count;
    }
  }
  AnswerNotes notes;
  std::string data = "[";
  size_t written = 0;
  for (const storage::Labels& labels : found) {
    if (limit > 0 && written == limit) {
      notes.warnings.emplace_back(kTruncated);
      break;
    }
    if (written++ > 0) data += ',';
    AppendJsonLabels(labels, data);
  }
  data += ']';
  return Success(data, notes);
}

absl::StatusOr<HttpResponse> SeriesAnswers::LabelNames() const {
  ORA_ASSIGN_OR_RETURN(const size_t limit, parameters_.Limit("limit"));
  ORA_RETURN_IF_ERROR(parameters_.TimeMillis("start").status());
  ORA_RETURN_IF_ERROR(parameters_.TimeMillis("end").status());
  ORA_ASSIGN_OR_RETURN(const std::vector<Matchers> selectors, parameters_.Selectors());
  ORA_ASSIGN_OR_RETURN(std::vector<std::string> names, Union(selectors, [this](const auto& some) {
                         return reader_.LabelNames(some);
                       }));
  return Texts(std::move(names), limit);
}

absl::StatusOr<HttpResponse> SeriesAnswers::LabelValues(const std::string& label) const {
  if (!promql::IsPlainLabelName(label)) {
    return absl::InvalidArgumentError(absl::StrCat("invalid label name: \"", label, "\""));
  }
  ORA_ASSIGN_OR_RETURN(const size_t limit, parameters_.Limit("limit"));
  ORA_RETURN_IF_ERROR(parameters_.TimeMillis("start").status());
  ORA_RETURN_IF_ERROR(parameters_.TimeMillis("end").status());
  ORA_ASSIGN_OR_RETURN(const std::vector<Matchers> selectors, parameters_.Selectors());
  ORA_ASSIGN_OR_RETURN(std::vector<std::string> values,
                       Union(selectors, [this, &label](const auto& some) {
                         return reader_.LabelValues(label, some);
                       }));
  return Texts(std::move(values), limit);
}

absl::StatusOr<HttpResponse> SeriesAnswers::Metadata() const {
  const absl::StatusOr<size_t> limit = parameters_.Limit("limit");
  if (!limit.ok()) return absl::InvalidArgumentError("limit must be a number");
  if (!parameters_.Limit("limit_per_metric").ok()) {
    return absl::InvalidArgumentError("limit_per_metric must be a number");
  }
  ORA_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                       reader_.LabelValues(storage::kMetricNameLabel, {}));
  const std::string& wanted = parameters_.Get("metric");
  std::string data = "{";
  size_t written = 0;
  for (const MetricDescription& metric : DescribeMetrics(names)) {
    if (!wanted.empty() && metric.name != wanted) continue;
    if (*limit > 0 && written == *limit) break;
    if (written++ > 0) data += ',';
    AppendDescription(metric, data);
  }
  data += '}';
  return Success(data);
}

}  // namespace ora::aggregator
