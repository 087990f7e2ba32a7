// Which series, label names and label values there are, a page at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ora/v1/query_service.pb.h"
#include "storage/series_reader.h"

namespace ora::aggregator {

// For one request, which is validated. Selectors that do not parse are INVALID_ARGUMENT and named.
class SeriesListing {
 public:
  // `reader` must outlive the listing.
  SeriesListing(storage::SeriesReader& reader, uint64_t series_max,
                std::function<absl::Status()> check_alive)
      : reader_(reader), series_max_(series_max), check_alive_(std::move(check_alive)) {}

  absl::StatusOr<v1::ListSeriesResponse> List(const v1::ListSeriesRequest& request);
  absl::StatusOr<v1::ListLabelNamesResponse> ListNames(const v1::ListLabelNamesRequest& request);
  absl::StatusOr<v1::ListLabelValuesResponse> ListValues(const v1::ListLabelValuesRequest& request);

 private:
  // The first `series_max` series after `after` that one selector matches.
  absl::StatusOr<std::vector<storage::Labels>> Select(const v1::ListSeriesRequest& request,
                                                      const std::vector<storage::Matcher>& matchers,
                                                      const storage::Labels& after,
                                                      size_t count_max);

  storage::SeriesReader& reader_;
  const uint64_t series_max_;
  const std::function<absl::Status()> check_alive_;
};

}  // namespace ora::aggregator
