// What the sample rules made of one log's lines.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "collector/classify/samples/sample_rules.h"
#include "collector/classify/samples/series_slot.h"
#include "collector/series/sample_sink.h"
#include "ora/state/v1/collector_state.pb.h"

namespace ora::collector {

// How a series that is made now began: with the log, or within what is known of it.
enum class SampleBirth { kBaseline, kWithin };

// One thread. `rules` must outlive it.
class LogSamples {
 public:
  explicit LogSamples(SampleRules& rules) : rules_(rules) {}
  ~LogSamples();
  LogSamples(const LogSamples&) = delete;
  LogSamples& operator=(const LogSamples&) = delete;

  // Counts the next line of the text that the rules scanned last.
  void TakeLine(const SampleFacts& facts, SampleBirth birth);

  // What was made durable before; series whose rule is gone, or counts by other buckets, are left.
  void Restore(const state::v1::LogAccountState& state);
  void Serialize(state::v1::LogAccountState& state) const;

  // Tells each series, with `labels` of the log and its own.
  void EmitTo(SampleSink& sink, absl::Span<const LabelPair> labels);

  // True if some series was told since the last call. What was told is durable.
  bool Commit();

 private:
  struct Series {
    SampleLabels labels;
    double sum = 0;
    std::vector<uint64_t> buckets;  // One more than the bounds.
    std::vector<SeriesSlot> slots;
    bool overflow = false;  // Not one of its rule's count.
  };
  using Key = std::pair<int, SampleLabels>;  // The rule's number.

  Series& SeriesOf(int rule, SampleLabels labels, SampleBirth birth);
  Series& Make(int rule, const SampleLabels& labels, SampleBirth birth);
  void Emit(int rule, Series& series, SampleSink& sink, absl::Span<const LabelPair> labels);

  SampleRules& rules_;
  std::map<Key, Series> series_;
};

}  // namespace ora::collector
