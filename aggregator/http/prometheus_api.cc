#include "aggregator/http/prometheus_api.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "aggregator/http/envelope.h"
#include "aggregator/http/json_text.h"
#include "aggregator/http/rule_answers.h"
#include "aggregator/http/series_answers.h"
#include "aggregator/promql/parser/parser.h"
#include "aggregator/promql/parser/printer.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr absl::string_view kApi = "/api/v1/";

HttpResponse Plain(int status, absl::string_view text) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = absl::StrCat(text, "\n");
  return response;
}

absl::StatusOr<HttpResponse> FormattedQuery(const Parameters& parameters) {
  const absl::StatusOr<promql::ExprPtr> parsed = promql::ParseExpression(parameters.Get("query"));
  if (!parsed.ok()) {
    return InvalidParameter("query",
                            {parsed.status().message().data(), parsed.status().message().size()});
  }
  std::string data;
  AppendJsonText(promql::Print(**parsed), data);
  return Success(data);
}

// NAME of `label/NAME/values`; nothing where the path is another.
absl::optional<absl::string_view> LabelOfPath(absl::string_view path) {
  if (!absl::ConsumePrefix(&path, "label/") || !absl::ConsumeSuffix(&path, "/values") ||
      path.empty() || absl::StrContains(path, "/")) {
    return absl::nullopt;
  }
  return path;
}

bool TakesForms(absl::string_view path) {
  return path == "query" || path == "query_range" || path == "query_exemplars" ||
         path == "series" || path == "labels" || LabelOfPath(path).has_value();
}

}  // namespace

HttpResponse PrometheusApi::Answer(const HttpRequest& request, const ConnectedFn& connected) const {
  absl::string_view path = request.path;
  if (path == "/-/healthy") return Plain(200, "Ora is healthy.");
  if (path == "/-/ready") {
    return connected().code() == absl::StatusCode::kUnavailable ? Plain(503, "Ora is stopping.")
                                                                : Plain(200, "Ora is ready.");
  }
  if (!absl::ConsumePrefix(&path, kApi)) return Plain(404, "404 page not found");
  absl::StatusOr<HttpResponse> answer = AnswerApi(request, path, connected);
  if (!answer.ok()) return Failure(answer.status());
  return *std::move(answer);
}

absl::StatusOr<HttpResponse> PrometheusApi::AnswerApi(const HttpRequest& request,
                                                      absl::string_view path,
                                                      const ConnectedFn& connected) const {
  const Parameters parameters(request.parameters);
  if (path == "format_query") return FormattedQuery(parameters);
  // The others only tell: a form changes nothing, and Prometheus takes none.
  if (request.method == HttpMethod::kPost && !TakesForms(path)) {
    return Plain(405, "Method Not Allowed");
  }
  if (IsQuery(request.path)) return AnswerQuery(request, path, connected);
  if (path == "rules") return RulesAnswer(sources_.rules(), parameters);
  if (path == "alerts") return AlertsAnswer(sources_.rules());
  if (path == "status/buildinfo") return BuildInfo();
  return Plain(404, "404 page not found");
}

absl::StatusOr<HttpResponse> PrometheusApi::AnswerQuery(const HttpRequest& request,
                                                        absl::string_view path,
                                                        const ConnectedFn& connected) const {
  const QuerySources& sources = sources_.queries;
  const absl::StatusOr<QuerySlots::Slot> slot =
      sources.slots.Enter(request.client, sources.slot_wait);
  if (!slot.ok()) {
    return absl::DeadlineExceededError(
        absl::StrCat("query timed out in query queue: ", slot.status().message()));
  }
  const Parameters parameters(request.parameters);
  const QueryAnswers queries(sources, parameters, connected);
  if (path == "query") return queries.Instant();
  if (path == "query_range") return queries.Range();
  if (path == "query_exemplars") return queries.Exemplars();
  const SeriesAnswers series(sources_.reader, sources.limits.series_max, parameters,
                             AliveFor(sources.timeout, sources.clock, connected));
  if (path == "series") return series.Series();
  if (path == "labels") return series.LabelNames();
  if (path == "metadata") return series.Metadata();
  ORA_ASSIGN_OR_RETURN(const std::string label, DecodePercent(*LabelOfPath(path), Plus::kIsItself));
  return series.LabelValues(label);
}

bool PrometheusApi::IsQuery(absl::string_view path) {
  return absl::ConsumePrefix(&path, kApi) && (TakesForms(path) || path == "metadata");
}

HttpResponse PrometheusApi::BuildInfo() const {
  std::string data = absl::StrCat("{\"version\":\"", kPrometheusVersion, "\",\"revision\":");
  AppendJsonText(absl::StrCat("ora-", sources_.version), data);
  data += ",\"branch\":\"ora\",\"buildUser\":\"\",\"buildDate\":\"\",\"goVersion\":\"\"}";
  return Success(data);
}

}  // namespace ora::aggregator
