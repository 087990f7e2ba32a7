// The configuration's sample rules, compiled: which lines they match, and what these tell.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "collector/classify/samples/relabeling.h"
#include "collector/series/sample_sink.h"
#include "google/protobuf/repeated_field.h"
#include "ora/config/v1/collector_config.pb.h"

namespace ora::collector {

// What one line adds to a series of a rule.
struct RuleSample {
  SampleLabels labels;
  double value = 1;
};

// A rule's metric, and how many series it has on this host.
struct SampleMetric {
  std::string name;
  config::v1::SampleKind kind = config::v1::SAMPLE_KIND_COUNTER;
  std::vector<double> buckets;
  size_t series_max = 0;

  size_t series = 0;
  uint64_t overflows = 0;  // Lines that were counted as "other".
  uint64_t unread = 0;     // Lines whose value was no number.
};

// One thread. Of each text it is first told (Scan), then asked of its lines one after the other: so
// all rules' words are looked for at once, and a regex runs only on lines that have its words.
class SampleRules {
 public:
  // INVALID_ARGUMENT names a rule that passes its limit; otherwise `rules` have been checked
  // (proto/contract). `buckets_default` is for histograms without bounds of their own.
  static absl::StatusOr<std::unique_ptr<SampleRules>> Make(
      const google::protobuf::RepeatedPtrField<config::v1::SampleRule>& rules,
      absl::Span<const double> buckets_default);
  ~SampleRules();

  bool empty() const { return metrics_.empty(); }
  std::vector<SampleMetric>& metrics() { return metrics_; }

  // `text` is whole lines; valid until the last of them was asked for.
  void Scan(absl::string_view text);

  // The rules, by number, that may match `line`: the next line of the scanned text. Valid until the
  // next call.
  const std::vector<int>& Candidates(absl::string_view line);

  // What rule `rule` makes of the line; none if it does not match, or drops it.
  absl::optional<RuleSample> Match(int rule, const SampleFacts& facts);

  // What rules could not count, as series of the collector's own.
  void EmitTo(SampleSink& sink);

 private:
  struct Rule;
  class WordSearch;
  struct Lost {
    SeriesId unread = 0;
    SeriesId overflows = 0;
  };

  SampleRules();

  std::vector<std::unique_ptr<Rule>> rules_;
  std::vector<SampleMetric> metrics_;
  std::vector<Lost> lost_;
  std::unique_ptr<WordSearch> words_;
  std::vector<int> candidates_;
};

}  // namespace ora::collector
