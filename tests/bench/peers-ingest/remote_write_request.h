// The message of Prometheus's remote write: what its peers take samples by.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "storage/sample.h"
#include "tests/bench/workload/w1.h"

namespace ora::bench {

// Builds one request, series by series. Its bytes are those of a protobuf message:
//   message WriteRequest { repeated TimeSeries timeseries = 1; }
//   message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
//   message Label { string name = 1; string value = 2; }
//   message Sample { double value = 1; int64 timestamp = 2; }
// A series' labels are the same in every request, so they are encoded once.
class RemoteWriteRequest {
 public:
  // The fields `labels` of a TimeSeries.
  static std::string EncodeLabels(const std::vector<W1Label>& labels);

  // Adds a series with one sample or more; `labels` as EncodeLabels gave them.
  void Add(absl::string_view labels, absl::Span<const storage::Sample> samples);

  // The request as it is sent: in snappy's block form. Begins anew.
  std::string TakeCompressed();

 private:
  std::string bytes_;
};

}  // namespace ora::bench
