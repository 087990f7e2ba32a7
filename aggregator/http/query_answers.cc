#include "aggregator/http/query_answers.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "aggregator/http/envelope.h"
#include "aggregator/http/json_text.h"
#include "aggregator/promql/parser/parser.h"
#include "proto/contract/limits.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr size_t kBlockBytes = size_t{64} << 10;
constexpr int64_t kLookbackMillisMax = 24 * 60 * 60 * 1'000;
constexpr char kTruncated[] = "results truncated due to limit";

void AppendSeries(const promql::InstantSample& sample, std::string& out) {
  out += "{\"metric\":";
  AppendJsonLabels(sample.labels, out);
  out += ",\"value\":";
  AppendJsonPoint(sample.time_millis, sample.value, out);
  out += '}';
}

void AppendSeries(const promql::RangeSeries& series, std::string& out) {
  out += "{\"metric\":";
  AppendJsonLabels(series.labels, out);
  out += ",\"values\":[";
  for (size_t i = 0; i < series.samples.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonPoint(series.samples.time_millis[i], series.samples.values[i], out);
  }
  out += "]}";
}

// As Prometheus writes its limit: 11,000.
std::string WithCommas(uint64_t number) {
  std::string text = absl::StrCat(number);
  for (size_t from_end = 3; from_end < text.size(); from_end += 4) {
    text.insert(text.size() - from_end, ",");
  }
  return text;
}

// True if some had to go.
template <typename Series>
bool Truncate(std::vector<Series>& series, size_t limit) {
  if (limit == 0 || series.size() <= limit) return false;
  series.resize(limit);
  return true;
}

std::string StatisticsJson(const promql::QueryCost& cost, absl::Duration took) {
  std::string text = ",\"stats\":{\"timings\":{\"evalTotalTime\":";
  const double seconds = absl::ToDoubleSeconds(took);
  AppendJsonNumber(seconds, text);
  text += ",\"resultSortTime\":0,\"queryPreparationTime\":0,\"innerEvalTime\":";
  AppendJsonNumber(seconds, text);
  text += ",\"execQueueTime\":0,\"execTotalTime\":";
  AppendJsonNumber(seconds, text);
  absl::StrAppend(&text, "},\"samples\":{\"totalQueryableSamples\":", cost.samples_read,
                  ",\"peakSamples\":", cost.samples_read, "}}");
  return text;
}

// The answer with the series of a vector or a matrix, some at a time.
template <typename Series>
HttpResponse InParts(absl::string_view type, std::vector<Series> series, const std::string& end,
                     const AnswerNotes& notes) {
  // shared_ptr: std::function must be copyable.
  auto rest = std::make_shared<std::vector<Series>>(std::move(series));
  auto next = std::make_shared<size_t>(0);
  const auto more = [rest, next, end](std::string& block) {
    const size_t enough = block.size() + kBlockBytes;
    for (; *next < rest->size() && block.size() < enough; ++*next) {
      if (*next > 0) block += ',';
      AppendSeries((*rest)[*next], block);
      (*rest)[*next] = Series();  // Its memory is wanted no more.
    }
    if (*next < rest->size()) return true;
    block += end;
    return false;
  };
  return SuccessInParts(absl::StrCat("{\"resultType\":\"", type, "\",\"result\":["), more, notes);
}

}  // namespace

std::function<absl::Status()> AliveFor(absl::Duration timeout, storage::Clock& clock,
                                       const ConnectedFn& connected) {
  const absl::Duration end = clock.Monotonic() + timeout;
  return [&clock, &connected, timeout, end] {
    if (clock.Monotonic() < end) return connected();
    return absl::DeadlineExceededError(
        absl::StrCat("query timed out in expression evaluation: it took longer than ",
                     absl::FormatDuration(timeout), "; ask for less, or raise query.timeout"));
  };
}

absl::Status QueryAnswers::CheckExpression(Form form) const {
  const std::string& text = parameters_.Get("query");
  if (text.size() > contract::kExpressionBytesMax) {
    return InvalidParameter("query", absl::StrCat("has ", text.size(), " bytes; at most ",
                                                  contract::kExpressionBytesMax));
  }
  const absl::StatusOr<promql::ExprPtr> parsed = promql::ParseExpression(text);
  if (!parsed.ok()) {
    const absl::string_view message(parsed.status().message().data(),
                                    parsed.status().message().size());
    return InvalidParameter("query", message);
  }
  const promql::ValueType type = (*parsed)->type;
  if (form == Form::kRange && type != promql::ValueType::kScalar &&
      type != promql::ValueType::kVector) {
    return InvalidParameter("query",
                            absl::StrCat("invalid expression type \"", promql::Text(type),
                                         "\" for range query, must be Scalar or instant Vector"));
  }
  return absl::OkStatus();
}

absl::StatusOr<promql::QuerySteps> QueryAnswers::Steps() const {
  ORA_ASSIGN_OR_RETURN(const int64_t start, parameters_.RequiredTimeMillis("start"));
  ORA_ASSIGN_OR_RETURN(const int64_t end, parameters_.RequiredTimeMillis("end"));
  if (end < start) return InvalidParameter("end", "end timestamp must not be before start time");
  ORA_ASSIGN_OR_RETURN(const absl::optional<int64_t> step, parameters_.DurationMillis("step"));
  if (!step.has_value()) return InvalidParameter("step", "cannot parse \"\" to a valid duration");
  if (*step <= 0) {
    return InvalidParameter("step",
                            "zero or negative query resolution step widths are not accepted. Try "
                            "a positive integer");
  }
  if (static_cast<uint64_t>((end - start) / *step) > sources_.limits.steps_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("exceeded maximum resolution of ", WithCommas(sources_.limits.steps_max),
                     " points per timeseries. Try decreasing the query resolution (?step=XX)"));
  }
  return promql::QuerySteps{start, end, *step};
}

