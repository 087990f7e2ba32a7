// `series`, `labels`, `label/NAME/values` and `metadata` of Prometheus's API.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "aggregator/http/http_server.h"
#include "aggregator/http/parameters.h"
#include "storage/series_reader.h"

namespace ora::aggregator {

// For one request. Errors are those of envelope.h's Failure. `start` and `end` choose series only;
// labels and values are those of all times that are kept.
class SeriesAnswers {
 public:
  // `check_alive` as in promql::QueryContext; more than `series_max` series are an error.
  SeriesAnswers(storage::SeriesReader& reader, uint64_t series_max, const Parameters& parameters,
                std::function<absl::Status()> check_alive)
      : reader_(reader),
        series_max_(series_max),
        parameters_(parameters),
        check_alive_(std::move(check_alive)) {}

  absl::StatusOr<HttpResponse> Series() const;
  absl::StatusOr<HttpResponse> LabelNames() const;
  absl::StatusOr<HttpResponse> LabelValues(const std::string& label) const;
  absl::StatusOr<HttpResponse> Metadata() const;

 private:
  storage::SeriesReader& reader_;
  const uint64_t series_max_;
  const Parameters& parameters_;
  const std::function<absl::Status()> check_alive_;
};

}  // namespace ora::aggregator
