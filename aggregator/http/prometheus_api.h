// Prometheus's HTTP read API: which path asks for what.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "aggregator/http/http_server.h"
#include "aggregator/http/query_answers.h"
#include "aggregator/rules/rule_status.h"
#include "storage/series_reader.h"

namespace ora::aggregator {

// The version of Prometheus whose language and API this is: clients choose what they ask by it.
inline constexpr char kPrometheusVersion[] = "3.5.0";

// What the API answers from; the references outlive it.
struct PrometheusApiSources {
  QuerySources queries;
  storage::SeriesReader& reader;
  std::function<std::vector<RuleGroupStatus>()> rules;
  std::string version;  // Ora's own.
};

// Thread-safe. The paths are listed in README.md; any other is 404.
class PrometheusApi {
 public:
  explicit PrometheusApi(PrometheusApiSources sources) : sources_(std::move(sources)) {}

  // What reads samples or series needs a slot: where none is free for a while, it is 503.
  HttpResponse Answer(const HttpRequest& request, const ConnectedFn& connected) const;

  // Whether a path reads samples or series, which may take long.
  static bool IsQuery(absl::string_view path);

 private:
  absl::StatusOr<HttpResponse> AnswerQuery(const HttpRequest& request, absl::string_view path,
                                           const ConnectedFn& connected) const;
  absl::StatusOr<HttpResponse> AnswerApi(const HttpRequest& request, absl::string_view path,
                                         const ConnectedFn& connected) const;
  HttpResponse BuildInfo() const;

  const PrometheusApiSources sources_;
};

}  // namespace ora::aggregator