absl::StatusOr<promql::QueryContext> QueryAnswers::Context() const {
  promql::QueryContext context;
  context.limits = sources_.limits;
  ORA_ASSIGN_OR_RETURN(const absl::optional<int64_t> timeout,
                       parameters_.DurationMillis("timeout"));
  absl::Duration limit = sources_.timeout;
  if (timeout.has_value()) limit = std::min(limit, absl::Milliseconds(*timeout));
  context.check_alive = AliveFor(limit, sources_.clock, connected_);
  ORA_ASSIGN_OR_RETURN(const absl::optional<int64_t> lookback,
                       parameters_.DurationMillis("lookback_delta"));
  if (lookback.has_value() && *lookback > 0) {
    if (*lookback > kLookbackMillisMax) {
      return InvalidParameter("lookback_delta",
                              absl::StrCat("is ", *lookback / 1'000, " s; at most 1 day"));
    }
    context.lookback_millis = *lookback;
  }
  return context;
}

absl::StatusOr<HttpResponse> QueryAnswers::Render(promql::QueryResult result,
                                                  absl::Duration start) const {
  ORA_ASSIGN_OR_RETURN(const size_t limit, parameters_.Limit("limit"));
  AnswerNotes notes{std::move(result.warnings), std::move(result.infos)};
  std::string statistics;
  if (!parameters_.Get("stats").empty()) {
    statistics = StatisticsJson(result.cost, sources_.clock.Monotonic() - start);
  }
  const std::string end = absl::StrCat("]", statistics, "}");
  if (auto* vector = std::get_if<promql::InstantVector>(&result.value)) {
    if (Truncate(*vector, limit)) notes.warnings.emplace_back(kTruncated);
    return InParts("vector", std::move(*vector), end, notes);
  }
  if (auto* matrix = std::get_if<promql::Matrix>(&result.value)) {
    if (Truncate(*matrix, limit)) notes.warnings.emplace_back(kTruncated);
    return InParts("matrix", std::move(*matrix), end, notes);
  }
  std::string data;
  if (const auto* scalar = std::get_if<promql::ScalarValue>(&result.value)) {
    data = "{\"resultType\":\"scalar\",\"result\":";
    AppendJsonPoint(scalar->time_millis, scalar->value, data);
  } else {
    ORA_ASSIGN_OR_RETURN(const absl::optional<int64_t> time, parameters_.TimeMillis("time"));
    data = "{\"resultType\":\"string\",\"result\":[";
    AppendJsonSeconds(time.value_or(sources_.clock.NowMillis()), data);
    data += ',';
    AppendJsonText(std::get<std::string>(result.value), data);
    data += ']';
  }
  absl::StrAppend(&data, statistics, "}");
  return Success(data, notes);
}

absl::StatusOr<HttpResponse> QueryAnswers::Instant() const {
  ORA_RETURN_IF_ERROR(parameters_.Limit("limit").status());
  ORA_ASSIGN_OR_RETURN(const absl::optional<int64_t> time, parameters_.TimeMillis("time"));
  ORA_ASSIGN_OR_RETURN(const promql::QueryContext context, Context());
  ORA_RETURN_IF_ERROR(CheckExpression(Form::kInstant));
  const absl::Duration start = sources_.clock.Monotonic();
  absl::StatusOr<promql::QueryResult> result = sources_.engine.Instant(
      parameters_.Get("query"), time.value_or(sources_.clock.NowMillis()), context);
  if (!result.ok()) return AsExecutionError(result.status());
  return Render(*std::move(result), start);
}

absl::StatusOr<HttpResponse> QueryAnswers::Range() const {
  ORA_RETURN_IF_ERROR(parameters_.Limit("limit").status());
  ORA_ASSIGN_OR_RETURN(const promql::QuerySteps steps, Steps());
  ORA_ASSIGN_OR_RETURN(const promql::QueryContext context, Context());
  ORA_RETURN_IF_ERROR(CheckExpression(Form::kRange));
  const absl::Duration start = sources_.clock.Monotonic();
  absl::StatusOr<promql::QueryResult> result =
      sources_.engine.Range(parameters_.Get("query"), steps, context);
  if (!result.ok()) return AsExecutionError(result.status());
  return Render(*std::move(result), start);
}

absl::StatusOr<HttpResponse> QueryAnswers::Exemplars() const {
  ORA_ASSIGN_OR_RETURN(const absl::optional<int64_t> start, parameters_.TimeMillis("start"));
  ORA_ASSIGN_OR_RETURN(const absl::optional<int64_t> end, parameters_.TimeMillis("end"));
  if (start.has_value() && end.has_value() && *end < *start) {
    return absl::InvalidArgumentError("end timestamp must not be before start timestamp");
  }
  ORA_RETURN_IF_ERROR(CheckExpression(Form::kInstant));
  return Success("[]");
}

}  // namespace ora::aggregator
